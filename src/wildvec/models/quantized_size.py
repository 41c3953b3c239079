"""The size of a quantised classifier. In: a trained TextClassifier and a number of bytes. Out: how many rows fit.

The size is that of fastText's .ftz file: a header, the words and labels, the numbers of the buckets that are kept,
codes and codebooks. The order of rows is that of `quantizing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wildvec.models.quantizing import rows_by_length
from wildvec.quantize.product import CENTROIDS

if TYPE_CHECKING:
    from wildvec.models.text_classifier import TextClassifier

HEADER = 8 + 56 + 28  # magic number and version, settings, sizes of the dictionary
ENTRY = 1 + 8 + 1  # of a word or label: the byte that ends it, its count and its type
BUCKET = 8  # of a bucket that is kept
CODEBOOK = 16  # sizes
CODES = 1 + 8 + 8 + 4  # whether there are norms, sizes
MATRIX = 1 + 8 + 8  # whether it is quantised, sizes


def largest_cutoff(model: TextClassifier, max_bytes: int, dsub: int = 2, qout: bool = False) -> int:
    """Return the largest number of rows with which the quantised model has at most so many bytes; 0 if none has.

    The lengths of rows are quantised too (qnorm=True).
    """
    kept = rows_by_length(model)
    n_words = len(model.vocab)
    sizes = np.full(len(kept), BUCKET, np.int64)
    sizes[:n_words] = [len(word.encode()) + ENTRY for word in model.words]
    per_row = -(-model.vector_size // dsub) + 1
    totals = _fixed_bytes(model, qout) + np.cumsum(sizes[kept] + per_row)
    return int(np.searchsorted(totals, max_bytes, side="right"))


def _fixed_bytes(model: TextClassifier, qout: bool) -> int:
    """Return the bytes of all but the words and the rows of features."""
    labels = sum(
        len(f"{model.label_prefix}{label}".encode("utf-8", "surrogateescape")) + ENTRY
        for label in model.labels
    )
    books = CODEBOOK + 4 * CENTROIDS * model.vector_size + CODEBOOK + 4 * CENTROIDS
    n, dim = len(model.labels), model.vector_size
    output = MATRIX + 4 * n * dim
    if qout:
        output = 1 + CODES + n * (-(-dim // 2) + 1) + books
    return HEADER + labels + 1 + CODES + books + output
