"""The vectors of words in a fastText model. In: a .bin or .ftz file. Out: words, matrix and counts."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from wildvec._text import FeatureTable
from wildvec.io import fasttext
from wildvec.io.fasttext import FastTextFile
from wildvec.io.options import ReadOptions
from wildvec.io.source import Source
from wildvec.quantize import QuantizedMatrix

logger = logging.getLogger(__name__)

BLOCK_WORDS = 2_000


def read(source: Source, options: ReadOptions) -> tuple[list[str], NDArray[np.float32], NDArray[np.int64]]:
    """Return words, their vectors (n, dim) and their counts of an open file; errors as for `fasttext.read`.

    The vector of a word is the mean of its row and the rows of its character n-grams, as in fastText.
    """
    file = fasttext.read_from(source)
    n = len(file.words) if options.limit is None else min(options.limit, len(file.words))
    words = [_decoded(source.path, word, options) for word in file.words[:n]]
    rows = word_vectors(file, n)
    first = {word: row for row, word in reversed(list(enumerate(words)))}
    if len(first) == n:
        return words, rows, file.word_counts[:n]
    logger.warning("%s: dropped %d rows whose keys occur in earlier rows", source.path, n - len(first))
    kept = np.array(sorted(first.values()))
    return [words[row] for row in kept.tolist()], rows[kept], file.word_counts[kept]


def _decoded(path: str, word: str, options: ReadOptions) -> str:
    if word.isascii():
        return word
    key = word.encode("utf-8", "surrogateescape")
    try:
        return key.decode(options.encoding, options.errors)
    except UnicodeDecodeError:
        raise ValueError(
            f"{path}: the word {key!r} is not {options.encoding}; give errors='replace' or 'ignore'"
        ) from None


def word_vectors(file: FastTextFile, n: int | None = None) -> NDArray[np.float32]:
    """Return the vectors of the first n words, float32 (n, dim); None: of all."""
    n = len(file.words) if n is None else n
    if not (file.settings.maxn and file.settings.bucket):
        return _rows(file, np.arange(n))
    words = [word.encode("utf-8", "surrogateescape") for word in file.words[:n]]
    vectors = np.zeros((n, file.settings.dim), np.float32)
    row_of = _row_of_feature(file)
    for first in range(0, n, BLOCK_WORDS):
        block = words[first : first + BLOCK_WORDS]
        features, offsets = _features(file, block, first)
        rows = row_of[features]
        starts = np.append(0, offsets[:-1])
        sums = np.add.reduceat(_rows(file, np.maximum(rows, 0)) * (rows >= 0)[:, None], starts)
        counts = np.add.reduceat((rows >= 0).astype(np.float32), starts)
        vectors[first : first + len(block)] = sums / counts[:, None]
    return vectors


def _features(
    file: FastTextFile, words: list[bytes], first: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the features of some words, the first of which is number `first`, and where those of each word end."""
    types = np.arange(len(words), dtype=np.int32)
    table = FeatureTable(
        b"".join(words),
        np.cumsum([len(word) for word in words], dtype=np.int64),
        types + np.int32(first),
        n_words=len(file.words),
        word_ngrams=1,
        min_n=file.settings.minn,
        max_n=file.settings.maxn,
        bucket=file.settings.bucket,
        binary=False,
    )
    features: tuple[NDArray[np.int32], NDArray[np.int64]] = table.of_lines(types, types + np.int32(1))
    return features


def _row_of_feature(file: FastTextFile) -> NDArray[np.int64]:
    """Return the row of each word and bucket, -1 for buckets that were pruned."""
    n_words = len(file.words)
    if file.kept_buckets is None:
        return np.arange(n_words + file.settings.bucket)
    rows = np.full(n_words + file.settings.bucket, -1, np.int64)
    rows[:n_words] = np.arange(n_words)
    rows[n_words + file.kept_buckets[:, 0]] = n_words + file.kept_buckets[:, 1]
    return rows


def _rows(file: FastTextFile, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
    matrix = file.input
    assert isinstance(matrix, (np.ndarray, QuantizedMatrix))  # of a file that was read
    return matrix.decode(numbers) if isinstance(matrix, QuantizedMatrix) else matrix[numbers]
