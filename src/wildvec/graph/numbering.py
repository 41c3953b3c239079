"""Names → ids. In: columns of str or integers. Out: the distinct names, and the number of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import LARGEST, SMALLEST, Key, key_bytes

Ids = NDArray[np.int32]

PIECE = 1 << 20  # elements converted at once, so that the work needs little memory
MAX_KEYS = 2**31 - 1
DENSE_SPAN = 8  # integers are looked up in a table if their range is at most this many times their number


def number_keys(columns: Sequence[Any], what: str = "name") -> tuple[list[Key], list[Ids]]:
    """Return the distinct keys of all columns, and the index of each element, int32 arrays of the columns' lengths.

    columns: flat arrays or sequences, all of str or all of int (64 bits). Integers are numbered in ascending order, so
    that 0 … n - 1 keep their numbers if all occur; str in the order of first use, column by column.
    what: what an element is, for messages.
    TypeError: an element is neither str nor int, or the columns mix both. ValueError: a str is not Unicode, or there
    are more than 2**31 - 1 keys.

    >>> number_keys([[30, 10], [10, 20]])
    ([10, 20, 30], [array([2, 0], dtype=int32), array([0, 1], dtype=int32)])
    >>> keys, (sources, targets) = number_keys([["b", "a"], ["a", "c"]])
    >>> keys, sources.tolist(), targets.tolist()
    (['b', 'a', 'c'], [0, 1], [1, 2])
    """
    flat = [flat_column(column, what, number) for number, column in enumerate(columns)]
    filled = [column for column in flat if len(column)]
    kinds = {column.dtype.kind == "O" for column in filled}
    if len(kinds) > 1:
        _raise_mixed(filled, what)
    if not filled:
        return [], [np.empty(0, np.int32) for _ in flat]
    return _number_texts(flat) if True in kinds else _number_integers(flat)


def flat_column(column: Any, what: str, number: int = 0) -> NDArray[Any]:
    """Return a column as an array of an integer type or of str objects; see `number_keys` for the errors."""
    array = column if isinstance(column, np.ndarray) else _array_of(column)
    place = f"column {number}"
    if array.ndim != 1:
        raise ValueError(f"{place} of {what}s has the shape {array.shape}; give a flat sequence")
    if array.dtype.kind in "iu":
        _check_range(array, what, place)
        return array
    if array.dtype.kind == "f" and array.size == 0:
        return array.astype(np.int32)
    objects = array.astype(object) if array.dtype.kind == "U" else array
    if objects.dtype.kind != "O":
        raise TypeError(_refusal(array[:1].tolist()[0] if len(array) else array.dtype, what, place))
    return _check_objects(objects, what, place)


def _array_of(column: Any) -> NDArray[Any]:
    """Return an array of a sequence, or of a column of pandas, polars or pyarrow."""
    if hasattr(column, "to_numpy"):
        return np.asarray(column.to_numpy())
    if isinstance(column, (str, bytes)) or not hasattr(column, "__len__"):
        raise TypeError(f"{type(column).__name__} {str(column)[:40]!r} is no column; give an array or a list")
    values = list(column)
    if all(type(value) is int for value in values) and values:
        return np.asarray(values)
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _check_range(array: NDArray[Any], what: str, place: str) -> None:
    if array.dtype == np.uint64 and array.size and array.max() > LARGEST:
        i = int(array.argmax())
        raise ValueError(f"{what} {array[i]} at position {i} of {place} does not fit into int64; make it a str")


def _check_objects(objects: NDArray[Any], what: str, place: str) -> NDArray[Any]:
    """Return str as an array of objects, and integers as int64."""
    types = set(map(type, objects.tolist()))
    if types <= {str}:
        return objects
    if types and all(issubclass(t, (int, np.integer)) and t is not bool for t in types):
        if not all(SMALLEST <= value <= LARGEST for value in objects.tolist()):
            i = next(i for i, value in enumerate(objects) if not SMALLEST <= value <= LARGEST)
            raise ValueError(f"{what} {objects[i]} at position {i} of {place} does not fit into int64; make it a str")
        return objects.astype(np.int64)
    if types and all(issubclass(t, str) for t in types):
        return np.array([str(text) for text in objects] + [None], object)[:-1]
    first = objects[0]
    for i, value in enumerate(objects.tolist()):
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (str, int, np.integer)):
            raise TypeError(_refusal(value, what, f"position {i} of {place}"))
        if isinstance(value, str) != isinstance(first, str):
            raise TypeError(_mixture(first, value, what, f"position {i} of {place}"))
    return objects


def _refusal(value: Any, what: str, place: str) -> str:
    return (
        f"{what} {value!r} at {place} is {type(value).__name__}; {what}s are str or int: convert it, for example with "
        "str()"
    )


def _mixture(first: Any, value: Any, what: str, place: str) -> str:
    return (
        f"{what} {value!r} at {place} is {type(value).__name__}, but {first!r} before it is {type(first).__name__}; "
        f"give {what}s of one type, for example all str"
    )


def _raise_mixed(columns: list[NDArray[Any]], what: str) -> None:
    first = columns[0][:1].tolist()[0]
    for number, column in enumerate(columns):
        value = column[:1].tolist()[0]
        if isinstance(value, str) != isinstance(first, str):
            raise TypeError(_mixture(first, value, what, f"position 0 of column {number}"))


def _number_texts(columns: list[NDArray[Any]]) -> tuple[list[Key], list[Ids]]:
    table: dict[Any, int] = {}
    for column in columns:
        table.update(dict.fromkeys(column.tolist()))
    keys: list[Key] = list(table)
    for key in keys:
        key_bytes(key)
    table.update(zip(keys, range(len(keys)), strict=True))
    look_up = table.__getitem__
    return keys, [np.fromiter(map(look_up, column), np.int32, len(column)) for column in columns]


def _number_integers(columns: list[NDArray[Any]]) -> tuple[list[Key], list[Ids]]:
    filled = [column for column in columns if len(column)]
    low, high = (int(f(g(column) for column in filled)) for f, g in ((min, np.min), (max, np.max)))
    if high - low < DENSE_SPAN * sum(map(len, columns)) + PIECE:
        return _number_dense(columns, low, high - low + 1)
    keys = np.unique(np.concatenate([np.unique(column.astype(np.int64, copy=False)) for column in filled]))
    if len(keys) > MAX_KEYS:
        raise ValueError(f"{len(keys):,} distinct names; at most {MAX_KEYS:,} are possible")
    return keys.tolist(), [_in_pieces(column, lambda piece: np.searchsorted(keys, piece)) for column in columns]


def _number_dense(columns: list[NDArray[Any]], low: int, span: int) -> tuple[list[Key], list[Ids]]:
    """Number integers in low … low + span - 1 with a table of this range."""
    used = np.zeros(span, bool)
    for column in columns:
        for i in range(0, len(column), PIECE):
            used[column[i : i + PIECE].astype(np.int64) - low] = True
    keys = np.flatnonzero(used) + low
    if len(keys) == span and low == 0:
        return keys.tolist(), [column.astype(np.int32, copy=False) for column in columns]
    table = np.cumsum(used, dtype=np.int32) - np.int32(1)
    look_up = lambda piece: table[piece.astype(np.int64) - low]  # noqa: E731
    return keys.tolist(), [_in_pieces(column, look_up) for column in columns]


def _in_pieces(column: NDArray[Any], convert: Any) -> Ids:
    ids = np.empty(len(column), np.int32)
    for i in range(0, len(column), PIECE):
        ids[i : i + PIECE] = convert(column[i : i + PIECE])
    return ids
