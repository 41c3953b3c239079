"""Rows of a matrix. In: float32 rows. Out: rows of length 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORTEST = np.float32(1e-30)


def unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 rows divided by their lengths; rows of zeros stay zeros.

    >>> unit_rows(np.array([[3, 4], [0, 0]], np.float32)).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    units: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), SHORTEST)
    return units
