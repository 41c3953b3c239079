"""R-MAT graphs (Chakrabarti, Zhan, Faloutsos 2004). In: sizes and a seed. Out: arrays of edges, or a file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

PIECE_EDGES = 1 << 20
CHANCES = (0.57, 0.19, 0.19, 0.05)  # of the quarters of the matrix, as in Graph500

Ids = NDArray[np.int32]


def rmat_edges(n_nodes: int, n_edges: int, seed: int = 1, shuffle: bool = True) -> tuple[Ids, Ids]:
    """Return sources and targets, int32 (n_edges,) each, in 0 … n_nodes - 1; some edges occur twice, some are loops.

    shuffle: Give the nodes random numbers, as Graph500 does; otherwise those with many edges have small numbers.
    """
    sources, targets = np.empty(n_edges, np.int32), np.empty(n_edges, np.int32)
    for start, (rows, columns) in zip(
        range(0, n_edges, PIECE_EDGES), _pieces(n_nodes, n_edges, seed), strict=True
    ):
        sources[start : start + len(rows)], targets[start : start + len(rows)] = rows, columns
    if shuffle:
        number = np.random.default_rng([seed, 0]).permutation(n_nodes).astype(np.int32)
        for ids in (sources, targets):
            for start in range(0, n_edges, PIECE_EDGES):
                ids[start : start + PIECE_EDGES] = number[ids[start : start + PIECE_EDGES]]
    return sources, targets


def _pieces(n_nodes: int, n_edges: int, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    levels = max(1, (n_nodes - 1).bit_length())
    a, b, c, _ = CHANCES
    for number, start in enumerate(range(0, n_edges, PIECE_EDGES)):
        rng = np.random.default_rng([seed, 1, number])
        n = min(PIECE_EDGES, n_edges - start)
        rows, columns = np.zeros(n, np.int64), np.zeros(n, np.int64)
        for _ in range(levels):
            draw = rng.random(n, np.float32)
            rows = rows << 1 | (draw >= a + b)
            columns = columns << 1 | ((draw >= a) & (draw < a + b) | (draw >= a + b + c))
        yield rows * n_nodes >> levels, columns * n_nodes >> levels
