"""Cells of a sparse matrix in the order in which GloVe trains them.

A chunk is one block of rows and one strip of neighbouring columns, whose rows stay in the L2 cache. Chunks of
different blocks and strips touch different rows. Strips are bounded by columns and by cells, so that the strip of the
most frequent columns does not hold most of the work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from wildvec._train import CellOrder, count_columns
from wildvec.base.pages import private_pages
from wildvec.base.progress import progress_bar
from wildvec.base.threads import in_order
from wildvec.training.conflicts import Division

STRIP_BYTES = 1 << 20  # of the columns of a strip: half of an L2 cache
CHUNK_CELLS = 50_000  # of a chunk, at least, on average
STRIPS, BLOCKS = 16, 32  # so many, if the matrix is large enough
PIECE_CELLS = 1 << 20  # that one call orders: about 20 ms

Rows = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]  # offsets, columns, values


def split_columns(counts: NDArray[np.int64], most_columns: int, most_cells: float) -> NDArray[np.int64]:
    """Return the column behind each strip. counts: cells of each column. A strip has one column at least.

    >>> split_columns(np.array([5, 5, 1, 1, 1, 1]), most_columns=3, most_cells=6).tolist()
    [1, 3, 6]
    """
    ends: list[int] = []
    before = np.concatenate([[0], np.cumsum(counts)])
    first = 0
    while first < len(counts):
        by_cells = int(np.searchsorted(before, before[first] + most_cells, side="right")) - 1
        first = min(max(first + 1, min(first + most_columns, by_cells)), len(counts))
        ends.append(first)
    return np.array(ends, np.int64)


class OrderedCells:
    """The cells of a matrix (offsets, columns rising in a row, values) in the order of training.

    width: floats of a row of the matrices. held_out: fraction of the cells, drawn at random. seed: of all draws. The
    result does not depend on the number of workers.

    Attributes:
        columns, values: Of each cell.
        unit_rows: The row of each unit: the cells of one row in one chunk.
        division: Chunks, their groups (block, strip) and the cells that are held out.

    KeyboardInterrupt: Ctrl-C stops the work within 0.1 s.
    """

    def __init__(self, rows: Rows, width: int, held_out: float, seed: int, workers: int) -> None:
        offsets, columns, values = rows
        n_rows, n_cells = len(offsets) - 1, int(offsets[-1])
        counts = np.zeros(n_rows, np.int64)
        for first in range(0, n_cells, PIECE_CELLS):
            count_columns(columns[first : min(first + PIECE_CELLS, n_cells)], counts)
        n_strips = int(np.clip(n_cells // CHUNK_CELLS, 1, STRIPS))
        strip_ends = split_columns(counts, max(1, STRIP_BYTES // (4 * width)), n_cells / n_strips)
        n_blocks = int(np.clip(n_cells // (CHUNK_CELLS * len(strip_ends)), 1, min(BLOCKS, n_rows)))
        blocks = np.linspace(0, n_rows, n_blocks + 1).astype(np.int64)
        draws = np.random.PCG64(seed).random_raw(n_rows + 1)
        mixed = np.argsort(draws[:-1], kind="stable").astype(np.int32)
        threshold = round(held_out * 2**32)
        order = CellOrder(
            offsets, columns, values, strip_ends, mixed, blocks, held_out=threshold, key=int(draws[-1])
        )
        self._order(order, n_blocks, n_cells, workers)
        self.columns, self.values, self.unit_rows = order.columns, order.values, order.unit_rows
        self.division = _divide(order)
        if held_out and not len(self.division.held_out):
            raise ValueError(f"held_out={held_out}: no cell was drawn; give a larger held_out, or more data")
        if not len(self.division.chunks):
            raise ValueError(
                f"held_out={held_out}: no cell is left to train on; give more data, or no held_out"
            )

    def _order(self, order: CellOrder, n_blocks: int, n_cells: int, workers: int) -> None:
        """Count the cells of each part, then write them."""
        with progress_bar(2 * n_cells, "ordering", " cells") as bar:
            _run_blocks(order.count, n_blocks, workers, lambda: bar.update(n_cells // n_blocks))
            n_units = int(order.n_units.sum())
            order.allocate(
                np.frombuffer(private_pages(4 * n_cells), np.int32),
                np.frombuffer(private_pages(4 * n_cells), np.float32),
                np.empty(n_units + 1, np.int64),
                np.empty(n_units, np.int32),
            )
            _run_blocks(order.order, n_blocks, workers, lambda: bar.update(n_cells // n_blocks))


def _run_blocks(
    step: Callable[[int, int], bool], n_blocks: int, workers: int, show: Callable[[], None]
) -> None:
    """Call a step for each block, in pieces until it is finished, on all workers."""
    stop = threading.Event()

    def run(block: int) -> None:
        while not stop.is_set() and not step(block, PIECE_CELLS):
            pass

    with closing(in_order([run] * workers, range(n_blocks), stop)) as blocks:
        for _ in blocks:
            show()


def _divide(order: CellOrder) -> Division:
    ends = np.cumsum(order.n_units).reshape(order.n_units.shape)
    chunks = np.stack([ends - order.n_units, ends], axis=-1)  # (blocks, strips + 1, 2)
    groups = np.moveaxis(np.indices(order.n_units.shape), 0, -1)
    is_trained = order.n_units > 0
    is_trained[:, -1] = False
    return Division(
        np.ascontiguousarray(chunks[is_trained]),
        groups[is_trained],
        np.ascontiguousarray(chunks[:, -1][order.n_units[:, -1] > 0]),
        order.unit_offsets,
    )
