"""The Word Mover's Distance (Kusner et al., 2015): how far the words of a document move to become another document.

In: two lists of keys, and a function that returns the vectors of keys. Out: a distance. The transport problem is solved
by POT (Flamary et al., 2021), which is an extra.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key

logger = logging.getLogger(__name__)

Floats = NDArray[np.float64]


def import_ot() -> Any:
    """Return the module ot of POT; ImportError with the name of the extra if it is not installed."""
    try:
        import ot
    except ImportError as error:
        raise ImportError("wmdistance needs POT: pip install 'wildvec[wmd]'") from error
    return ot


def distance(first: list[Key], second: list[Key], vectors_of: Callable[[list[Key]], Floats]) -> float:
    """Return the distance of two documents; inf if one of them is empty.

    vectors_of: returns the vectors (n, dim) of n keys.
    """
    ot = import_ot()
    if not first or not second:
        logger.warning("a document without known words: its distance is inf")
        return math.inf
    a, b = Counter(first), Counter(second)
    costs = euclidean_distances(vectors_of(list(a)), vectors_of(list(b)))
    place = {key: column for column, key in enumerate(b)}
    for row, key in enumerate(a):
        if key in place:
            costs[row, place[key]] = 0  # exactly, also where the sum above is rounded
    if not costs.any():
        return 0.0
    return float(ot.emd2(_fractions(a), _fractions(b), costs))


def _fractions(counts: Counter[Key]) -> Floats:
    values = np.array(list(counts.values()), np.float64)
    return np.asarray(values / values.sum())


def euclidean_distances(a: Floats, b: Floats) -> Floats:
    """Return the distance of each row of a (n, dim) to each row of b (m, dim), as (n, m).

    >>> euclidean_distances(np.zeros((1, 2)), np.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [[5.0, 1.0]]
    """
    squares = np.einsum("ij,ij->i", a, a)[:, None] + np.einsum("ij,ij->i", b, b) - 2 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squares, 0)))
