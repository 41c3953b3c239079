"""Attributes of rows: how often a key occurred, and any other value that a user sets.

In: an attribute's name and a value for a key. Out: an array with one value for each row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wildvec.base.keys import Key

COUNT = "count"  # how often each key occurred


class RowAttributes(ABC):
    """The attributes of the rows of a `KeyedVectors`, by name."""

    index_to_key: list[Key]
    expandos: dict[str, NDArray[Any]]

    @abstractmethod
    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the row of `key`."""

    @property
    def counts(self) -> NDArray[np.int64] | None:
        """How often each key occurred, int64 (n,), or None; the attribute "count"."""
        return self.expandos.get(COUNT)

    @counts.setter
    def counts(self, counts: ArrayLike | None) -> None:
        if counts is None:
            self.expandos.pop(COUNT, None)
            return
        given = np.asarray(counts)
        if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
            raise TypeError(f"counts of shape {given.shape} and {given.dtype}; give one integer for each key")
        check_length("counts", len(given), len(self.index_to_key))
        self.expandos[COUNT] = given.astype(np.int64, copy=False)

    def allocate_vecattrs(
        self, attrs: Iterable[str] | None = None, types: Iterable[DTypeLike] | None = None
    ) -> None:
        """Make sure that attributes exist and have one value for each key.

        New values are 0, or None in an attribute of objects.

        Args:
            attrs: Names of attributes; None: those that exist.
            types: A type for each name. str and other types that are no numbers are stored as objects.

        Raises:
            TypeError: An attribute exists and cannot hold values of this type, as int cannot hold float.
        """
        if attrs is None:
            attrs, types = list(self.expandos), [values.dtype for values in self.expandos.values()]
        for attr, kind in zip(attrs, types or (), strict=True):
            self._allocate(attr, _dtype_of(kind))

    def _allocate(self, attr: str, dtype: np.dtype[Any]) -> None:
        values = self.expandos.get(attr)
        if values is None:
            values = np.empty(0, dtype)
        elif not np.can_cast(dtype, values.dtype, "same_kind"):
            raise TypeError(
                f"attribute {attr!r} holds {values.dtype}, which cannot hold values of the type {dtype}; use "
                "another name"
            )
        n_rows, n_values = len(self.index_to_key), len(values)
        if n_values != n_rows or attr not in self.expandos:
            longer = np.full(n_rows, None if values.dtype == object else 0, values.dtype)
            longer[: min(n_rows, n_values)] = values[:n_rows]
            self.expandos[attr] = longer

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Set an attribute of a key.

        The type of the first value is the type of the attribute. Keys without a value have 0, or None where values
        are no numbers. `save` stores all attributes.

        Raises:
            KeyError: The key is not in the vocabulary.
            TypeError: The attribute cannot hold the value.

        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors.from_arrays(["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
        >>> wv.set_vecattr("a", "year", 1999)
        >>> wv.get_vecattr("a", "year"), wv.get_vecattr("b", "year")
        (1999, 0)
        """
        row = self.get_index(key)
        self.allocate_vecattrs([attr], [type(val)])
        if not self.expandos[attr].flags.writeable:  # of a memory-mapped file
            self.expandos[attr] = self.expandos[attr].copy()
        self.expandos[attr][row] = val

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """Return an attribute of a key, such as "count": how often it occurred.

        Raises:
            KeyError: The key is not in the vocabulary, or there is no such attribute.
        """
        row = self.get_index(key)
        if attr not in self.expandos:
            names = ", ".join(map(repr, self.expandos)) or "none"
            raise KeyError(f"no attribute {attr!r}; there is {names}; set it with set_vecattr")
        value = self.expandos[attr][row]
        return value.item() if isinstance(value, np.generic) else value


def as_attribute(values: ArrayLike) -> NDArray[Any]:
    """Return values as an array of numbers or objects.

    >>> as_attribute(["red", "blue"]).dtype, as_attribute([1, 2]).dtype
    (dtype('O'), dtype('int64'))
    """
    array = np.asarray(values)
    return array.astype(_dtype_of(array.dtype), copy=False)


def check_length(name: str, n_values: int, n_keys: int) -> None:
    """Raise ValueError unless there is one value for each key."""
    if n_values != n_keys:
        raise ValueError(f"{n_keys} keys but {n_values} {name}; give the same number of both")


def _dtype_of(kind: DTypeLike) -> np.dtype[Any]:
    """Return the dtype in which values of a type are stored: numbers and bool as such, all else as objects."""
    dtype = np.dtype(np.int64 if kind is int else kind)
    return dtype if dtype.kind in "biufc" else np.dtype(object)
