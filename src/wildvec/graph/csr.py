"""Compressed rows (CSR). In: entries as arrays of rows, columns and weights. Out: rows with rising columns.

A counting sort on all workers, then a sort within each row (csrc/graph/csr.c). The peak of memory is the result
itself, beside the arrays that are given. The result has the same bits for any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wildvec._graph import MAX_PARTS, CsrBuilder
from wildvec.base.progress import progress_bar
from wildvec.base.threads import StopEvent, in_order

PIECE_ENTRIES = 1 << 20  # entries that one call counts or places: about 20 ms
UNIT_ENTRIES = 1 << 19  # entries of the rows that one call sorts: about 20 ms
HUGE_UNIT = 1 << 22  # entries of a unit (one row) whose sort takes longer than a call should

Csr = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32] | None]


def build_csr(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32] | None,
    n_rows: int,
    n_columns: int,
    symmetric: bool = False,
    workers: int = 1,
) -> Csr:
    """Return offsets int64 (n_rows + 1,), columns int32 (m,) and weights float32 (m,) or None.

    rows, columns: int32 (n,) in 0 … n_rows - 1 and 0 … n_columns - 1. weights: float32 (n,); None: none. Entries at
    the same place are one: their weights are added, in the order of the entries. symmetric: an entry (i, j) also
    stands at (j, i), with the diagonal once.
    ValueError: a row or column does not exist, or the lengths differ. KeyboardInterrupt: Ctrl-C stops within 0.1 s.

    >>> ids = np.array([1, 0, 1], np.int32), np.array([0, 2, 0], np.int32)
    >>> build_csr(*ids, np.array([1, 2, 3], np.float32), 2, 3)
    (array([0, 1, 2]), array([2, 0], dtype=int32), array([2., 4.], dtype=float32))
    """
    n_parts = _number_of_parts(workers)
    builder = CsrBuilder(rows, columns, weights, n_rows, n_columns, symmetric, n_parts)
    with progress_bar(3 * len(rows) * n_parts, "sorting edges", " edges") as bar:
        work = _Work(builder, workers, bar.update)
        work.run(work.in_pieces(builder.count), range(n_parts))
        builder.allocate()
        work.run(work.in_pieces(builder.place), range(n_parts))
        bounds = builder.plan(UNIT_ENTRIES)
        begins = builder.offsets[bounds]
        kept = work.sort(np.diff(begins))
    return _close_gaps(builder, bounds, begins, kept)


def sums_of_rows(offsets: NDArray[np.int64], weights: NDArray[np.float32] | None) -> NDArray[np.float64]:
    """Return the sum of the weights of each row, float64 (rows,); None: all weights are 1.

    >>> sums_of_rows(np.array([0, 2, 2]), np.array([1, 0.5], np.float32))
    array([1.5, 0. ])
    """
    if weights is None:
        return np.diff(offsets).astype(np.float64)
    sums, filled = np.zeros(len(offsets) - 1), np.flatnonzero(np.diff(offsets))
    if len(filled):
        sums[filled] = np.add.reduceat(weights, offsets[filled], dtype=np.float64)
    return sums


class _Work:
    """The threads of a build."""

    def __init__(self, builder: CsrBuilder, workers: int, advance: Callable[[int], None]) -> None:
        self.builder, self.workers, self.advance = builder, workers, advance
        self.stop = StopEvent(builder)

    def in_pieces(self, method: Callable[[int, int], int]) -> Callable[[int], int]:
        """Return a step that calls a method for a part until nothing is left."""

        def step(part: int) -> int:
            left = 1
            while left and not self.stop.is_set():
                left = method(part, PIECE_ENTRIES)
            return left

        return step

    def run(self, step: Callable[[int], int], items: Iterable[int], workers: int | None = None) -> list[int]:
        """Return the results of a step for all items."""
        self.stop.clear()
        with closing(in_order([step] * (workers or self.workers), items, self.stop)) as results:
            return list(results)

    def sort(self, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sort all units, and return how many entries each keeps."""
        kept = np.zeros(len(sizes), np.int64)
        # With one worker the main thread only waits, so that Ctrl-C stops the sort of a huge row.
        for units, workers in ((sizes <= HUGE_UNIT, self.workers), (sizes > HUGE_UNIT, 1)):
            chosen = np.flatnonzero(units)
            kept[chosen] = self.run(self.builder.sort, chosen.tolist(), workers)
        return kept


def _number_of_parts(workers: int) -> int:
    """Return a power of two: the number of workers, or twice as many at least, so that all work for most of the time.

    >>> [_number_of_parts(workers) for workers in (1, 2, 3, 8)]
    [1, 2, 8, 8]
    """
    power = 1 << (workers - 1).bit_length()
    return min(power if power == workers else 2 * power, MAX_PARTS)


def _close_gaps(
    builder: CsrBuilder, bounds: list[int], begins: NDArray[np.int64], kept: NDArray[np.int64]
) -> Csr:
    """Move the entries of all units together."""
    columns, weights = builder.take()
    offsets, n = builder.offsets, int(kept.sum())
    if n == len(columns):
        return offsets, columns, weights
    ends = np.cumsum(kept)
    for unit, (first, last) in enumerate(pairwise(bounds)):
        shift = int(begins[unit] - (ends[unit] - kept[unit]))
        if shift:
            offsets[first + 1 : last + 1] -= shift
            _move_left(columns, int(begins[unit]), int(kept[unit]), shift)
            if weights is not None:
                _move_left(weights, int(begins[unit]), int(kept[unit]), shift)
    for array in (columns, weights):
        if array is not None:
            array.resize(n, refcheck=False)
    return offsets, columns, weights


def _move_left(array: NDArray[np.int32] | NDArray[np.float32], begin: int, n: int, shift: int) -> None:
    for i in range(begin, begin + n, PIECE_ENTRIES):  # numpy copies what overlaps: a piece of it
        piece = array[i : min(i + PIECE_ENTRIES, begin + n)]
        array[i - shift : i - shift + len(piece)] = piece
