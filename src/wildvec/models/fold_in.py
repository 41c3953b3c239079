"""Vectors of new users from their items, and of new items from their users, while all other rows stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wildvec.base.rows import unit_rows

Floats = NDArray[np.float32]
STEPS, RATE, TEMPERATURE = 4, 0.5, 0.1
SCORES_AT_ONCE = 1 << 24


def fold_in(rows: Floats, offsets: NDArray[np.int64], ids: NDArray[np.int32], length: float) -> Floats:
    """Return a row of a given length for each list of ids, whose products with the rows of the list are high.

    The row begins with the direction of the mean of the list's rows. Then some gradient steps raise the mean over the
    list of log softmax(product / temperature), where the softmax is over all rows that are not in the list. The
    temperature is 0.1, times `length`, times the mean length of the rows.

    rows: (n, dim), for example of all items. offsets, ids: the lists. Returns float32 (lists, dim); zeros for an
    empty list.
    """
    out = np.zeros((len(offsets) - 1, rows.shape[1]), np.float32)
    scale = float(np.linalg.norm(rows, axis=1).mean()) or 1.0
    scaled = (rows / np.float32(scale)).astype(np.float32)
    step = max(1, SCORES_AT_ONCE // max(1, len(rows)))
    filled = np.flatnonzero(np.diff(offsets) > 0)
    for first in range(0, len(filled), step):
        part = filled[first : first + step]
        lists = [ids[offsets[i] : offsets[i + 1]] for i in part.tolist()]
        out[part] = _directions(scaled, lists) * np.float32(length)
    return out


def _directions(rows: Floats, lists: list[NDArray[np.int32]]) -> Floats:
    """Return a row of length 1 for each list. rows: of the mean length 1."""
    means: Floats = np.stack([rows[own].mean(axis=0) for own in lists]).astype(np.float32)
    found = unit_rows(means)
    for _ in range(STEPS):
        weights = found @ rows.T / np.float32(TEMPERATURE)
        weights -= weights.max(axis=1, keepdims=True)
        np.exp(weights, out=weights)
        for i, own in enumerate(lists):
            weights[i, own] = 0
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.float32(1e-30))
        gradient = means - weights @ rows
        gradient -= (gradient * found).sum(axis=1, keepdims=True) * found
        found = unit_rows((found + np.float32(RATE) * gradient).astype(np.float32, copy=False))
    return found
