"""Rows of a matrix. In: float32 rows. Out: rows of length 1, or with a column of ones."""

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


def with_ones(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows with a 1 behind their values, so that products with other rows add the last value of these.

    >>> with_ones(np.zeros((1, 2), np.float32)).tolist()
    [[0.0, 0.0, 1.0]]
    """
    return np.column_stack([rows, np.ones(len(rows), np.float32)])
