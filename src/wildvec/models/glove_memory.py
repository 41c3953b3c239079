"""How many pairs of words co-occur, and how many bytes counting and ordering them need.

In: counts of words, or the number of pairs if they were counted. Out: numbers for `GloVe.estimate_memory`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.threads import AHEAD
from wildvec.cooccurrence.counting import UNIT_CELLS
from wildvec.training.cells import STRIP_BYTES, STRIPS

STEPS_PER_OCTAVE = 16  # counts are rounded up to 16 values between two powers of 2: at most 4.5% more
BYTES_PER_CELL = 8  # a column and a value
BYTES_PER_UNIT = 40  # its row, and offsets with their copies


def zipf_counts(n_words: int, tokens: int) -> NDArray[np.float64]:
    """Return counts in proportion to 1 / rank, which sum up to `tokens`.

    >>> zipf_counts(3, 110).tolist()
    [60.0, 30.0, 20.0]
    """
    weights = 1 / np.arange(1, n_words + 1)
    return np.asarray(tokens * weights / max(1.0, weights.sum()))


def estimate_cells(counts: NDArray[Any], neighbours: int) -> int:
    """Return the expected number of distinct pairs if the words were in random order.

    It is above the number of a text, in which the same words follow each other more often than at random. neighbours:
    of a word, on both sides. Two words with the counts a and b, of T tokens, are `neighbours` · a · b / T pairs on
    average, and occur together at least once with the probability 1 - exp(-that). A row has at most as many pairs as
    its word has neighbours.

    >>> estimate_cells(np.array([50.0, 50.0]), 2)
    4
    """
    counts = counts[counts > 0]
    if not len(counts):
        return 0
    steps, n_words = np.unique(np.ceil(np.log2(counts) * STEPS_PER_OCTAVE), return_counts=True)
    rounded = 2 ** (steps / STEPS_PER_OCTAVE)
    of_a_row = -np.expm1(-neighbours * np.outer(rounded, rounded) / counts.sum()) @ n_words
    return int(np.ceil(n_words @ np.minimum(of_a_row, neighbours * rounded)))


def bytes_of_cells(n_cells: int, n_words: int, tokens: int, row_bytes: int, workers: int) -> int:
    """Return the peak of the bytes that counting, ordering and training need for cells.

    tokens: of the corpus that is counted; 0: the counts are given. row_bytes: of a row of a matrix.
    """
    n_strips = STRIPS + n_words * row_bytes // STRIP_BYTES + 2
    n_units = min(n_cells, n_words * n_strips)
    ordering = 2 * BYTES_PER_CELL * n_cells + BYTES_PER_UNIT * n_units
    pieces = (workers + AHEAD + 1) * BYTES_PER_CELL * max(UNIT_CELLS, n_words)
    counting = BYTES_PER_CELL * n_cells + 4 * tokens + tokens // 8 + pieces + 13 * workers * n_words
    return max(ordering, counting if tokens else 0) + 24 * n_words
