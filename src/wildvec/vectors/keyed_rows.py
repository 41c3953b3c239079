"""A matrix of vectors with a key for each row: look rows up, change them, add rows.

In: keys (str or int) and a matrix (n, vector_size). Out: rows by key. `KeyedVectors` adds comparison,
search, evaluation and files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key
from wildvec.base.ragged import Ragged
from wildvec.text.texts import Texts
from wildvec.vectors import search, torch_layers
from wildvec.vectors.queries import (
    KEY_TYPES,
    Vector,
    check_key,
    check_keys,
    check_list,
    check_same_length,
    is_key,
)

NORM = "numpy.linalg.norm(wv.vectors, axis=1)"
FORMER_NAMES = {  # names of gensim, and the current ones
    "vocab": "key_to_index (a dict from key to row), `key in wv`, or get_vecattr(key, 'count')",
    "index2word": "index_to_key",
    "index2entity": "index_to_key",
    "syn0": "vectors",
    "syn0norm": f"get_vector(key, norm=True), or wv.vectors / {NORM}[:, None]",
    "vectors_norm": f"get_vector(key, norm=True), or wv.vectors / {NORM}[:, None]",
    "get_normed_vectors": f"wv.vectors / {NORM}[:, None]",
    "norms": NORM,
    "fill_norms": "no call at all: no norms are stored",
    "init_sims": "no call at all: no norms are stored",
    "word_vec": "get_vector",
    "has_index_for": "`key in wv`",
    "words_closer_than": "closer_than",
    "cosine_similarities": "similarities",
    "wv": "the object itself: it is the KeyedVectors",
}


class KeyedRows:
    """A matrix of vectors with a key for each row; see `KeyedVectors`."""

    vectors: Vector
    index_to_key: list[Key]
    key_to_index: dict[Key, int]
    counts: NDArray[np.int64] | None
    vectors_lockf: NDArray[
        np.float32
    ]  # factors of the rows' changes in training; only a model's vectors have it

    def __init__(self, vector_size: int, count: int = 0, dtype: DTypeLike = np.float32) -> None:
        vector_size = checked("vector_size", vector_size, whole(1))
        count = checked("count", count, whole(0))
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"dtype={np.dtype(dtype)}; give float16, float32 or float64")
        self._storage = np.empty((count, vector_size), dtype=dtype)  # `vectors` is its first rows
        self.vectors = self._storage[:0]
        self.index_to_key = []
        self.key_to_index = {}
        self.counts = None

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
        if counts is not None:
            given = np.asarray(counts)
            if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
                raise TypeError(
                    f"counts of shape {given.shape} and {given.dtype}; give one integer for each key"
                )
            wv.counts = given.astype(np.int64, copy=False)
            check_same_length("keys", wv.index_to_key, "counts", wv.counts)
        return wv

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} keys × {self.vector_size}, {self.vectors.dtype})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_storage": self._storage[:0]}

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
        return np.asarray(self.vectors[self._rows(check_keys("keys", key))])

    def get_vector(self, key: Key, norm: bool = False) -> Vector:
        """Return the vector of `key`: a read-only view, or with norm=True a copy of length 1."""
        row: Vector = self.vectors[self.get_index(key)]
        if norm:
            return np.asarray(search.unit(row[None])[0], dtype=row.dtype)
        row = row.view(np.ndarray)
        row.flags.writeable = False
        return row

    def __setitem__(self, key: Key | Iterable[Key], vector: ArrayLike) -> None:
        """Set the vector of one key, or of several; new keys are added."""
        if is_key(key):
            self.add_vectors([key], np.asarray(vector)[None], replace=True)
        else:
            self.add_vectors(check_keys("keys", key), vector, replace=True)

    def add_vectors(self, keys: Iterable[Key], weights: ArrayLike, replace: bool = False) -> None:
        """Add rows of `weights` (n, vector_size) for `keys`. New keys have count 0.

        replace: also set the vectors of keys that exist; by default they keep their vectors.

        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors(2)
        >>> wv.add_vectors(["x"], [[1, 2]])
        >>> wv.add_vectors(["x", "y"], [[3, 4], [5, 6]], replace=True)
        >>> wv.vectors.tolist()
        [[3.0, 4.0], [5.0, 6.0]]
        """
        keys = check_keys("keys", keys)
        rows = np.asarray(weights, dtype=self.vectors.dtype)
        _map_rows(keys)
        if rows.ndim != 2 or rows.shape[1] != self.vector_size:
            raise ValueError(f"vectors of shape {rows.shape}; give shape {(len(keys), self.vector_size)}")
        check_same_length("keys", keys, "vectors", rows)
        known = np.array([key in self.key_to_index for key in keys], dtype=bool)
        if replace and known.any():
            self.vectors[[self.key_to_index[key] for key in keys if key in self.key_to_index]] = rows[known]
        new = [key for key in keys if key not in self.key_to_index]
        if new:
            self._append(new, rows[~known])

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
        if self.counts is not None:
            self.counts = np.concatenate([self.counts, np.zeros(len(keys), dtype=np.int64)])

    def add_vector(self, key: Key, vector: ArrayLike) -> int:
        """Add one key, which keeps its vector if it exists, and return its row."""
        self.add_vectors([key], np.asarray(vector)[None])
        return self.key_to_index[key]

    # Layers of PyTorch

    def to_torch(
        self,
        mode: str | None = None,
        *,
        freeze: bool = False,
        sparse: bool = False,
        padding: Key | None = None,
    ) -> Any:
        """Return a layer of PyTorch whose weight is `vectors`, without a copy: changes are seen on both sides.

        Row i belongs to the key `index_to_key[i]`. A key that is not in the vocabulary has no row: leave it out, as
        `encode` does. An empty bag gives zeros. See docs/pytorch.md.

        Args:
            mode: None: nn.Embedding. "mean", "sum" or "max": nn.EmbeddingBag of this mode.
            freeze: The layer does not train the rows.
            sparse: Gradients are sparse, which is faster for many rows; for SGD, Adagrad and SparseAdam.
            padding: A key whose row is the layer's `padding_idx`: it gets no gradient, and does not count in a bag.

        Raises:
            ImportError: PyTorch is not installed.
            ValueError: The vectors are read-only or have negative strides.
            KeyError: `padding` is not in the vocabulary.
        """
        row = None if padding is None else self.get_index(padding)
        return torch_layers.make_layer(self.vectors, mode, freeze, sparse, row)

    @classmethod
    def from_torch(cls, layer: Any, keys: Iterable[Key], counts: ArrayLike | None = None) -> Self:
        """Make an object of the weight of a layer of PyTorch; on the CPU it shares the memory.

        Args:
            layer: nn.Embedding, nn.EmbeddingBag or a tensor (n, vector_size).
            keys: The n keys of its rows.
            counts: How often each key occurred, or None.
        """
        return cls.from_arrays(keys, torch_layers.rows_of(layer), counts)

    def encode(
        self, texts: Any, *, tokenizer: Callable[[str], Iterable[Any]] | None = None, lowercase: bool = False
    ) -> Ragged:
        """Return the row numbers of the known tokens of each text, as nn.EmbeddingBag takes them.

        Args:
            texts: An iterable of str or of lists of tokens.
            tokenizer: A function from a str to its tokens; default: str.split.
            lowercase: Convert to lower case.

        Returns:
            `values` (int32) and `offsets` (int64, one more than texts). The bag takes `offsets[:-1]`.

        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors.from_arrays(["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
        >>> bags = wv.encode(["b a", "c", "a c a"])
        >>> bags.values.tolist(), bags.offsets[:-1].tolist()
        ([1, 0, 0, 0], [0, 2, 2])
        """
        batches = list(Texts(texts, tokenizer, lowercase).known_ids(self.key_to_index))
        lengths = [np.diff(batch.offsets) for batch in batches]
        values = [batch.values for batch in batches]
        ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))
        return Ragged(np.concatenate([np.empty(0, np.int32), *values]), ends)

    def get_vecattr(self, key: Key, attr: str) -> int:
        """Return how often `key` occurred. The only attribute is "count"; KeyError for another one."""
        if attr != "count" or self.counts is None:
            raise KeyError(f"no attribute {attr!r}; there is {'none' if self.counts is None else 'count'}")
        return int(self.counts[self.get_index(key)])


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
