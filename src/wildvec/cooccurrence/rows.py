"""A sparse matrix in compressed rows, and the checks of arrays from the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.keys import Key, key_bytes


class Rows(NamedTuple):
    """Row i has the cells offsets[i] … offsets[i + 1]; columns rise within a row."""

    offsets: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]


def split_rows(sizes: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of consecutive rows whose sizes add up to at most `most`; a larger row is a range of its own.

    >>> list(split_rows(np.array([5, 1, 2, 9, 1]), 8))
    [(0, 3), (3, 4), (4, 5)]
    """
    ends = np.cumsum(sizes)
    first, before = 0, 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield first, last
        first, before = last, int(ends[last - 1])


def checked_keys(keys: Iterable[Key]) -> list[Key]:
    """Return the keys as a list. TypeError: one is neither str nor int. ValueError: one occurs twice, or none."""
    names = list(keys)
    for position, key in enumerate(names):
        try:
            key_bytes(key)
        except (TypeError, ValueError) as error:
            raise type(error)(f"keys[{position}]: {error}") from None
    if len(set(names)) != len(names):
        raise ValueError(f"the key {Counter(names).most_common(1)[0][0]!r} occurs twice")
    if not names:
        raise ValueError("there is no key")
    return names


def checked_rows(n: int, offsets: ArrayLike, columns: ArrayLike, values: ArrayLike) -> Rows:
    """Return a matrix of n rows and columns in the proper types, without a copy if possible.

    TypeError, ValueError: an array has a wrong type, length, order or value; the text names the place.
    """
    ends, places, numbers = (np.asarray(array) for array in (offsets, columns, values))
    for name, array, kinds in (
        ("offsets", ends, "iu"),
        ("columns", places, "iu"),
        ("values", numbers, "iuf"),
    ):
        if array.ndim != 1 or (array.size and array.dtype.kind not in kinds):
            wanted = "integers" if kinds == "iu" else "numbers"
            raise TypeError(
                f"{name} must be a flat array of {wanted}, not {array.dtype} of shape {array.shape}"
            )
    if len(places) != len(numbers):
        raise ValueError(f"{len(places):,} columns do not fit {len(numbers):,} values")
    if len(ends) != n + 1 or ends[0] != 0 or ends[-1] != len(places) or np.any(ends[1:] < ends[:-1]):
        raise ValueError(
            f"offsets must be {n + 1:,} numbers that rise from 0 to the number of cells, {len(places):,}"
        )
    rows = Rows(ends.astype(np.int64, copy=False), _checked_columns(places, n), _checked_values(numbers))
    _check_rising(rows)
    return rows


def _checked_columns(columns: NDArray[Any], n: int) -> NDArray[np.int32]:
    if columns.size and not 0 <= columns.min() <= columns.max() < n:
        cell = int(columns.argmin() if columns.min() < 0 else columns.argmax())
        raise ValueError(f"columns[{cell}] is {columns[cell]}; with {n:,} keys, give 0 to {n - 1:,}")
    return columns.astype(np.int32, copy=False)


def _checked_values(values: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", under="ignore"):
        floats = values.astype(np.float32, copy=False)
    if floats.size and not (floats.min() > 0 and floats.max() < np.inf):  # false for NaN
        cell = int(np.flatnonzero(~((floats > 0) & (floats < np.inf)))[0])
        raise ValueError(
            f"values[{cell}] is {values[cell]}; values must be finite and above 0, as float32 too"
        )
    return floats


def _check_rising(rows: Rows) -> None:
    falls = rows.columns[1:] <= rows.columns[:-1]
    begins = rows.offsets[1:-1]
    falls[begins[(begins > 0) & (begins < len(rows.columns))] - 1] = False
    if falls.any():
        cell = int(falls.argmax()) + 1
        row = int(np.searchsorted(rows.offsets, cell, side="right")) - 1
        raise ValueError(f"the columns of row {row} do not rise at cell {cell}; sort them and add equal ones")
