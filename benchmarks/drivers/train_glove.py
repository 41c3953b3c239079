"""Train with the GloVe programs of Stanford. In: JSON settings, $GLOVE_BUILD has the programs. Out: word2vec binary.

Vectors are word + context vectors, as its demo writes them. Setting `iterations`: run so many instead of `epochs`;
times are extrapolated to all epochs (each iteration does the same work), the vectors are those after `iterations`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

settings = json.loads(sys.argv[1])
programs = Path(os.environ["GLOVE_BUILD"])


def run(
    name: str, stdin: str | None = None, stdout: str | None = None, **options: object
) -> tuple[float, float]:
    """Run a program with -name value options. Returns its seconds and its CPU seconds."""
    arguments = [text for key, value in options.items() for text in (f"-{key.replace('_', '-')}", str(value))]
    started, usage = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(stdin or os.devnull, "rb") as source, open(stdout or os.devnull, "wb") as target:
        subprocess.run([programs / name, *arguments], stdin=source, stdout=target, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    return time.perf_counter() - started, cpu


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)  # the programs write temporary files
    counting = [
        run("vocab_count", settings["corpus"], "vocab", min_count=settings["min_count"], verbose=0),
        run(
            *("cooccur", settings["corpus"], "cells"),
            memory=4.0, vocab_file="vocab", verbose=0, window_size=settings["window"],
        ),
        run("shuffle", "cells", "shuffled", memory=4.0, verbose=0, seed=settings["seed"]),
    ]  # fmt: skip
    iterations = settings.get("iterations", settings["epochs"])
    training = run(
        "glove",
        save_file="vectors",
        input_file="shuffled",
        vocab_file="vocab",
        threads=settings["workers"],
        x_max=settings["x_max"],
        iter=iterations,
        vector_size=settings["vector_size"],
        eta=settings["alpha"],
        binary=0,
        write_header=1,
        seed=settings["seed"],
        verbose=0,
    )
    with open("vectors.txt", encoding="utf-8") as text, open(settings["output"], "wb") as file:
        n_words, _ = map(int, text.readline().split())
        file.write(f"{n_words} {settings['vector_size']}\n".encode())
        for line in text:
            word, *values = line.split()
            file.write(f"{word} ".encode() + np.array(values, np.float32).tobytes() + b"\n")

scale = settings["epochs"] / iterations
count_seconds, count_cpu = (sum(times) for times in zip(*counting, strict=True))
train_seconds, train_cpu = (scale * time for time in training)
figures = {
    "version": "",
    "scan_seconds": count_seconds,
    "train_seconds": train_seconds,
    "whole_seconds": count_seconds + train_seconds,
    "cpu_seconds": count_cpu + train_cpu,
    "cpu_of_counting": count_cpu,
    "peak_anonymous_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1.024e-3,  # of one program
    "words": n_words,
}
print(json.dumps(figures))
