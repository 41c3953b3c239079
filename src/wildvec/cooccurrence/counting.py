"""Counting. In: a corpus and a window. Out: a sparse matrix, counted on all workers within a memory budget.

The positions of each word are collected once, then each row is counted by one thread, in the order of the corpus. So
the bits do not depend on the number of workers. If the positions of all words exceed the budget, the rows are counted
in several passes over the ids, each with the positions of some words: the same bits again, and nothing to merge.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wildvec._cooccur import Counter, Positions, Text
from wildvec.base.checks import checked, choice, whole
from wildvec.base.pages import Scratch
from wildvec.base.progress import progress_bar
from wildvec.base.threads import AHEAD, in_order
from wildvec.cooccurrence.cell_buffer import CellBuffer
from wildvec.cooccurrence.rows import Rows, split_rows
from wildvec.text.corpus import Corpus
from wildvec.text.id_buffer import available_memory

PIECE_TOKENS = 1 << 20  # tokens that one call scans: about 10 ms
PIECE_PAIRS = 2 << 20  # neighbours that one call counts: about 10 ms
UNIT_CELLS = 1 << 20  # cells that the rows of one unit have at most, if they are several
MIN_BUDGET = 1 << 20


@dataclass(frozen=True)
class Window:
    """Which neighbours are counted, and with which weight.

    size: tokens on each side. symmetric: False: only neighbours on the left. distance_weighting: a neighbour at
    distance d has the weight 1/d; False: 1.
    """

    size: int = 10
    symmetric: bool = True
    distance_weighting: bool = True

    def __post_init__(self) -> None:
        checked("window", self.size, whole(1, 1_000_000))
        checked("symmetric", self.symmetric, choice(False, True))
        checked("distance_weighting", self.distance_weighting, choice(False, True))


class _Unit(NamedTuple):
    """Rows that are counted by one thread."""

    positions: Positions
    first: int
    last: int


class _Piece(NamedTuple):
    """The cells of one unit. The arrays belong to the pools."""

    unit: _Unit
    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    n_cells: int
    row_ends: NDArray[np.int64]


def count_corpus(
    corpus: Corpus,
    window: Window,
    workers: int,
    max_memory: int | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> tuple[NDArray[np.int64], Rows]:
    """Return how often each word occurs, and the co-occurrences.

    The result is the same bits for any number of workers and any budget.
    max_memory: bytes for the work and the result, beyond the corpus; None: half of the memory that is available. A
    result that does not fit is in a mapped file, a temporary one without a name in `cache_dir`. The least that is
    needed is 12 bytes per word and worker, 1/8 byte per token, 4 bytes per occurrence of the most frequent word, and
    some buffers (8 MB per worker).
    KeyboardInterrupt: Ctrl-C stops the work within 0.1 s.
    """
    n_words = len(corpus.vocab)
    text = Text(np.ascontiguousarray(corpus.ids), corpus.offsets, n_words)
    while text.n_counted < len(corpus.ids):
        text.count(PIECE_TOKENS)
    budget = _Budget(max_memory, workers, len(corpus.ids), n_words)
    columns = CellBuffer(np.int32, budget.result_bytes // 2, cache_dir)
    values = CellBuffer(np.float32, budget.result_bytes // 2, cache_dir)
    row_ends = np.zeros(n_words + 1, np.int64)
    counting = _Counting(text, window, workers)
    with (
        closing(columns),
        closing(values),
        progress_bar(len(corpus.ids), "counting", " tokens") as bar,
        closing(in_order(counting.steps, counting.units(budget.position_bytes), counting.stop)) as pieces,
    ):
        for piece in pieces:
            row_ends[piece.unit.first + 1 : piece.unit.last + 1] = piece.row_ends + row_ends[piece.unit.first]
            columns.append(piece.columns[: piece.n_cells])
            values.append(piece.values[: piece.n_cells])
            counting.give_back(piece)
            bar.update(int(text.counts[piece.unit.first : piece.unit.last].sum()))
        del piece
        return text.counts, Rows(row_ends, columns.finish(), values.finish())


class _Budget:
    """How the memory is split: bytes for positions, bytes for the result in memory."""

    def __init__(self, max_memory: int | None, workers: int, n_tokens: int, n_words: int) -> None:
        if max_memory is None:
            free = available_memory() / 2
            max_memory = 1 << 40 if math.isinf(free) else int(free)
        dense = workers * (12 * n_words + n_words // 7)
        buffers = (workers + AHEAD + 1) * 8 * max(UNIT_CELLS, n_words)
        left = max(max_memory - dense - buffers - n_tokens // 8 - 24 * n_words, MIN_BUDGET)
        self.position_bytes = min(4 * n_tokens, max(left // 2, MIN_BUDGET))
        self.result_bytes = left - self.position_bytes


class _Counting:
    """The work of all threads: units of rows, one counter per thread, pools of arrays."""

    def __init__(self, text: Text, window: Window, workers: int) -> None:
        self.text = text
        self.stop = threading.Event()
        self.most_cells = np.minimum(text.counts * window.size * (1 + window.symmetric), len(text.counts))
        self.piece_positions = max(1, PIECE_PAIRS // (2 * window.size))
        self._columns, self._values = Scratch(np.int32), Scratch(np.float32)
        self.steps = [
            _Step(self, Counter(text, window.size, window.symmetric, window.distance_weighting))
            for _ in range(workers)
        ]

    def units(self, position_bytes: int) -> Iterator[_Unit]:
        """Yield units in the order of rows; collect positions when a unit needs those of the next words."""
        for first, last in split_rows(self.text.counts, position_bytes // 4):
            positions = Positions(self.text, first, last)
            while positions.n_collected < self.text.n_counted:
                positions.collect(PIECE_TOKENS)
            for begin, end in split_rows(self.most_cells[first:last], UNIT_CELLS):
                yield _Unit(positions, first + begin, first + end)

    def count(self, counter: Counter, unit: _Unit) -> _Piece:
        """Count the rows of one unit. It is interrupted between two calls when `stop` is set."""
        most = int(self.most_cells[unit.first : unit.last].sum()) + 1
        columns, values = self._columns.take(most), self._values.take(most)
        row_ends = np.empty(unit.last - unit.first, np.int64)
        counter.start(unit.positions, unit.first, unit.last, columns, values, row_ends)
        while not counter.run(self.piece_positions) and not self.stop.is_set():
            pass
        return _Piece(unit, columns, values, counter.n_cells, row_ends)

    def give_back(self, piece: _Piece) -> None:
        """Put the arrays of a piece back into the pools."""
        self._columns.give(piece.columns)
        self._values.give(piece.values)


class _Step:
    """The step of one worker."""

    def __init__(self, counting: _Counting, counter: Counter) -> None:
        self.counting = counting
        self.counter = counter

    def __call__(self, unit: _Unit) -> _Piece:
        return self.counting.count(self.counter, unit)
