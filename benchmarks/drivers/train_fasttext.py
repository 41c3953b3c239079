"""Train word vectors with fastText; with n-grams if the settings have min_n.

In: JSON settings in argv[1]. Out: word2vec binary, JSON figures.

fastText has one call for scan and training. The scan ends when it prints the number of words to standard error. Its
Python package has no option for the seed.
"""

import json
import os
import sys
import threading
import time
from importlib.metadata import packages_distributions, version

import fasttext
import numpy as np
from words import write_words

settings = json.loads(sys.argv[1])
scanned = 0.0


def watch_standard_error(pipe: int) -> None:
    """Note the time at which the scan ends. Pass everything on to the real standard error."""
    global scanned
    while text := os.read(pipe, 4096):
        os.write(standard_error, text)
        if b"Number of words" in text:
            scanned = time.perf_counter()


standard_error = os.dup(2)
reading_end, writing_end = os.pipe()
os.dup2(writing_end, 2)
threading.Thread(target=watch_standard_error, args=[reading_end], daemon=True).start()

started = time.perf_counter()
model = fasttext.train_unsupervised(
    settings["corpus"],
    model="skipgram" if settings["sg"] else "cbow",
    lr=settings["alpha"],
    dim=settings["vector_size"],
    ws=settings["window"],
    epoch=settings["epochs"],
    minCount=settings["min_count"],
    minn=settings.get("min_n", 0),
    maxn=settings.get("max_n", 0),
    bucket=settings.get("bucket", 2_000_000),
    neg=settings["negative"],
    loss="hs" if settings["hs"] else "ns",
    thread=settings["workers"],
    t=settings["sample"],
    verbose=2,
)
trained = time.perf_counter()
if "words" in settings:
    write_words(settings["words"], settings["output"], model)

words = [word for word in model.words if word != "</s>"]
with open(settings["output"], "wb") as file:
    file.write(f"{len(words)} {settings['vector_size']}\n".encode())
    for word in words:
        file.write(
            f"{word} ".encode() + np.asarray(model.get_word_vector(word), np.float32).tobytes() + b"\n"
        )

figures = {
    "version": version(packages_distributions()["fasttext"][0]),
    "scan_seconds": scanned - started,
    "train_seconds": trained - scanned,
    "words": len(words),
}
print(json.dumps(figures))
