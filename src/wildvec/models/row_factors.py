"""Factors of the changes of rows in training, gensim's `vectors_lockf`. In: vectors. Out: checked factors."""

from __future__ import annotations

import numpy as np

from wildvec.training.matrices import FloatRows
from wildvec.vectors.keyedvectors import KeyedVectors


def row_factors(vectors: KeyedVectors, name: str) -> FloatRows | None:
    """Return a copy of the factors of each row, float32 (rows,); None if all are 1.

    name: of the attribute of the model, for messages.

    Raises:
        ValueError: `vectors_lockf` has another length than 1 or the number of keys, or a value that is negative or
            not finite.
    """
    given = getattr(vectors, "vectors_lockf", np.ones(1, np.float32))
    factors = np.asarray(given, np.float32)
    n = len(vectors)
    if factors.shape not in ((1,), (n,)):
        raise ValueError(
            f"{name}.vectors_lockf has the shape {factors.shape}; give one factor, or one for each of the {n} keys"
        )
    bad = np.flatnonzero(~(np.isfinite(factors) & (factors >= 0)))
    if len(bad):
        raise ValueError(f"{name}.vectors_lockf[{bad[0]}]={factors[bad[0]]}: give a finite number from 0 up")
    return None if (factors == 1).all() else np.array(np.broadcast_to(factors, n), order="C")


def grow_factors(factors: FloatRows, n_new: int) -> FloatRows:
    """Return the factors of old rows and n new ones, which have the factor 1; a single factor stays one for all.

    >>> grow_factors(np.array([0, 0.5], np.float32), 1).tolist(), grow_factors(np.zeros(1, np.float32), 1).tolist()
    ([0.0, 0.5, 1.0], [0.0])
    """
    return factors if len(factors) == 1 else np.concatenate([factors, np.ones(n_new, np.float32)])
