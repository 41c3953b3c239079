"""Vectors of rare words, known or not. In: pairs of words, a model with n-grams. Out: word2vec binary."""

from pathlib import Path
from typing import Any

import numpy as np


def write_words(pairs: str, output: str, vectors: Any) -> None:
    """Write the vector of each word of a file of pairs (TSV) to `output` with the suffix ".words"."""
    lines = Path(pairs).read_text(encoding="utf-8").splitlines()
    words = sorted({word.lower() for line in lines for word in line.split("\t")[:2]})
    rows = [np.asarray(vectors[word], np.float32) for word in words]
    with Path(output).with_suffix(".words").open("wb") as file:
        file.write(f"{len(words)} {len(rows[0])}\n".encode())
        for word, row in zip(words, rows, strict=True):
            file.write(f"{word} ".encode() + row.tobytes() + b"\n")
