"""A sparse matrix of users × items. In: ids of users and items in any order. Out: rows with each pair once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Weights = NDArray[np.float32]
Times = NDArray[np.float64]


def merge_pairs(
    users: Ids, items: Ids, weights: Weights | None, times: Times | None, n_users: int, n_items: int
) -> tuple[NDArray[np.int64], Ids, Weights | None, Times | None]:
    """Return (offsets, item ids, weights, times) of the pairs by user and item.

    Weights of equal pairs are added, in double precision; the latest time is kept. Pairs of weight 0 are dropped.
    """
    cells = users.astype(np.int64) * max(1, n_items) + items
    order = np.argsort(cells, kind="stable")
    cells = cells[order]
    starts = np.flatnonzero(np.diff(cells, prepend=-1))
    cells = cells[starts]
    sums = None
    latest = None
    if weights is not None:
        sums = np.add.reduceat(weights[order].astype(np.float64), starts) if len(starts) else np.empty(0)
    if times is not None:
        latest = np.maximum.reduceat(times[order], starts) if len(starts) else np.empty(0)
    if sums is not None and not (kept := sums > 0).all():
        cells, sums, latest = cells[kept], sums[kept], None if latest is None else latest[kept]
    rows, columns = np.divmod(cells, max(1, n_items))
    offsets = np.zeros(n_users + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=n_users), out=offsets[1:])
    return offsets, columns.astype(np.int32), None if sums is None else sums.astype(np.float32), latest
