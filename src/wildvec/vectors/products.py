"""Exact best rows of a matrix by dot product, with rows that are left out for each query.

In: queries, a matrix and lists of rows. Out: row numbers and scores. Kernels and threads are those of `search`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wildvec.vectors import search
from wildvec.vectors.search import Floats, Rows

Exclusions = tuple[NDArray[np.int64], NDArray[np.int32]]  # offsets (queries + 1,) and row numbers


def best_products(
    queries: Floats,
    matrix: Floats,
    k: int,
    *,
    exclude: Exclusions | None = None,
    rows: Rows | None = None,
    workers: int | None = None,
) -> tuple[Rows, Floats]:
    """Find the k rows of a matrix with the largest dot product with each query.

    A row with a NaN is never found. Of equal scores the lower row comes first. The result depends neither on the
    number of threads nor on the other queries.

    Args:
        queries: (queries, dim) of floats.
        matrix: (n, dim) of floats.
        k: Rows that are found for each query.
        exclude: Offsets and row numbers: the rows ids[offsets[q]:offsets[q + 1]], ascending, are left out for query q.
        rows: Search only these rows; None: all.
        workers: Threads, by default and at most the CPUs that this process may use.

    Returns:
        Row numbers int64 and scores float32, each (queries, min(k, rows searched)), best first. They end with -1 and
        NaN where fewer rows are found.

    >>> matrix = np.array([[1, 0], [3, 4], [0, 2]], np.float32)
    >>> found, scores = best_products(np.array([[1, 1]], np.float32), matrix, 2, exclude=([0, 1], [2]))
    >>> found.tolist(), scores.tolist()
    ([[1, 0]], [[7.0, 1.0]])
    """
    if rows is not None:
        chosen = np.unique(rows)
        found, scores = best_products(
            queries, matrix[chosen], k, exclude=_among(exclude, chosen), workers=workers
        )
        return np.where(found < 0, -1, chosen[found]) if len(chosen) else found, scores
    wide = np.asarray(matrix, np.float32)
    longest = float(np.sqrt(np.einsum("ij,ij->i", wide, wide).max(initial=0))) * 1.001
    if exclude is not None:
        exclude = np.asarray(exclude[0], np.int64), np.asarray(exclude[1], np.int32)
    return search.top_products(
        np.ascontiguousarray(queries, np.float32), wide, k, longest, exclude=exclude, workers=workers
    )


def _among(exclude: Exclusions | None, chosen: Rows) -> Exclusions | None:
    """Return exclusions with the places of rows among the chosen ones, which are ascending; others are dropped."""
    if exclude is None or not len(chosen):
        return None
    offsets, ids = exclude
    places = np.minimum(np.searchsorted(chosen, ids), len(chosen) - 1)
    kept = chosen[places] == ids
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept, dtype=np.int64)])
    return sums[offsets], places[kept].astype(np.int32)
