"""gensim.models._fasttext_bin: names of gensim's reader of Facebook's files."""

from __future__ import annotations

import logging
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

logger = logging.getLogger(__name__)


def _load_vocab(fin: BinaryIO, new_format: bool, encoding: str = "utf-8") -> tuple[dict[str, int], int, int, int]:
    """Return the words and counts of a dictionary, its size, the number of labels and of tokens."""
    size, _, n_labels, n_tokens = struct.unpack("=3iq", fin.read(20))
    if n_labels > 0:
        raise NotImplementedError("Supervised fastText models are not supported")
    n_pruned = struct.unpack("=q", fin.read(8))[0] if new_format else 0
    vocab: dict[str, int] = {}
    for _ in range(size):
        raw = bytearray()
        while (byte := fin.read(1)) != b"\0":
            raw += byte
        word = bytes(raw).decode(encoding, "backslashreplace")
        vocab[word], _ = struct.unpack("=qb", fin.read(9))
    fin.read(8 * max(0, n_pruned))
    return vocab, size, n_labels, n_tokens


def _fromfile(fin: BinaryIO, dtype: DTypeLike, count: int) -> NDArray[Any]:
    """Return `count` values of an open file, plain or compressed."""
    return np.frombuffer(fin.read(np.dtype(dtype).itemsize * count), dtype)
