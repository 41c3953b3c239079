"""A sparse matrix of users × items. In: ids of users and items in any order. Out: rows with each pair once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wildvec.base.threads import default_workers
from wildvec.graph.csr import build_csr

Offsets = NDArray[np.int64]
Ids = NDArray[np.int32]
Weights = NDArray[np.float32]
Times = NDArray[np.float64]


def merge_pairs(
    users: Ids, items: Ids, weights: Weights | None, times: Times | None, n_users: int, n_items: int
) -> tuple[Offsets, Ids, Weights | None, Times | None]:
    """Return (offsets, item ids, weights, times) of the pairs by user and item.

    Weights of equal pairs are added; the latest time is kept. Pairs of weight 0 are dropped.
    """
    latest = None if times is None else _latest_times(users, items, times, n_items)
    offsets, ids, sums = build_csr(users, items, weights, n_users, n_items, workers=default_workers())
    if sums is not None and not (kept := sums > 0).all():
        places = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept, dtype=np.int64)])
        offsets, ids, sums = places[offsets], ids[kept], sums[kept]
        latest = None if latest is None else latest[kept]
    return offsets, ids, sums, latest


def _latest_times(users: Ids, items: Ids, times: Times, n_items: int) -> Times:
    """Return the latest time of each pair, by user and item."""
    cells = users.astype(np.int64) * max(1, n_items) + items
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
    return np.maximum.reduceat(times[order], starts) if len(starts) else np.empty(0)
