"""Columns of numpy arrays, pandas frames and polars frames, without an import of pandas or polars.

In: what a user calls a table. Out: a `Table`: for each column its name and an array of numbers or of categories.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e100  # larger numbers would overflow when they are standardised
MAX_LISTED = 5  # columns that a message names


@dataclass(frozen=True)
class Column:
    """One column. values: float64 with NaN where it is missing; or object with str, bool, int, float or None.

    From `open_table`, values are of any type.
    """

    name: str
    values: NDArray[Any]

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, not categories."""
        return self.values.dtype.kind == "f"


@dataclass(frozen=True)
class Table:
    """The columns of a table.

    names: column names, None for an array. n_rows: rows. library: "numpy", "pandas" or "polars". index: of a pandas
    frame. categorical: positions of the columns of pandas' type "category".
    """

    columns: tuple[Column, ...]
    names: tuple[str, ...] | None
    n_rows: int
    library: str
    index: Any = None
    categorical: frozenset[int] = frozenset()


def library_of(table: Any) -> str:
    """Return "pandas" or "polars" for their frames and series, else "numpy".

    >>> library_of([[1, 2]])
    'numpy'
    """
    for library in ("pandas", "polars"):
        module = sys.modules.get(library)
        if module is not None and isinstance(table, (module.DataFrame, module.Series)):
            return library
    return "numpy"


def read_table(table: Any, categorical: Any = None) -> Table:
    """Return the columns of a 2-D array, a list of rows, or a data frame or series of pandas or polars.

    Columns of bool, str and categories are categorical, and so are columns of objects, unless all of these are
    numbers. Columns of int, float, dates and times are numbers (seconds since 1970, of durations seconds).

    Args:
        table: The table.
        categorical: Names or positions of further columns that are categorical; "all"; None: no others.

    Raises:
        TypeError: The table is sparse, or a value is neither str, bool, number, date nor missing.
        ValueError: No rows or columns; complex or infinite numbers; a column mixes types; `categorical` names a
            column that does not exist.
    """
    opened = open_table(table)
    chosen = choose_categorical(categorical, [column.name for column in opened.columns])
    return convert_columns(opened, chosen | opened.categorical)


def open_table(table: Any) -> Table:
    """Return the columns of a table as they are; errors as for `read_table`."""
    library = library_of(table)
    raw, names = (_columns_of_array(table), None) if library == "numpy" else _columns_of_frame(table, library)
    n_rows = len(raw[0]) if raw else len(table)
    if not raw:
        raise ValueError(f"0 feature(s) (shape=({n_rows}, 0)) while a minimum of 1 is required.")
    if not n_rows:
        raise ValueError(
            f"Found array with 0 sample(s) (shape=(0, {len(raw)})) while a minimum of 1 is required."
        )
    shown = names or tuple(f"x{i}" for i in range(len(raw)))
    columns = tuple(Column(name, values) for name, values in zip(shown, raw, strict=True))
    index = getattr(table, "index", None) if library == "pandas" else None
    return Table(columns, names, n_rows, library, index, _categories_of_pandas(table, library))


def _categories_of_pandas(table: Any, library: str) -> frozenset[int]:
    """Return the positions of columns of the type "category", whose categories may be numbers."""
    if library != "pandas":
        return frozenset()
    dtypes = [table.dtype] if table.ndim == 1 else list(table.dtypes)
    kind = sys.modules["pandas"].CategoricalDtype
    return frozenset(i for i, dtype in enumerate(dtypes) if isinstance(dtype, kind))


def convert_columns(table: Table, categorical: Any = None) -> Table:
    """Return a table from `open_table` with numbers as float64 and categories as objects; see `read_table`."""
    chosen = choose_categorical(categorical, [column.name for column in table.columns])
    columns = tuple(
        Column(column.name, _values(column.name, column.values, i in chosen))
        for i, column in enumerate(table.columns)
    )
    return replace(table, columns=columns)


