"""Rows of different lengths in two flat arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FLAT = "must be a flat array of integers"


class Ragged:
    """Rows of integers in one flat array: row i is ``values[offsets[i]:offsets[i + 1]]``.

    values: a flat array of an integer type. It is not copied; a memory map stays one.
    offsets: int64, one more than rows. They start at 0, never decrease and end at len(values).
    TypeError: an array is not flat or not of integers. ValueError: the offsets do not fit the values.

    >>> rows = Ragged([4, 5, 6], [0, 2, 2, 3])
    >>> len(rows), rows[0].tolist(), rows[1].tolist(), rows[-1].tolist()
    (3, [4, 5], [], [6])
    """

    def __init__(self, values: ArrayLike, offsets: ArrayLike) -> None:
        self.values: NDArray[Any] = np.asanyarray(values)
        self.offsets: NDArray[np.int64] = _as_int64(offsets)
        if self.values.size == 0 and not isinstance(values, np.ndarray):
            self.values = self.values.astype(np.int32)
        if self.values.ndim != 1 or self.values.dtype.kind not in "iu":
            raise TypeError(f"values {_FLAT}, not {_kind(self.values)}")
        if self.offsets.size == 0 or self.offsets[0] != 0 or self.offsets[-1] != len(self.values):
            ends = self.offsets[[0, -1]].tolist() if self.offsets.size else []
            n = len(self.values)
            raise ValueError(f"offsets must start at 0 and end at {n}, the number of values; they are {ends}")
        decreases = np.flatnonzero(self.offsets[1:] < self.offsets[:-1])
        if decreases.size:
            i = int(decreases[0])
            raise ValueError(f"offsets[{i + 1}] is smaller than offsets[{i}]; offsets must not decrease")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> NDArray[Any]:
        i = range(len(self))[index]
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Ragged({len(self):,} rows, {len(self.values):,} values of {self.values.dtype})"


def join_rows(parts: Sequence[Ragged]) -> Ragged:
    """Return the rows of several objects in one.

    >>> join_rows([Ragged([1, 2], [0, 2]), Ragged([3], [0, 0, 1])]).offsets.tolist()
    [0, 2, 2, 3]
    """
    lengths = [np.diff(part.offsets) for part in parts]
    values = np.concatenate([part.values for part in parts]) if parts else np.empty(0, np.int32)
    return Ragged(values, np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths])))


def _kind(array: NDArray[Any]) -> str:
    return f"{array.dtype} of shape {array.shape}"


def _as_int64(offsets: ArrayLike) -> NDArray[np.int64]:
    array = np.asanyarray(offsets)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(f"offsets {_FLAT}, not {_kind(array)}")
    return array.astype(np.int64, copy=False)
