"""Columns of interactions. In: keys, weights and times from the user. Out: checked arrays; ids of keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.graph.numbering import flat_column, number_keys

Ids = NDArray[np.int32]
Place = Callable[[int], str]  # returns where a row comes from


def number_column(name: str, column: Any, given: Iterable[Key] | None, place: Place) -> tuple[list[Key], Ids]:
    """Return the distinct keys of a column and the id of each of its values.

    name: "user" or "item", for messages. given: the keys in the order of their ids; None: integers in ascending
    order, names in the order of their first appearance. place: returns the place of a row, for messages.

    Raises:
        TypeError: A key is neither str nor int, or the keys are of both types.
        ValueError: A value of the column is not among the given keys, or a given key occurs twice.
    """
    keys, (ids,) = number_keys([_as_list(column)], name, [f"the {name}s"])
    if given is None:
        return keys, ids
    all_keys = check_keys(name, given)
    index = {key: i for i, key in enumerate(all_keys)}
    places = np.array([index.get(key, -1) for key in keys], np.int32)
    if len(unknown := np.flatnonzero(places < 0)):
        row = int(np.flatnonzero(np.isin(ids, unknown))[0])
        raise ValueError(
            f"{place(row)}: {name} {keys[ids[row]]!r} is not among the {len(all_keys):,} given {name}s; add it to "
            f"{name}s=, or leave its rows out"
        )
    return all_keys, places[ids]


def check_keys(name: str, keys: Iterable[Any]) -> list[Key]:
    """Return keys as a list. TypeError: one is neither str nor int, or both occur. ValueError: one occurs twice."""
    if isinstance(keys, (str, bytes)):
        raise TypeError(f"{name}s={keys!r:.60}: give a list of keys")
    checked: list[Key] = flat_column(_as_list(keys), name, f"{name}s=").tolist()
    if len(set(checked)) < len(checked):
        twice = next(key for key, count in Counter(checked).items() if count > 1)
        raise ValueError(f"{name}s: {twice!r} occurs twice; give each {name} once")
    return checked


def _as_list(values: Any) -> Any:
    """Return what has a length as it is, and other iterables as a list."""
    return values if hasattr(values, "__len__") and not isinstance(values, Mapping | Set) else list(values)


def check_weights(weights: Any, n: int, place: Place) -> NDArray[np.float32] | None:
    """Return weights as float32; ValueError for a weight that is negative or not finite."""
    if weights is None:
        return None
    values = _numbers("weight", weights, n)
    if len(bad := np.flatnonzero(~((values >= 0) & (values <= np.finfo(np.float32).max)))):
        raise ValueError(f"{place(bad[0])}: weight {values[bad[0]]:g}; give a finite number from 0 up")
    return values.astype(np.float32)


def check_times(times: Any, n: int, place: Place) -> NDArray[np.float64] | None:
    """Return times as float64: numbers as they are, dates, also as ISO 8601 text, in seconds since 1970 (UTC).

    Dates without a time zone are taken as UTC. TypeError: dates and other values are mixed. ValueError: a time is not
    finite, or a date is missing.
    """
    if times is None:
        return None
    given = times.to_numpy() if hasattr(times, "to_numpy") else times
    array = np.asarray(given if isinstance(given, np.ndarray) else list(given))
    if array.dtype.kind == "O" and any(isinstance(value, date) for value in array.flat):
        array = _as_datetimes(array.tolist())
    if array.dtype.kind in "OU" and all(isinstance(value, str) for value in array.flat):
        array = _times_of_texts(array.tolist(), place)
    if array.dtype.kind == "M":
        missing = np.isnat(array)
        array = array.astype("datetime64[us]").astype(np.int64) / 1e6
        array[missing] = np.nan
    values = _numbers("time", array, n)
    if len(bad := np.flatnonzero(~np.isfinite(values))):
        raise ValueError(f"{place(bad[0])}: time {values[bad[0]]:g}; give a finite number or a date")
    return values


def _times_of_texts(texts: list[str], place: Place) -> NDArray[Any]:
    """Return texts as numbers, or else as dates; ValueError: one is neither."""
    try:
        return np.array(texts, np.float64)
    except ValueError:
        pass
    dates: list[Any] = []
    for row, text in enumerate(texts):
        try:
            dates.append(datetime.fromisoformat(text))
        except ValueError:
            raise ValueError(
                f"{place(row)}: time {text!r:.60} is no date; give numbers, or dates such as 2024-05-31 18:00"
            ) from None
    return _as_datetimes(dates)


def _as_datetimes(values: list[Any]) -> NDArray[np.datetime64]:
    """Return dates as datetime64 in UTC; None is NaT."""
    for row, value in enumerate(values):
        if value is not None and not isinstance(value, date):
            raise TypeError(
                f"row {row}: time {value!r:.60} is no date, but others are; give dates or numbers"
            )
        if isinstance(value, datetime) and value.tzinfo is not None:
            values[row] = value.astimezone(UTC).replace(tzinfo=None)
    return np.array(values, "datetime64[us]")


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
