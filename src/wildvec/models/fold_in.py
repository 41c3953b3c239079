"""Vectors of new users from their items, and of new items from their users, while all other rows stay.

Hu, Koren, Volinsky (2008), "Collaborative Filtering for Implicit Feedback Datasets": given the rows of all items, the
row of a user is the solution of a small least-squares problem.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
ROWS_AT_ONCE = 1024


def fold_in(
    rows: Floats, offsets: NDArray[np.int64], ids: NDArray[np.int32], weight: float, ridge: float
) -> Floats:
    """Return the row x for each list of ids that minimises the squared error.

    The error is

        Σ over the list (1 - r·x)² + weight · (mean over all rows r of (r·x)²) + ridge · |x|²

    rows: (n, dim), the rows of all items. offsets, ids: the lists. weight: how much the items count that are not in
    the list. Returns float32 (lists, dim); zeros for an empty list.
    """
    wide = rows.astype(np.float64)
    dim = wide.shape[1]
    base = wide.T @ wide * (weight / max(1, len(wide))) + ridge * np.eye(dim)
    out = np.zeros((len(offsets) - 1, dim), np.float32)
    for i in range(len(out)):
        own = wide[ids[offsets[i] : offsets[i + 1]]]
        if len(own):
            out[i] = np.linalg.solve(base + own.T @ own, own.sum(axis=0))
    return out