def choose_categorical(categorical: Any, names: Sequence[str]) -> set[int]:
    """Return the positions of the columns that `categorical` names.

    >>> sorted(choose_categorical(["b", 0], ["a", "b", "c"]))
    [0, 1]
    """
    if categorical is None:
        return set()
    if isinstance(categorical, str):
        if categorical == "all":
            return set(range(len(names)))
        raise ValueError(f"categorical={categorical!r}: give a list of columns, or 'all'")
    if isinstance(categorical, (bool, int)):
        raise TypeError(f"categorical={categorical!r}: give a list of columns, or 'all'")
    chosen = set()
    for column in categorical:
        if isinstance(column, (bool, np.bool_)) or not isinstance(column, (str, int, np.integer)):
            raise TypeError(f"categorical: {column!r} is neither a name nor a position of a column")
        if isinstance(column, str):
            if column not in names:
                raise ValueError(
                    f"categorical: there is no column {column!r}; the columns are {listed(names)}"
                )
            chosen.add(list(names).index(column))
        else:
            if not -len(names) <= int(column) < len(names):
                raise ValueError(
                    f"categorical: there is no column {column}; the table has {len(names)} columns"
                )
            chosen.add(int(column) % len(names))
    return chosen


def listed(names: Sequence[Any]) -> str:
    """Return some names as text.

    >>> listed(["a", "b"])
    'a, b'
    """
    more = ", …" if len(names) > MAX_LISTED else ""
    return ", ".join(str(name) for name in names[:MAX_LISTED]) + more


def _columns_of_array(table: Any) -> list[NDArray[Any]]:
    if hasattr(table, "toarray") and hasattr(table, "nnz"):
        raise TypeError("Sparse data was passed, but dense data is required. Use '.toarray()' to convert it.")
    if hasattr(table, "collect"):
        raise TypeError(f"{type(table).__name__}: call its method collect() first")
    if isinstance(table, (list, tuple)):
        array = np.asarray(table)
        if array.dtype.kind in "US":  # numpy converts the numbers of a mixed list to str
            array = np.asarray(table, dtype=object)
    else:
        array = np.asarray(table)
    if array.ndim != 2:
        message = f"Expected 2D array, got {array.ndim}D array instead, of shape {array.shape}."
        raise ValueError(
            f"{message} Reshape your data either using array.reshape(-1, 1) if your data has a single feature or "
            "array.reshape(1, -1) if it contains a single sample."
        )
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported; give real numbers or categories")
    if array.shape[1] == 0:
        raise ValueError(f"0 feature(s) (shape={array.shape}) while a minimum of 1 is required.")
    return [array[:, i] for i in range(array.shape[1])]


def _columns_of_frame(table: Any, library: str) -> tuple[list[NDArray[Any]], tuple[str, ...] | None]:
    """Return arrays and names, None if the names are numbers. A series is a column, by default named "column"."""
    if table.ndim == 1 if library == "pandas" else not hasattr(table, "columns"):
        name = table.name if table.name not in (None, "") else "column"
        return [_array_of_series(table, library)], (str(name),)
    names = list(table.columns)
    n_text = sum(isinstance(name, str) for name in names)
    if 0 < n_text < len(names):
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{sorted({type(name).__name__ for name in names})} as feature name / column name types. If you want "
            "feature names to be stored and validated, convert them all to strings (df.columns.astype(str))."
        )
    if len(set(names)) < len(names):
        raise ValueError(f"the column {max(names, key=names.count)!r} occurs twice; rename one of them")
    columns = [table.iloc[:, i] if library == "pandas" else table.to_series(i) for i in range(len(names))]
    return [_array_of_series(column, library) for column in columns], tuple(names) if n_text else None


