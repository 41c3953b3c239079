"""Sources of interactions. In: what a user gives. Out: columns of users, items, weights and times."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, choice
from wildvec.base.keys import Key, integer_of_text
from wildvec.graph.edge_files import find_line, read_pairs
from wildvec.graph.frame_columns import are_numbered, find_columns
from wildvec.graph.line_forms import LineForm
from wildvec.text.corpus import Corpus

NAMES = ("user", "item", "weight", "time")
# Usual names of the columns of files and frames, in lower case.
COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "user": (
        "userid",
        "user_id",
        "uid",
        "username",
        "user_name",
        "customer",
        "customerid",
        "customer_id",
        "visitorid",
    ),
    "item": (
        *(
            "itemid",
            "item_id",
            "iid",
            "item_name",
            "movie",
            "movieid",
            "movie_id",
            "song",
            "songid",
            "song_id",
            "track",
        ),
        *(
            "trackid",
            "track_id",
            "artist",
            "artistid",
            "artist_id",
            "book",
            "bookid",
            "book_id",
            "isbn",
            "business_id",
        ),
        *("product", "productid", "product_id", "product_name", "asin", "article", "articleid", "article_id"),
    ),
    "weight": ("rating", "count", "score", "plays", "quantity"),
    "time": ("timestamp", "unixtime", "date", "datetime"),
}
SYNONYMS = {synonym: name for name, synonyms in COLUMN_NAMES.items() for synonym in (name, *synonyms)}
FORMATS = ("columns", "lists", "baskets")
ADVICE = "give (user, item) pairs, a tuple of columns, a sparse matrix, a data frame or a path"


def name_row(row: int) -> str:
    """Return the place of an interaction for messages."""
    return f"row {row}"


class Columns(NamedTuple):
    """Columns of interactions. place: returns where an interaction comes from, for messages."""

    users: Any
    items: Any
    weights: Any = None
    times: Any = None
    place: Callable[[int], str] = name_row


def columns_of(data: Any) -> Columns:
    """Return the columns of any source; see `Interactions`."""
    if isinstance(data, (str, os.PathLike)):
        return read(data, "columns")[0]
    if hasattr(data, "item_ids") and hasattr(data, "user_ids"):
        return _columns_of_interactions(data)
    if hasattr(data, "tocoo"):
        return columns_of_matrix(data)[0]
    if _is_frame(data):
        return _columns_of_frame(data)
    if isinstance(data, tuple):
        return _columns_of_tuple(data)
    if isinstance(data, np.ndarray):
        return _columns_of_array(data)
    if isinstance(data, Iterable) and not isinstance(data, (bytes, dict)):
        return _columns_of_rows(list(data))
    raise TypeError(f"{type(data).__name__} is no source of interactions; {ADVICE}")


def _columns_of_interactions(data: Any) -> Columns:
    users = _take(data.users, data.user_ids)
    return Columns(users, _take(data.items, data.item_ids), data.weights, data.times)


def _take(keys: list[Key], ids: NDArray[np.int32]) -> NDArray[Any]:
    """Return the key of each id: int64 for integers, else objects."""
    if keys and all(type(key) is int for key in keys):
        return np.array(keys, np.int64)[ids]
    array = np.empty(len(keys), object)
    array[:] = keys
    return np.asarray(array[ids])


def _check_n_columns(n: int) -> None:
    if not 2 <= n <= 4:
        s = "" if n == 1 else "s"
        raise ValueError(f"{n} column{s}; give users and items, and if you like weights and times")


def _columns_of_tuple(data: tuple[Any, ...]) -> Columns:
    if any(isinstance(column, (str, bytes, int)) for column in data):
        raise TypeError(
            f"a single tuple {data!r:.60}; give a list of (user, item) tuples, or a tuple of columns"
        )
    _check_n_columns(len(data))
    return Columns(*data)


def _columns_of_array(data: NDArray[Any]) -> Columns:
    if data.ndim != 2:
        raise ValueError(f"an array of shape {data.shape}; give (interactions, 2) users and items")
    _check_n_columns(data.shape[1])
    columns = list(data.T)
    if data.dtype.kind == "f":
        for i, column in enumerate(columns[:2]):
            if len(bad := np.flatnonzero(column != np.rint(column))):
                raise ValueError(f"row {bad[0]}: {NAMES[i]} {column[bad[0]]:g} is no whole number")
            columns[i] = column.astype(np.int64)
    return Columns(*columns)


def _columns_of_rows(rows: list[Any]) -> Columns:
    """Return the columns of a list of tuples."""
    for number, row in enumerate(rows):
        if not isinstance(row, tuple):
            raise TypeError(
                f"row {number} is {type(row).__name__} {row!r:.60}; give tuples (user, item), or lists of items to "
                "Interactions.from_baskets"
            )
        if len(row) != len(rows[0]) or not 2 <= len(row) <= 4:
            raise ValueError(
                f"row {number} has {len(row)} value{'s' * (len(row) != 1)}, {row!r:.60}; give (user, item), (user, "
                "item, weight) or (user, item, weight, time), the same in all rows"
            )
    columns: Iterable[Any] = zip(*rows, strict=True) if rows else ([], [])
    return Columns(*columns)


def columns_of_matrix(matrix: Any) -> tuple[Columns, tuple[int, int]]:
    """Return the columns of a matrix of users × items, and its shape. Ids are int32; equal cells may repeat."""
    if isinstance(matrix, np.ndarray):
        if matrix.ndim != 2:
            raise ValueError(f"a matrix of shape {matrix.shape}; give users × items")
        rows, items = np.nonzero(matrix)
        values = matrix[rows, items]
    elif hasattr(matrix, "tocoo"):
        coo = matrix.tocoo()
        rows, items, values = coo.row, coo.col, coo.data
    else:
        raise TypeError(f"{type(matrix).__name__} is no matrix; give a sparse matrix of scipy or an array")
    from wildvec.interactions.columns import check_weights

    def place(number: int) -> str:
        return f"row {rows[number]}, column {items[number]}"

    checked_values = check_weights(values, len(values), place)
    weights = None if checked_values is None or bool((checked_values == 1).all()) else checked_values
    return Columns(rows.astype(np.int32), items.astype(np.int32), weights), matrix.shape


def _is_frame(data: Any) -> bool:
    return any(
        (module := sys.modules.get(library)) is not None and isinstance(data, module.DataFrame)
        for library in ("pandas", "polars")
    )


def _columns_of_frame(frame: Any) -> Columns:
    """Return the columns with usual names; or the first ones in the order of `NAMES`, if none has a name."""
    labels = list(frame.columns)
    if are_numbered(labels):
        _check_n_columns(len(labels))
        return Columns(*(frame[label].to_numpy() for label in labels))
    found = find_columns(labels, SYNONYMS)
    if not {"user", "item"} <= found.keys():
        names = ", ".join(map(str, labels[:6]))
        missing = " and ".join(name for name in NAMES[:2] if name not in found)
        raise ValueError(
            f"columns {names}: none is known as the {missing}; rename the columns to {', '.join(NAMES)}, or call "
            "Interactions.from_columns(users, items, weights, times)"
        )
    columns: list[Any] = [frame[found[name]].to_numpy() if name in found else None for name in NAMES]
    return Columns(*columns)


def columns_of_baskets(baskets: Iterable[Iterable[Key]]) -> tuple[Columns, int]:
    """Return the columns of lists of items, and the number of lists."""
    lists: list[list[Key]] = []
    for number, basket in enumerate(baskets):
        if isinstance(basket, (str, bytes)) or not isinstance(basket, Iterable):
            raise TypeError(
                f"basket {number} is {type(basket).__name__} {basket!r:.60}; give a list of items"
            )
        lists.append(list(basket))
    sizes = [len(basket) for basket in lists]
    users = np.repeat(np.arange(len(lists), dtype=np.int64), sizes)
    return Columns(users, list(chain.from_iterable(lists))), len(lists)


# -- files --------------------------------------------------------------------------------------------------------


def read(
    path: str | os.PathLike[str], format: str, separator: str | None = None, header: bool | None = None
) -> tuple[Columns, Any]:
    """Return the columns of a file, and all users if lines without items name some; see `Interactions.read`."""
    if checked("format", format, choice(*FORMATS)) == "columns":
        return _read_columns(os.fspath(path), separator, header), None
    if (separator, header) != (None, None):
        raise ValueError(f"format={format!r} has no separator and no header; leave them out")
    return _read_lists(os.fspath(path), format)


def _read_lists(path: str, format: str) -> tuple[Columns, Any]:
    """Read lines of items, with a user before them if the format is "lists"."""
    with Corpus.read(
        Path(path), min_count=1, sorted_vocab=False, max_sentence_length=2**31 - 1, keep_empty=True
    ) as corpus:
        ids, offsets = np.array(corpus.ids), np.array(corpus.offsets)
        keys: list[Key] = corpus.vocab.keys
    sizes = np.diff(offsets)
    if format == "baskets":
        return Columns(np.repeat(np.arange(len(sizes)), sizes), _names(keys, ids)), range(len(sizes))
    is_user = np.zeros(len(ids), bool)
    is_user[offsets[:-1][sizes > 0]] = True
    users = ids[is_user]
    items = ids[~is_user]
    all_users = _names(keys, users)
    column = np.repeat(all_users, sizes[sizes > 0] - 1)
    _, first = np.unique(users, return_index=True)
    return Columns(column, _names(keys, items)), all_users[np.sort(first)].tolist()


def _names(keys: list[Key], ids: NDArray[np.int32]) -> NDArray[Any]:
    """Return the names of ids: int64 if all that occur are whole numbers, else objects."""
    used = np.unique(ids)
    return _take_used(keys, used, ids)


def _take_used(keys: list[Key], used: NDArray[np.int32], ids: NDArray[np.int32]) -> NDArray[Any]:
    names = [str(keys[i]) for i in used.tolist()]
    places = np.searchsorted(used, ids)
    integers = [integer_of_text(name) for name in names]
    if None not in integers:
        return np.array(integers, np.int64)[places]
    array = np.empty(len(names), object)
    array[:] = names
    return np.asarray(array[places])


PAIRS = LineForm(
    "a line is 'user item', and then perhaps a weight and a time",
    NAMES[2:],
    frozenset(synonym for synonym, name in SYNONYMS.items() if name in NAMES[:2]),
    "give a number there in all lines",
    SYNONYMS,
)


def _read_columns(path: str, separator: str | None = None, header: bool | None = None) -> Columns:
    """Read lines of user, item and, if they are there, weight and time; a first line may name another order."""
    pairs = read_pairs(path, PAIRS, separator, header)
    names = _names_of_columns(path, pairs.header) if pairs.header else NAMES
    ends = [pairs.first, pairs.second]
    if pairs.names is not None:
        ends = [_names(pairs.names, ids) for ids in ends]
    columns = dict(zip(names, (*ends, *pairs.numbers.T), strict=False))

    def place(row: int) -> str:
        line = find_line(path, row, bool(pairs.header))
        return f"interaction {row + 1:,} of standard input" if line is None else f"{path}, line {line:,}"

    return Columns(columns["user"], columns["item"], columns.get("weight"), columns.get("time"), place)


def _names_of_columns(path: str, header: list[str]) -> list[str]:
    """Return the names of a header; the first two are user and item, also if one or both have other names."""
    pair, others = header[:2], header[2:]
    are_first = not set(pair) & set(NAMES[2:]) and not {"user", "item"} & set(others)
    if len(set(pair)) < 2 or not are_first:
        raise ValueError(
            f"{path}: the columns {', '.join(header[:6])}; put user and item first, and then weight and time"
        )
    is_reversed = pair[0] == "item" or pair[1] == "user"
    return [*(("item", "user") if is_reversed else ("user", "item")), *others]
