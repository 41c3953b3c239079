"""Alias tables (Walker 1977), from which the C core draws ids by weight in constant time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wildvec._train import alias_table

AliasTable = NDArray[np.uint32]


def make_alias_table(weights: NDArray[np.float64]) -> AliasTable:
    """Return the alias table of weights (n,), uint32 (n, 2): id i is drawn with probability weights[i] / sum.

    ValueError: there is no weight, one is negative or not finite, or all are 0.

    >>> make_alias_table(np.ones(2)).shape
    (2, 2)
    """
    table = np.empty((len(weights), 2), np.uint32)
    alias_table(weights, table)
    return table