def _array_of_series(series: Any, library: str) -> NDArray[Any]:
    """Return an array of numbers, datetimes or objects; missing values are NaN, NaT or None."""
    if library == "polars":
        if series.dtype.is_numeric() or series.dtype.is_temporal():
            array = series.to_numpy()
            return np.asarray(array) if array.dtype.kind in "iufmM" else _objects(series.to_list())
        return _objects(series.to_list())
    types = sys.modules["pandas"].api.types
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biufmMc":
        return np.asarray(series.to_numpy())
    if types.is_numeric_dtype(series.dtype) and not types.is_bool_dtype(series.dtype):
        is_whole = types.is_integer_dtype(series.dtype) and not series.isna().any()
        return np.asarray(
            series.to_numpy(np.int64 if is_whole else np.float64, na_value=0 if is_whole else np.nan)
        )
    if types.is_datetime64_any_dtype(series.dtype):  # with a time zone
        return np.asarray(series.dt.tz_convert(None).to_numpy())
    objects = series.astype(object)
    return np.asarray(objects.where(objects.notna(), None).to_numpy(), dtype=object)


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _values(name: str, values: NDArray[Any], is_category: bool) -> NDArray[Any]:
    """Return float64 of a column of numbers, objects of a column of categories."""
    kind = values.dtype.kind
    if kind in "OUSb":
        objects = _clean(name, values)
        numbers = None if is_category else _numbers_of(name, objects)
        return objects if numbers is None else _check_finite(name, numbers)
    if kind == "c":
        raise ValueError(f"column {name!r}: Complex data not supported; give real numbers or categories")
    if kind not in "iufmM":
        raise TypeError(f"column {name!r} has the type {values.dtype}; give numbers, str, bool or dates")
    if not is_category:
        return _check_finite(name, _seconds(values) if kind in "mM" else values.astype(np.float64))
    if kind in "mM":
        texts = np.datetime_as_string(values) if kind == "M" else values.astype(str)
        return _objects([None if text == "NaT" else text for text in texts.tolist()])
    return _category_numbers(values)


def _category_numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as categories: int where they are whole, None for NaN."""
    if values.dtype.kind in "iu":
        return _objects(values.tolist())
    return _objects(
        [None if x != x else int(x) if x.is_integer() else x for x in values.astype(float).tolist()]
    )


def _seconds(values: NDArray[Any]) -> NDArray[np.float64]:
    unit = "datetime64[us]" if values.dtype.kind == "M" else "timedelta64[us]"
    seconds = values.astype(unit).astype(np.int64) / 1e6
    return np.where(np.isnat(values), np.nan, seconds)


def _check_finite(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    bad = np.flatnonzero(np.abs(values) > LARGEST)
    if len(bad):
        raise ValueError(
            f"Input X contains infinity or a value too large: column {name!r}, row {bad[0]} is {values[bad[0]]}"
        )
    return values


def _clean(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Return categories as str, bool, int, float or None for a missing one; all of one type."""
    if values.dtype.kind != "O":
        return _objects(_texts_of_bytes(name, values) if values.dtype.kind == "S" else values.tolist())
    cleaned = _objects([_clean_value(name, value) for value in values.tolist()])
    kinds = {kind_of(value): value for value in cleaned.tolist() if value is not None}
    if len(kinds) > 1:
        examples = " and ".join(f"{kind} ({value!r})" for kind, value in sorted(kinds.items()))
        raise ValueError(f"column {name!r} mixes {examples}; convert it, for example with astype(str)")
    return cleaned


def _texts_of_bytes(name: str, values: NDArray[Any]) -> list[str]:
    try:
        texts: list[str] = np.strings.decode(values, "utf-8").tolist()
    except UnicodeDecodeError as error:
        raise ValueError(f"column {name!r} holds bytes that are not UTF-8: {error}") from None
    return texts


def is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, or pandas' NA or NaT."""
    return type(value).__name__ in ("NoneType", "NAType", "NaTType") or bool(value != value)


def _clean_value(name: str, value: Any) -> str | bool | int | float | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return None if value != value else float(value)
    if isinstance(value, (complex, np.complexfloating)):
        raise ValueError(f"column {name!r}: Complex data not supported; give real numbers or categories")
    if is_missing(value):
        return None
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if hasattr(value, "__float__"):  # Decimal, Fraction
        return float(value)
    raise TypeError(
        f"column {name!r}: argument must be a string or a number, not {type(value).__name__} {value!r}"
    )


def kind_of(value: Any) -> str:
    """Return the type of a category in words.

    >>> kind_of("a"), kind_of(True), kind_of(1.5)
    ('str', 'bool', 'number')
    """
    return "bool" if isinstance(value, bool) else "str" if isinstance(value, str) else "number"


def _numbers_of(name: str, objects: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return the numbers of a column of objects; None if it holds categories, or nothing."""
    known = [value for value in objects.tolist() if value is not None]
    if not known or kind_of(known[0]) != "number":
        return None
    try:
        return np.array([np.nan if value is None else value for value in objects.tolist()], dtype=np.float64)
    except OverflowError:
        raise ValueError(f"column {name!r} holds a whole number that is too large for a float") from None
