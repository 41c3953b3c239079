"""Tables as items of a factorization machine: each column has a block of rows of one matrix.

A categorical column has one row per category, a row for missing values if there are any, and a row for unknown
categories. A column of numbers has a row at each of some quantiles, its knots; a number is the weighted mean of the
two rows around it, so that its effect is a piecewise linear function.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.tables.frames import Column, Table, kind_of, listed

LARGEST_SIZE = 50


def usual_size(n_categories: int) -> int:
    """Return the length of the embedding of a column with n categories: min(50, 1.6 · n^0.56), the rule of fastai.

    >>> [usual_size(n) for n in (1, 2, 10, 100, 1_000_000)]
    [2, 2, 6, 21, 50]
    """
    return max(1, min(LARGEST_SIZE, round(1.6 * math.pow(n_categories, 0.56))))


@dataclass(frozen=True)
class Categories:
    """A categorical column.

    categories: sorted. counts: how often each occurred. missing: how many values were missing. unknown: how many had
    a category that is too rare. first: row of the first category; the row for missing values follows the categories
    if `missing` is not 0, then the row for unknown categories. size: values of an embedding.
    """

    name: str
    categories: list[Any]
    counts: list[int]
    missing: int
    unknown: int
    first: int
    size: int

    @property
    def n_rows(self) -> int:
        """Rows of the block."""
        return len(self.categories) + bool(self.missing) + 1

    @property
    def unknown_row(self) -> int:
        """The row for unknown categories."""
        return self.first + self.n_rows - 1

    @property
    def missing_row(self) -> int:
        """The row for missing values; that of unknown categories if none was missing in training."""
        return self.first + len(self.categories) if self.missing else self.unknown_row

    def row_counts(self) -> list[float]:
        """Return how often each row occurred."""
        return [*self.counts, *([self.missing] if self.missing else []), self.unknown]

    def check(self) -> None:
        """Raise TypeError or ValueError if a value is out of range."""
        _check_finite(self.name, [self.missing, self.unknown, *self.counts], least=0)
        if len({kind_of(category) for category in self.categories}) > 1 or len(set(self.categories)) < len(
            self.categories
        ):
            raise ValueError(f"the categories of column {self.name!r} differ in type, or occur twice")

    def encode(self, values: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return rows and weights of values, (n, 1)."""
        rows: dict[Any, int] = {category: self.first + i for i, category in enumerate(self.categories)}
        rows[None], unknown = self.missing_row, self.unknown_row
        ids = np.fromiter((rows.get(value, unknown) for value in values.tolist()), np.int32, len(values))
        return ids[:, None], np.ones((len(values), 1), np.float32)


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    knots: rising. counts: weights of each knot in training. mean, scale: of its numbers. median: stands for missing
    values if none was missing in training. first, missing, size: as in `Categories`.
    """

    name: str
    knots: list[float]
    counts: list[float]
    missing: int
    mean: float
    scale: float
    median: float
    first: int
    size: int

    @property
    def n_rows(self) -> int:
        """Rows of the block."""
        return len(self.knots) + bool(self.missing)

    def row_counts(self) -> list[float]:
        """Return how often each row occurred."""
        return [*self.counts, *([self.missing] if self.missing else [])]

    def check(self) -> None:
        """Raise TypeError or ValueError if a value is out of range."""
        _check_finite(self.name, [self.missing, *self.counts], least=0)
        _check_finite(self.name, [self.mean, self.median, *self.knots])
        if not (self.knots and self.scale > 0 and (np.diff(self.knots) > 0).all()):
            raise ValueError(f"the knots of column {self.name!r} do not rise, or its scale is not above 0")

    def encode(self, values: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return rows and weights of values, (n, 2)."""
        is_missing = np.isnan(values)
        below, part = _between(np.array(self.knots), np.where(is_missing, self.median, values))
        ids = self.first + np.stack([below, np.minimum(below + 1, len(self.knots) - 1)], axis=1)
        weights = np.stack([1 - part, part], axis=1)
        if self.missing:
            ids[is_missing], weights[is_missing] = self.first + len(self.knots), (1, 0)
        return ids.astype(np.int32), weights.astype(np.float32)

    def standardize(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the values with mean 0 and standard deviation 1; missing ones stay NaN."""
        largest = float(np.finfo(np.float32).max)
        return np.clip((values - self.mean) / self.scale, -largest, largest).astype(np.float32)


def _check_finite(name: str, values: Sequence[Any], least: float = -math.inf) -> None:
    if any(isinstance(value, str) or not least <= value < math.inf for value in values):
        raise ValueError(f"column {name!r} has numbers that are out of range")


def _between(
    knots: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the knot below each value, and the part of the way to the next one, from 0 to 1."""
    below = np.clip(np.searchsorted(knots, values, "right") - 1, 0, max(len(knots) - 2, 0))
    if len(knots) == 1:
        return below, np.zeros(len(values))
    return below, np.clip((values - knots[below]) / (knots[below + 1] - knots[below]), 0, 1)


@dataclass(frozen=True)
class Encoder:
    """The columns of a table as blocks of rows. Make one with `fit_encoder`."""

    columns: tuple[Categories | Numbers, ...]

    @property
    def n_rows(self) -> int:
        """Rows of all blocks."""
        return self.columns[-1].first + self.columns[-1].n_rows

    def row_sizes(self) -> NDArray[np.int32]:
        """Return the values of each row's embedding, (n_rows,)."""
        return np.repeat([c.size for c in self.columns], [c.n_rows for c in self.columns]).astype(np.int32)

    def row_counts(self) -> NDArray[np.float64]:
        """Return how often each row occurred in training, (n_rows,)."""
        return np.concatenate([c.row_counts() for c in self.columns])

    def masked_rows(self) -> NDArray[np.int32]:
        """Return the row that stands for a masked item of each row, (n_rows,): that of unknown categories."""
        rows = np.arange(self.n_rows, dtype=np.int32)
        for column in self.columns:
            if isinstance(column, Categories):
                rows[column.first : column.first + column.n_rows] = column.unknown_row
        return rows

    def encode(self, table: Table) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return rows and weights of a table with the same columns, (table rows, items of a row)."""
        parts = [
            ours.encode(_same_kind(ours, given))
            for ours, given in zip(self.columns, table.columns, strict=True)
        ]
        return np.concatenate([ids for ids, _ in parts], axis=1), np.concatenate(
            [x for _, x in parts], axis=1
        )

    def to_json(self) -> list[dict[str, Any]]:
        """Return the columns as JSON values."""
        return [asdict(column) for column in self.columns]

    @classmethod
    def from_json(cls, columns: Sequence[Mapping[str, Any]]) -> Encoder:
        """Return what `to_json` described; TypeError or ValueError if it describes something else."""
        made = [(Categories if "categories" in column else Numbers)(**column) for column in columns]
        first = 0
        for column in made:
            column.check()
            keys = column.categories if isinstance(column, Categories) else column.knots
            if column.first != first or len(column.counts) != len(keys) or not 1 <= column.size <= 10**5:
                raise ValueError(f"the rows of column {column.name!r} do not fit the other columns")
            first += column.n_rows
        if not made or first > 2**31 - 1:
            raise ValueError(f"{len(made)} columns with {first} rows")
        return cls(tuple(made))


def _same_kind(ours: Categories | Numbers, given: Column) -> NDArray[Any]:
    """Return the values of a column; ValueError if they are of another type than in training."""
    known = next((value for value in given.values.tolist() if value is not None), None)
    if isinstance(ours, Numbers):
        if given.is_number or known is None:
            return given.values.astype(np.float64)
        trained = "number"
    else:
        trained = kind_of(ours.categories[0]) if ours.categories else "missing"
        if known is None or not ours.categories or kind_of(known) == trained:
            return given.values
    raise ValueError(
        f"column {given.name!r} holds {known!r} ({kind_of(known)}), but it held a value of the type {trained} in "
        "training; convert it"
    )


def fit_encoder(table: Table, sizes: Any = None, bins: int = 16, min_count: int = 1) -> Encoder:
    """Return an encoder of tables like this one.

    Args:
        table: The table.
        sizes: Values of embeddings: a number for all columns, or a dict by column name; None: `usual_size`.
        bins: Quantile ranges of numbers; a column of numbers has bins + 1 knots at most.
        min_count: A category that occurs less often counts as unknown.

    Raises:
        ValueError: `sizes` names a column that does not exist.
    """
    names = [column.name for column in table.columns]
    if isinstance(sizes, Mapping) and (unknown := [name for name in sizes if name not in names]):
        raise ValueError(f"sizes: there is no column {unknown[0]!r}; the columns are {listed(names)}")
    columns: list[Categories | Numbers] = []
    first = 0
    for column in table.columns:
        given = sizes.get(column.name) if isinstance(sizes, Mapping) else sizes
        if column.is_number:
            columns.append(_fit_numbers(column, bins, first, given))
        else:
            columns.append(_fit_categories(column, min_count, first, given))
        first += columns[-1].n_rows
    return Encoder(tuple(columns))


def _fit_categories(column: Column, min_count: int, first: int, size: int | None) -> Categories:
    counts: dict[Any, int] = {}
    for value in column.values.tolist():
        counts[value] = counts.get(value, 0) + 1
    missing = counts.pop(None, 0)
    kept = sorted(category for category, count in counts.items() if count >= min_count)
    unknown = sum(counts.values()) - sum(counts[category] for category in kept)
    n_counts = [counts[category] for category in kept]
    return Categories(column.name, kept, n_counts, missing, unknown, first, size or usual_size(len(kept) + 1))


def standard_deviation(values: NDArray[np.float64]) -> float:
    """Return the standard deviation; 1 if all values are equal (or differ by rounding alone).

    >>> standard_deviation(np.array([1.0, 3.0])), standard_deviation(np.array([0.1, 0.1, 0.1]))
    (1.0, 1.0)
    """
    deviation = float(values.std())
    return deviation if deviation > 1e-14 * float(np.abs(values).max()) else 1.0


def _fit_numbers(column: Column, bins: int, first: int, size: int | None) -> Numbers:
    known = column.values[~np.isnan(column.values)]
    missing = len(column.values) - len(known)
    known = known if len(known) else np.zeros(1)
    knots = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)))
    below, part = _between(knots, known)
    counts = (
        np.bincount(below, 1 - part, len(knots)) + np.bincount(below + 1, part, len(knots) + 1)[: len(knots)]
    )
    mean, scale = float(known.mean()), standard_deviation(known)
    size = size or usual_size(len(knots))
    median = float(np.median(known))
    return Numbers(column.name, knots.tolist(), counts.tolist(), missing, mean, scale, median, first, size)
