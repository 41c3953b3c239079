"""Train with word2vec.c. In: JSON settings in argv[1], the program in $WORD2VEC. Out: word2vec binary, JSON figures.

Its scan ends shortly before it prints the first learning rate, after 10,000 words. It has no option for the seed.
"""

import json
import os
import re
import subprocess
import sys
import time

settings = json.loads(sys.argv[1])
options = {
    "train": settings["corpus"],
    "output": settings["output"],
    "binary": 1,
    "cbow": 1 - settings["sg"],
    "hs": settings["hs"],
    "size": settings["vector_size"],
    "window": settings["window"],
    "negative": settings["negative"],
    "sample": settings["sample"],
    "min-count": settings["min_count"],
    "alpha": settings["alpha"],
    "iter": settings["epochs"],
    "threads": settings["workers"],
}
command = [
    os.environ["WORD2VEC"],
    *(str(part) for name, value in options.items() for part in (f"-{name}", value)),
]

started = time.perf_counter()
scanned, text = None, b""
with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
    while piece := process.stdout.read1():
        text = (text + piece)[:4096]  # the vocabulary size is near the start
        if scanned is None and b"Alpha:" in text:
            scanned = time.perf_counter()
finished = time.perf_counter()  # word2vec.c also writes the vectors before it ends
if process.returncode or scanned is None:
    sys.exit(f"{command[0]} failed: {text.decode(errors='replace')}")

figures = {
    "version": "c",
    "scan_seconds": scanned - started,
    "train_seconds": finished - scanned,
    "words": int(re.search(rb"Vocab size: (\d+)", text)[1]),
}
print(json.dumps(figures))
