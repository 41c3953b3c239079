"""Names → ids. In: columns of str or integers. Out: the distinct names, and the number of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._graph import Numbering
from wildvec._text import VocabTable
from wildvec.base.keys import LARGEST, SMALLEST, Key, key_bytes

Ids = NDArray[np.int32]

PIECE = 1 << 20  # elements converted at once, so that the work needs little memory
DENSE = 2  # integers are looked up in a table if there are this many of them for each number in their range


def number_keys(
    columns: Sequence[Any], what: str = "name", places: Sequence[str] | None = None
) -> tuple[list[Key], list[Ids]]:
    """Return the distinct keys of all columns, and the index of each element, int32 arrays of the columns' lengths.

    columns: flat arrays, sequences or columns of a frame, all of str or all of int (64 bits; floats that are whole
    numbers count as int). Integers are numbered in ascending order, so that 0 … n - 1 keep their numbers if all
    occur; str in the order of first use, column by column.
    what: what an element is, for messages. places: the names of the columns, for messages.
    TypeError: an element is neither str nor int, or the columns mix both. ValueError: a str is not Unicode, a float
    is no whole number, or there are more than 2**31 - 1 keys.

    >>> number_keys([[30, 10], [10, 20]])
    ([10, 20, 30], [array([2, 0], dtype=int32), array([0, 1], dtype=int32)])
    >>> keys, (sources, targets) = number_keys([["b", "a"], ["a", "c"]])
    >>> keys, sources.tolist(), targets.tolist()
    (['b', 'a', 'c'], [0, 1], [1, 2])
    """
    places = places or [f"column {number}" for number in range(len(columns))]
    flat = [flat_column(column, what, place) for column, place in zip(columns, places, strict=True)]
    filled = [(column[0], place) for column, place in zip(flat, places, strict=True) if len(column)]
    kinds = {isinstance(first, str) for first, _ in filled}
    if len(kinds) > 1:
        first = filled[0][0]
        other, place = next(pair for pair in filled if isinstance(pair[0], str) != isinstance(first, str))
        raise TypeError(_mixture(_plain(first), _plain(other), what, f"position 0 of {place}"))
    if not filled:
        return [], [np.empty(0, np.int32) for _ in flat]
    return _number_texts(flat) if True in kinds else _number_integers(flat)


def flat_column(column: Any, what: str, place: str) -> NDArray[Any]:
    """Return a column as an array of an integer type or of str objects; see `number_keys` for the errors."""
    array = column if isinstance(column, np.ndarray) else _array_of(column)
    if array.ndim != 1:
        raise ValueError(f"{place} of {what}s has the shape {array.shape}; give a flat sequence")
    if array.dtype.kind in "iu":
        _check_range(array, what, place)
        return array
    if array.dtype.kind == "f":
        return _whole_numbers(array, what, place)
    objects = array.astype(object) if array.dtype.kind in "UT" else array
    if objects.dtype.kind != "O":
        value = array[:1].tolist()[0] if len(array) else array.dtype
        raise TypeError(_refusal(value, what, f"position 0 of {place}"))
    return _check_objects(objects, what, place)


def _array_of(column: Any) -> NDArray[Any]:
    """Return an array of a sequence, or of a column of pandas, polars or pyarrow."""
    if hasattr(column, "to_numpy"):
        return np.asarray(column.to_numpy())
    if isinstance(column, (str, bytes)) or not hasattr(column, "__len__"):
        raise TypeError(f"{type(column).__name__} {str(column)[:40]!r} is no column; give an array or a list")
    values = list(column)
    if values and set(map(type, values)) == {int}:
        return np.asarray(values)  # objects if one is too large
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _check_range(array: NDArray[Any], what: str, place: str) -> None:
    if array.dtype == np.uint64 and array.size and array.max() > LARGEST:
        i = int(array.argmax())
        raise ValueError(
            f"{what} {array[i]} at position {i} of {place} does not fit into int64; make it a str"
        )


def _check_objects(objects: NDArray[Any], what: str, place: str) -> NDArray[Any]:
    """Return str as an array of objects, and integers as int64."""
    values = objects.tolist()
    types = set(map(type, values))
    if types <= {str}:
        return objects
    first = values[0]
    for i, value in enumerate(values):
        where = f"position {i} of {place}"
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (str, int, np.integer)):
            raise TypeError(_refusal(value, what, where))
        if isinstance(value, str) != isinstance(first, str):
            raise TypeError(_mixture(first, value, what, where))
        if not isinstance(value, str) and not SMALLEST <= value <= LARGEST:
            raise ValueError(f"{what} {value} at {where} does not fit into int64; make it a str")
    if not isinstance(first, str):
        return objects.astype(np.int64)
    texts = np.empty(len(values), object)
    texts[:] = [str(value) for value in values]
    return texts


def _refusal(value: Any, what: str, place: str) -> str:
    return (
        f"{what} {value!r} at {place} is {type(value).__name__}; {what}s are str or int: convert it, for example "
        "with str()"
    )


def _mixture(first: Any, value: Any, what: str, place: str) -> str:
    return (
        f"{what} {value!r} at {place} is {type(value).__name__}, but {first!r} before it is {type(first).__name__}; "
        f"give {what}s of one type, for example all str"
    )


def _plain(key: Any) -> Any:
    return key if isinstance(key, str) else int(key)


def _whole_numbers(array: NDArray[Any], what: str, place: str) -> NDArray[np.int64]:
    """Return floats as int64; ValueError: one is no whole number, or too large to be exact."""
    whole = np.empty(len(array), np.int64)
    for i in range(0, len(array), PIECE):
        piece = array[i : i + PIECE].astype(np.float64)  # float16 cannot be compared with 2**53
        bad = np.flatnonzero(~((np.abs(piece) < 2**53) & (piece == np.floor(piece))))
        if len(bad):
            value = piece[bad[0]]
            problem = "is missing" if value != value else "is no whole number below 2**53"
            raise ValueError(f"{what} {value} at position {i + bad[0]} of {place} {problem}; give str or int")
        whole[i : i + PIECE] = piece
    return whole


class NameTable:
    """Numbers of str, in the order of first use.

    >>> table = NameTable()
    >>> table.number(["b", "a", "b"]).tolist(), table.keys()
    ([0, 1, 0], ['b', 'a'])
    """

    def __init__(self) -> None:
        self._table = VocabTable()
        self._block = 0

    def number(self, names: list[str]) -> Ids:
        """Return the numbers of names. ValueError: a name contains a lone surrogate or a NUL character."""
        try:
            data = np.frombuffer("\0".join(names).encode(), np.uint8)
        except UnicodeEncodeError:
            for name in names:
                key_bytes(name)
            raise
        ends = np.flatnonzero(data == 0)
        if len(ends) != max(len(names) - 1, 0):
            bad = next(name for name in names if "\0" in name)
            raise ValueError(f"{bad!r} contains a NUL character; remove it")
        lengths = np.diff(np.concatenate([[-1], ends, [len(data)]])) - 1
        return self.number_bytes(data, lengths[: len(names)].astype(np.uint32))

    def number_bytes(self, data: NDArray[np.uint8], lengths: NDArray[np.uint32]) -> Ids:
        """Return the numbers of names in UTF-8. data: the names with a byte 0 between two. lengths: bytes of each."""
        ids = np.empty(max(len(lengths), 1), np.int32)
        self._table.scan_tokens(data, lengths, self._block, ids)
        self._block += 1
        return ids[: len(lengths)]

    def keys(self) -> list[Key]:
        """Return the names in the order of their numbers. UnicodeDecodeError: one is not UTF-8."""
        data = self._table.keys(np.arange(len(self._table), dtype=np.int64), 0)
        return list[Key](data.tobytes().decode().split("\0")[:-1])


def _number_texts(columns: list[NDArray[Any]]) -> tuple[list[Key], list[Ids]]:
    table = NameTable()
    numbers = [
        _in_pieces(column, lambda piece: table.number(piece.tolist()), np.empty(len(column), np.int32))
        for column in columns
    ]
    return table.keys(), numbers


def _number_integers(columns: list[NDArray[Any]]) -> tuple[list[Key], list[Ids]]:
    filled = [column for column in columns if len(column)]
    low, high = (int(f(g(column) for column in filled)) for f, g in ((min, np.min), (max, np.max)))
    if high - low < sum(map(len, columns)) // DENSE + PIECE:
        return _number_dense(columns, low, high - low + 1)
    numbering = Numbering()
    numbers = [np.empty(len(column), np.int32) for column in columns]
    for column, ids in zip(columns, numbers, strict=True):
        for i in range(0, len(column), PIECE):
            numbering.number(column[i : i + PIECE].astype(np.int64), ids[i : i + PIECE])
    keys = numbering.keys()
    order = np.argsort(keys)
    rank = np.empty(len(keys), np.int32)
    rank[order] = np.arange(len(keys), dtype=np.int32)
    for ids in numbers:
        _in_pieces(ids, lambda piece: rank[piece], ids)
    return list[Key](keys[order].tolist()), numbers


def _number_dense(columns: list[NDArray[Any]], low: int, span: int) -> tuple[list[Key], list[Ids]]:
    """Number integers in low … low + span - 1 with a table of this range."""
    used = np.zeros(span, bool)
    for column in columns:
        for i in range(0, len(column), PIECE):
            used[column[i : i + PIECE].astype(np.int64) - low] = True
    keys = np.flatnonzero(used) + low
    names = list[Key](keys.tolist())
    if len(keys) == span and low == 0:
        return names, [column.astype(np.int32, copy=False) for column in columns]
    table = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return names, [
        _in_pieces(column, lambda piece: table[piece.astype(np.int64) - low], np.empty(len(column), np.int32))
        for column in columns
    ]


def _in_pieces(column: NDArray[Any], convert: Callable[[NDArray[Any]], NDArray[Any]], ids: Ids) -> Ids:
    for i in range(0, len(column), PIECE):
        ids[i : i + PIECE] = convert(column[i : i + PIECE])
    return ids
