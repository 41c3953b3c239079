"""A matrix of vectors with a key for each row: look rows up, change them, add and remove rows.

In: keys (str or int) and a matrix (n, vector_size). Out: rows by key. `KeyedVectors` adds comparison,
search, evaluation and files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key
from wildvec.vectors import search
from wildvec.vectors.queries import (
    KEY_TYPES,
    Vector,
    check_key,
    check_keys,
    check_list,
    check_same_length,
    is_key,
)
from wildvec.vectors.row_attributes import RowAttributes, as_attribute

FORMER_NAMES = {  # names of gensim 3, and the current ones
    "vocab": "key_to_index (a dict from key to row), `key in wv`, or get_vecattr(key, 'count')",
    "index2word": "index_to_key",
    "index2entity": "index_to_key",
    "syn0": "vectors",
    "syn0norm": "get_normed_vectors()",
    "vectors_norm": "get_normed_vectors()",
    "init_sims": "no call at all: no norms are stored",
    "word_vec": "get_vector",
    "words_closer_than": "closer_than",
    "accuracy": "evaluate_word_analogies",
    "wv": "the object itself: it is the KeyedVectors",
}

Extras = Mapping[str, ArrayLike]  # values of attributes, one for each key


class KeyedRows(RowAttributes):
    """A matrix of vectors with a key for each row; see `KeyedVectors`."""

    vectors: Vector
    key_to_index: dict[Key, int]
    vectors_lockf: NDArray[
        np.float32
    ]  # factors of the rows' changes in training; only a model's vectors have it

    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: DTypeLike = np.float32,
        mapfile_path: Any = None,  # gensim does not use it either
    ) -> None:
        vector_size = checked("vector_size", vector_size, whole(1))
        count = checked("count", count, whole(0))
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"dtype={np.dtype(dtype)}; give float16, float32 or float64")
        self._storage = np.empty((count, vector_size), dtype=dtype)  # `vectors` is its first rows
        self.vectors = self._storage[:0]
        self.index_to_key = []
        self.key_to_index = {}
        self.expandos = {}

    @classmethod
    def from_arrays(cls, keys: Iterable[Key], matrix: ArrayLike, counts: ArrayLike | None = None) -> Self:
        """Make an object of keys and the rows of `matrix` (n, vector_size), without a copy of the matrix.

        The matrix may be float16, float32 or float64 (integers become float32), read-only,
        memory-mapped or a strided view. Later changes of the matrix change the object. counts: how often
        each key occurred, n integers, or None.

        Raises ValueError if a key occurs twice or the lengths differ, TypeError if a key is neither str
        nor int.

        >>> from wildvec import KeyedVectors
        >>> KeyedVectors.from_arrays(["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
        KeyedVectors(2 keys × 2, float64)
        """
        rows = matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix)
        if rows.ndim != 2 or rows.shape[1] == 0 or rows.dtype.kind not in "fiu":
            raise ValueError(
                f"matrix of shape {rows.shape} and {rows.dtype}; give one row of numbers for each key"
            )
        wv = cls(rows.shape[1], dtype=rows.dtype if rows.dtype.kind == "f" else np.float32)
        wv.vectors = rows if rows.dtype.kind == "f" else rows.astype(np.float32)
        wv.index_to_key = check_list("keys", keys)
        wv.key_to_index = _map_rows(wv.index_to_key)
        check_same_length("keys", wv.index_to_key, "rows", rows)
        wv.counts = counts
        return wv

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} keys × {self.vector_size}, {self.vectors.dtype})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_storage": self._storage[:0]}

    def __copy__(self) -> Self:
        """Return an object with the same rows in memory, but keys of its own: rows added to one are only in one."""
        other = object.__new__(type(self))
        other.__dict__ = {name: _copy_container(value) for name, value in self.__getstate__().items()}
        return other

    if not TYPE_CHECKING:  # a type checker would accept any name

        def __getattr__(self, name: str) -> Any:
            """Raise AttributeError, for a name of older gensim with today's name."""
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(f"{text}; use {FORMER_NAMES[name]}" if name in FORMER_NAMES else text)

    @property
    def vector_size(self) -> int:
        """The number of columns."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return key in self.key_to_index

    def has_index_for(self, key: Key) -> bool:
        """Return whether the key has a row. `key in wv` says whether it has a vector, which may be computed."""
        return self.get_index(key, -1) >= 0

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the row of `key`, or else the default; KeyError without one."""
        row = self.key_to_index.get(check_key(key), default)
        if row is None:
            raise KeyError(f"{key!r} is not in the vocabulary of {len(self)} keys{self._suggest(key)}")
        return row

    def _suggest(self, key: Key) -> str:
        """Return the end of the error message for a missing key: a similar key, or a hint."""
        forms: list[Key] = [str(key)]
        if isinstance(key, str):
            forms = [key.lower(), key.capitalize(), key.upper(), key.strip()]
            forms += [int(key)] if key.removeprefix("-").isdecimal() else []
        for form in forms:
            if form in self.key_to_index:
                kind = "" if isinstance(key, type(form)) else f" (the keys are {type(form).__name__} here)"
                return f"; did you mean {form!r}{kind}?"
        first = self.index_to_key[0] if self.index_to_key else key
        if isinstance(first, str) and not isinstance(key, str):
            return "; the keys are str here: row i is wv.vectors[i], and a query vector must hold floats"
        if isinstance(key, str) and not isinstance(first, str):
            return "; the keys are int here"
        return "; test with `key in wv`"

    def _rows(self, keys: Iterable[Key]) -> list[int]:
        return [self.get_index(key) for key in keys]

    def __getitem__(self, key: Key | Iterable[Key]) -> Vector:
        """Return a read-only view of the row of one key, or a copy (n, vector_size) for several keys."""
        if is_key(key) or not isinstance(key, Iterable):
            return self.get_vector(key)
        keys = check_keys("keys", key)
        rows = [self.get_index(key, -1) for key in keys]
        if min(rows, default=0) >= 0:
            return np.asarray(self.vectors[rows])
        return np.stack([self._row(key) for key in keys])

    def get_vector(self, key: Key, norm: bool = False) -> Vector:
        """Return the vector of `key`: a read-only view, or with norm=True a copy of length 1."""
        row = self._row(key)
        if norm:
            return np.asarray(search.unit(row[None])[0], dtype=row.dtype)
        row = row.view(np.ndarray)
        row.flags.writeable = False
        return row

    def _row(self, key: Key) -> Vector:
        """Return the vector of a key: a view of its row, or what `_infer_vector` computes."""
        index = self.get_index(key, -1)
        row: Vector = self.vectors[index] if index >= 0 else self._infer_vector(key)
        return row

    def _infer_vector(self, key: Key) -> Vector:
        """Return the vector of a key without a row; KeyError if it has none."""
        return np.asarray(self.vectors[self.get_index(key)])

    def __setitem__(self, key: Key | Iterable[Key], vector: ArrayLike) -> None:
        """Set the vector of one key, or of several; new keys are added."""
        if is_key(key):
            self.add_vectors([key], np.asarray(vector)[None], replace=True)
        else:
            self.add_vectors(check_keys("keys", key), vector, replace=True)

    def add_vectors(
        self,
        keys: Key | Iterable[Key],
        weights: ArrayLike,
        extras: Extras | None = None,
        replace: bool = False,
    ) -> None:
        """Add rows of `weights` (n, vector_size) for `keys`.

        Args:
            keys: The keys, or one key and its vector.
            weights: A vector for each key.
            extras: Attributes of the keys: a dict from the name to n values. Attributes that are not given are 0, or
                None where values are no numbers.
            replace: Also set the vectors and attributes of keys that exist; by default they stay.

        Raises:
            ValueError: The numbers of keys, vectors and values differ, or a key occurs twice.
            TypeError: A key is neither str nor int, or an attribute cannot hold the values.

        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors(2)
        >>> wv.add_vectors(["x"], [[1, 2]], {"year": [1999]})
        >>> wv.add_vectors(["x", "y"], [[3, 4], [5, 6]], replace=True)
        >>> wv.vectors.tolist(), wv.get_vecattr("x", "year"), wv.get_vecattr("y", "year")
        ([[3.0, 4.0], [5.0, 6.0]], 1999, 0)
        """
        if is_key(keys):
            keys, weights = [keys], np.asarray(weights).reshape(1, -1)
        keys = check_keys("keys", keys)
        rows = np.asarray(weights, dtype=self.vectors.dtype)
        values = {} if extras is None else _check_extras(extras, keys)
        _map_rows(keys)
        if rows.ndim != 2 or rows.shape[1] != self.vector_size:
            raise ValueError(f"vectors of shape {rows.shape}; give shape {(len(keys), self.vector_size)}")
        check_same_length("keys", keys, "vectors", rows)
        for name, array in values.items():
            self.allocate_vecattrs([name], [array.dtype])
        new = [position for position, key in enumerate(keys) if key not in self.key_to_index]
        changed = list(range(len(keys))) if replace else new
        if new:
            self._append([keys[position] for position in new], rows if len(new) == len(keys) else rows[new])
        places = [self.key_to_index[keys[position]] for position in changed]
        if len(changed) > len(new):
            self.vectors[places] = rows
        for name, array in values.items():
            self.expandos[name][places] = array[changed]

    def _append(self, keys: list[Key], rows: Vector) -> None:
        n, total = len(self), len(self) + len(keys)
        if total > len(self._storage) or self.vectors.base is not self._storage:
            n_rows = max(total, len(self._storage), n + n // 2)
            self._storage = np.empty((n_rows, self.vector_size), rows.dtype)
            self._storage[:n] = self.vectors
        self._storage[n:total] = rows
        self.vectors = self._storage[:total]
        self.key_to_index.update(zip(keys, range(n, total), strict=True))
        self.index_to_key += keys
        self.allocate_vecattrs()

    def add_vector(self, key: Key, vector: ArrayLike) -> int:
        """Add one key, which keeps its vector if it exists, and return its row."""
        self.add_vectors([key], np.asarray(vector)[None])
        return self.key_to_index[key]

    def __delitem__(self, key: Key | Iterable[Key]) -> None:
        """Remove one key, or several, as `remove` does."""
        self.remove(key)

    def remove(self, keys: Key | Iterable[Key]) -> None:
        """Remove keys with their rows and attributes. The rows behind them move up.

        The vectors are copied once in each call, so remove many keys in one call. The vectors of a model can be
        searched and saved alone afterwards; to train the model further, all of its keys are needed.

        Raises:
            KeyError: A key is not in the vocabulary; then nothing is removed.

        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], [[1.0], [2.0], [3.0]])
        >>> wv.remove(["a"])
        >>> del wv["b"]
        >>> wv.index_to_key, wv["c"].tolist()
        (['c'], [3.0])
        """
        removed = self._rows([keys] if is_key(keys) else check_keys("keys", keys))
        self._select(np.delete(np.arange(len(self)), removed))

    def _select(self, rows: NDArray[np.intp]) -> None:
        """Keep only these rows, in this order."""
        n_rows = len(self)
        self.index_to_key = [self.index_to_key[row] for row in rows.tolist()]
        self.key_to_index = dict(zip(self.index_to_key, range(len(rows)), strict=True))
        self.vectors = self.vectors[rows]
        self._storage = self.vectors[:0]
        self.expandos = {name: values[rows] for name, values in self.expandos.items()}
        factors = self.__dict__.get("vectors_lockf")
        if factors is not None and len(factors) == n_rows:
            self.vectors_lockf = factors[rows]

    def sort_by_descending_frequency(self) -> None:
        """Sort the rows by the attribute "count", the most frequent key first; equal counts keep their order.

        ValueError: there are no counts.
        """
        if len(self) and self.counts is None:
            raise ValueError("there are no counts to sort by; set them: wv.counts = [...], one for each key")
        if self.counts is not None:
            self._select(np.argsort(-self.counts, kind="stable"))

    def resize_vectors(self, seed: int = 0) -> None:
        """Give each key of `index_to_key` a row, after the list was changed in place.

        New rows hold random values in ±1 / vector_size, drawn with `seed`; `key_to_index` and the attributes are made
        to fit. `add_vectors` and `remove` need no such call.

        ValueError: a key occurs twice.
        """
        self.key_to_index = _map_rows(self.index_to_key)
        n_rows, n_old = len(self.index_to_key), len(self.vectors)
        if n_rows != n_old:
            new = np.random.default_rng(seed).uniform(-1, 1, (max(0, n_rows - n_old), self.vector_size))
            parts = [self.vectors[:n_rows], (new / self.vector_size).astype(self.vectors.dtype)]
            self.vectors = np.concatenate(parts)
        self.allocate_vecattrs()


def _check_extras(extras: Extras, keys: list[Key]) -> dict[str, NDArray[Any]]:
    """Return the values of attributes as arrays, one value for each key."""
    if not isinstance(extras, Mapping):
        raise TypeError(
            f"extras={extras!r}: give a dict from attribute to values, or replace=... by its name"
        )
    arrays = {name: as_attribute(values) for name, values in extras.items()}
    for name, array in arrays.items():
        check_same_length("keys", keys, f"values of {name!r}", array)
    return arrays


def _copy_container(value: Any) -> Any:
    return value.copy() if isinstance(value, (list, dict)) else value


def _map_rows(keys: list[Key]) -> dict[Key, int]:
    """Map each key to its row; ValueError for a key that occurs twice, TypeError for another type."""
    if not all(issubclass(kind, KEY_TYPES) for kind in set(map(type, keys))):
        row, key = next((i, key) for i, key in enumerate(keys) if not is_key(key))
        raise TypeError(f"key {key!r} at row {row} is {type(key).__name__}; give str or int")
    rows = dict(zip(keys, range(len(keys)), strict=True))
    if len(rows) != len(keys):
        row, key = next((i, key) for i, key in enumerate(keys) if rows[key] != i)
        raise ValueError(f"key {key!r} occurs at rows {row} and {rows[key]}; keys must be unique")
    return rows
