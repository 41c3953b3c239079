"""Vectors to start from, and the penalty that keeps trained vectors near them (Dingwall & Potts 2018, "Mittens")."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wildvec.text.vocab import Vocab
from wildvec.training.matrices import FloatRows
from wildvec.vectors.keyedvectors import KeyedVectors

GivenVectors: TypeAlias = KeyedVectors | NDArray[Any] | str | os.PathLike[str] | None


def vectors_or_none(value: Any) -> GivenVectors:
    """Return KeyedVectors, an array (n, size), a path or None; TypeError or ValueError for anything else."""
    if value is None or isinstance(value, (KeyedVectors, str, os.PathLike)):
        return value
    if isinstance(getattr(value, "wv", None), KeyedVectors):
        raise TypeError(f"give the vectors of the {type(value).__name__}, its attribute wv")
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        raise TypeError("give KeyedVectors, a file of them, an array with a row for each word, or None")
    if value.ndim != 2 or not np.isfinite(value).all():
        raise ValueError("give an array of finite numbers with a row for each word")
    return value


def given_rows(
    given: GivenVectors, vocab: Vocab, size: int, name: str = "initial"
) -> tuple[FloatRows, NDArray[np.bool_]]:
    """Return the given vectors of a vocabulary (keys, size), 0 where there is none, and which keys have one.

    ValueError: the vectors have another size, an array has another number of rows than there are keys, or a vector
    of the vocabulary is not finite as float32. name: of the argument, for messages.
    """
    rows, is_given = _find_rows(given, vocab, size, name)
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise ValueError(f"{name} has a vector that is not finite as float32, that of {vocab.keys[bad[0]]!r}")
    return rows, is_given


def _find_rows(
    given: GivenVectors, vocab: Vocab, size: int, name: str
) -> tuple[FloatRows, NDArray[np.bool_]]:
    rows = np.zeros((len(vocab), size), np.float32)
    if given is None:
        return rows, np.zeros(len(vocab), bool)
    if isinstance(given, (str, os.PathLike)):
        given = KeyedVectors.load(given)
    if isinstance(given, np.ndarray):
        if given.shape != rows.shape:
            raise ValueError(
                f"{name} has the shape {given.shape}; give {rows.shape}: a row of vector_size values for each word"
            )
        with np.errstate(over="ignore"):
            return given.astype(np.float32), np.ones(len(vocab), bool)
    if given.vector_size != size:
        raise ValueError(f"{name} has vectors of {given.vector_size} values, but vector_size={size}")
    places = np.array([given.key_to_index.get(key, -1) for key in vocab.keys])
    is_given = places >= 0
    rows[is_given] = given.vectors[places[is_given]]
    return rows, is_given


def move_towards(
    given: FloatRows,
    word: FloatRows,
    context: FloatRows,
    size: int,
    penalty: float,
    alpha: float,
    rates: NDArray[np.float32] | None,
) -> None:
    """Take one step of the penalty · |w + c - given|² for the rows that are given.

    The rows have `size` values; column `size` of `given` says whether a row is given, column size + 1 of the others
    is the sum of squared gradients of AdaGrad. rates: factors of the changes of rows; None: all 1. The step is
    implicit (the gradient is that of the new values), so it is stable at any penalty. With alpha=0 nothing changes.
    """
    if not alpha:
        return
    effect = [2 * penalty / np.sqrt(alpha**-2 + rows[:, size + 1]) for rows in (word, context)]
    if rates is not None:
        effect = [part * rates for part in effect]
    error = word[:, :size] + context[:, :size] - given[:, :size]
    scale = given[:, size] / (1 + effect[0] + effect[1])
    for rows, part in zip((word, context), effect, strict=True):
        rows[:, :size] -= (part * scale)[:, None] * error
