"""Columns of interactions. In: keys, weights and times from the user. Out: checked arrays; ids of keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key, key_bytes

Ids = NDArray[np.int32]
MAX_KEYS = 2**31 - 1


def number_column(name: str, column: Any, given: Iterable[Key] | None) -> tuple[list[Key], Ids]:
    """Return the distinct keys of a column and the id of each of its values.

    name: "user" or "item", for messages. given: the keys in the order of their ids; None: integers in ascending
    order, names in the order of their first appearance.

    Raises:
        TypeError: A key is neither str nor int, or the keys are of both types.
        ValueError: A value of the column is not among the given keys, or a given key occurs twice.
    """
    keys, ids = _number(name, _as_column(name, column))
    if given is None:
        return keys, ids
    all_keys = list(check_keys(name, given))
    index = {key: i for i, key in enumerate(all_keys)}
    if len(index) < len(all_keys):
        twice = next(key for i, key in enumerate(all_keys) if index[key] != i)
        raise ValueError(f"{name}s: {twice!r} occurs twice; give each {name} once")
    places = np.array([index.get(key, -1) for key in keys], np.int32)
    if len(unknown := np.flatnonzero(places < 0)):
        row = int(np.flatnonzero(np.isin(ids, unknown))[0])
        raise ValueError(
            f"row {row}: {name} {keys[ids[row]]!r} is not among the {len(all_keys):,} given {name}s; add it to "
            f"{name}s=, or leave its rows out"
        )
    return all_keys, places[ids]


def check_keys(name: str, keys: Iterable[Any]) -> list[Key]:
    """Return keys as a list; TypeError if one is neither str nor int, or if both types occur."""
    if isinstance(keys, (str, bytes)):
        raise TypeError(f"{name}s={keys!r:.60}: give a list of keys")
    return _number(name, _as_column(name, keys), distinct=False)[0]


def _as_column(name: str, values: Any) -> NDArray[Any]:
    """Return a flat array of integers or of objects."""
    if isinstance(values, np.ndarray):
        array = values
    else:
        values = list(values)
        kinds = {type(value) for value in values}
        if kinds <= {int}:
            try:
                array = np.asarray(values, np.int64)
            except OverflowError:
                raise ValueError(f"{name}: an integer does not fit into int64; make it a str") from None
        else:
            array = np.empty(len(values), object)
            array[:] = values
    if array.ndim != 1:
        raise ValueError(f"{name}s of shape {array.shape}; give a flat column")
    return array


def _number(name: str, column: NDArray[Any], distinct: bool = True) -> tuple[list[Key], Ids]:
    if column.dtype.kind in "iu":
        if not distinct:
            return column.tolist(), np.arange(len(column), dtype=np.int32)
        unique, inverse = np.unique(column, return_inverse=True)
        return unique.tolist(), inverse.astype(np.int32)
    if column.dtype.kind == "f" and len(column):
        raise TypeError(f"{name} {column[0]!r} is a float; convert the column to int or str")
    values = column.tolist()
    first_kind = None
    index: dict[Key, int] = {}
    ids = np.empty(len(values), np.int32)
    for row, value in enumerate(values):
        key = value if type(value) is str else _key(name, row, value)
        if first_kind is None:
            first_kind = type(key)
        elif type(key) is not first_kind:
            raise TypeError(
                f"row {row}: {name} {key!r} is {type(key).__name__}, but {name} {values[0]!r} is "
                f"{first_kind.__name__}; convert the column to one type"
            )
        ids[row] = index.setdefault(key, len(index))
    return (list(index) if distinct else values), ids


def _key(name: str, row: int, value: Any) -> Key:
    if isinstance(value, bytes) or value is None or isinstance(value, float):
        raise TypeError(f"row {row}: {name} {value!r} is neither str nor int; convert it first")
    try:
        key_bytes(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"row {row}: {name} {error}") from None
    return str(value) if isinstance(value, str) else int(value)


def check_weights(weights: Any, n: int) -> NDArray[np.float32] | None:
    """Return weights as float32; ValueError for a weight that is negative or not finite."""
    if weights is None:
        return None
    values = _numbers("weight", weights, n)
    if len(bad := np.flatnonzero(~((values >= 0) & (values <= np.finfo(np.float32).max)))):
        raise ValueError(f"row {bad[0]}: weight {values[bad[0]]:g}; give a finite number from 0 up")
    return values.astype(np.float32)


def check_times(times: Any, n: int) -> NDArray[np.float64] | None:
    """Return times as float64: numbers as they are, dates in seconds since 1970. ValueError: a time is not finite."""
    if times is None:
        return None
    if not isinstance(times, np.ndarray):
        times = np.asarray(list(times))
    if times.dtype.kind == "M":
        missing = np.isnat(times)
        times = times.astype("datetime64[us]").astype(np.int64) / 1e6
        times[missing] = np.nan
    values = _numbers("time", times, n)
    if len(bad := np.flatnonzero(~np.isfinite(values))):
        raise ValueError(f"row {bad[0]}: time {values[bad[0]]:g}; give a finite number or a date")
    return values


def _numbers(name: str, values: Any, n: int) -> NDArray[np.float64]:
    try:
        array = np.asarray(values if isinstance(values, np.ndarray) else list(values), np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}s: {error}; give numbers") from None
    if array.shape != (n,):
        raise ValueError(f"{name}s of shape {array.shape} for {n} rows; give one {name} for each row")
    return array


def check_names(name: str, size: int, keys: Iterable[Any] | None) -> list[Key]:
    """Return the names of the rows or columns of a matrix; None: their numbers."""
    if keys is None:
        return list(range(size))
    names = check_keys(name, keys)
    if len(names) != size or len(set(names)) != size:
        raise ValueError(
            f"{len(set(names)):,} different {name}s for {size:,} in the matrix; give one for each"
        )
    return names
