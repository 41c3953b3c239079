"""Vectors by key: look them up, compare them, and ask which ones are near.

>>> import numpy as np
>>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.array([[1, 0], [3, 4], [0, 2]], np.float32))
>>> [(key, round(score, 3)) for key, score in wv.most_similar("a")]
[('b', 0.6), ('c', 0.0)]
>>> "b" in wv, wv["b"].tolist(), round(wv.similarity("b", "c"), 3)
(True, [3.0, 4.0], 0.8)
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wildvec import io
from wildvec.base.checks import checked
from wildvec.base.keys import Key
from wildvec.io import counts, glove, word2vec
from wildvec.io.vectors import kind_by_name
from wildvec.vectors import evaluate, search
from wildvec.vectors.evaluate import FIRST_ROWS
from wildvec.vectors.queries import (
    KEY_TYPES,
    Items,
    Scored,
    Vector,
    best_of,
    is_key,
    listed,
    mean,
    nearest,
    same_length,
    some,
    weighted,
)

logger = logging.getLogger(__name__)


class KeyedVectors:
    """A matrix of vectors with a key (str or int) for each row.

    vector_size: numbers in a vector. count: rows to make room for, so that adding up to so many
    copies nothing. dtype: float16, float32 or float64.

    Attributes: `vectors`, the (n, vector_size) matrix, writable in place, as nothing is cached
    that could go stale; `index_to_key`, the list of keys; `key_to_index`, the dict from key to
    row; `counts`, how often each key occurred (int64) or None; `vector_size`.

    An int is a key like any other, never a row number: with str keys, `wv[0]` is a KeyError
    (`wv.vectors[0]` is the first row).

    >>> wv = KeyedVectors(2)
    >>> wv.add_vectors(["x", "y"], [[1, 0], [1, 1]])
    >>> wv
    KeyedVectors(2 keys × 2, float32)
    """

    vectors: Vector
    index_to_key: list[Key]
    key_to_index: dict[Key, int]
    counts: NDArray[np.int64] | None
    vectors_lockf: NDArray[
        np.float32
    ]  # factors of the rows' changes in training; only a model's vectors have it

    def __init__(self, vector_size: int, count: int = 0, dtype: DTypeLike = np.float32) -> None:
        if vector_size < 1 or count < 0:
            raise ValueError(f"vector_size={vector_size}, count={count}; wanted at least 1 and at least 0")
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"dtype={np.dtype(dtype)}; wanted float16, float32 or float64")
        self._room = np.empty((count, vector_size), dtype=dtype)
        self.vectors = self._room[:0]
        self.index_to_key = []
        self.key_to_index = {}
        self.counts = None

    @classmethod
    def from_arrays(cls, keys: Iterable[Key], matrix: ArrayLike, counts: ArrayLike | None = None) -> Self:
        """Put keys to the rows of `matrix` (n, vector_size) without copying it.

        The matrix may be float16, float32 or float64 (integers become float32), read-only,
        memory-mapped or a strided view; what is written into it later is seen here. counts: n
        integers, or None.

        Raises ValueError if a key occurs twice or the lengths differ, TypeError if a key is
        neither str nor int.

        >>> KeyedVectors.from_arrays(["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
        KeyedVectors(2 keys × 2, float64)
        """
        rows = matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix)
        if rows.ndim != 2 or rows.shape[1] == 0 or rows.dtype.kind not in "fiu":
            raise ValueError(
                f"matrix of shape {rows.shape} and {rows.dtype}; wanted one row of numbers for each key"
            )
        wv = cls(rows.shape[1], dtype=rows.dtype if rows.dtype.kind == "f" else np.float32)
        wv.vectors = rows if rows.dtype.kind == "f" else rows.astype(np.float32)
        wv.index_to_key = keys.tolist() if isinstance(keys, np.ndarray) else list(keys)
        wv.key_to_index = _index(wv.index_to_key)
        same_length("keys", wv.index_to_key, "rows", rows)
        if counts is not None:
            wv.counts = np.asarray(counts, dtype=np.int64)
            same_length("keys", wv.index_to_key, "counts", wv.counts)
        return wv

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} keys × {self.vector_size}, {self.vectors.dtype})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_room": self._room[:0]}

    # Keys and rows

    @property
    def vector_size(self) -> int:
        """Numbers in a vector."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return key in self.key_to_index

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the row of `key`; without a default, KeyError if there is none."""
        row = self.key_to_index.get(key, default)
        if row is None:
            raise KeyError(f"{key!r} is not in the vocabulary of {len(self)} keys{self._remedy(key)}")
        return row

    def _remedy(self, key: Key) -> str:
        """Say what may have been meant instead of a key that is not there."""
        if isinstance(key, str):
            near = (k for k in (key.lower(), key.capitalize(), key.upper(), key.strip()) if k in self)
            return next((f"; did you mean {k!r}?" for k in near), "; test with `key in wv`")
        if self.index_to_key and isinstance(self.index_to_key[0], str):
            return "; keys are str here, rows are at wv.vectors[i]"
        return "; test with `key in wv`"

    def _rows(self, keys: Iterable[Key]) -> list[int]:
        return [self.get_index(key) for key in keys]

    def __getitem__(self, key: Key | Iterable[Key]) -> Vector:
        """Return a read-only view of the row of one key, or a copy (n, vector_size) for several."""
        if is_key(key):
            return self.get_vector(key)
        if not isinstance(key, Iterable):
            raise TypeError(f"{key!r} is no key; wanted a str, an int or a list of them")
        return np.asarray(self.vectors[self._rows(key)])

    def get_vector(self, key: Key, norm: bool = False) -> Vector:
        """Return the vector of `key`: a read-only view, or with norm=True a copy of length 1."""
        row: Vector = self.vectors[self.get_index(key)]
        if norm:
            return np.asarray(search.unit(row[None])[0], dtype=row.dtype)
        row = row.view(np.ndarray)
        row.flags.writeable = False
        return row

    def __setitem__(self, key: Key | Iterable[Key], vector: ArrayLike) -> None:
        """Set the vector of a key, or of several; new keys are added."""
        if is_key(key):
            self.add_vectors([key], np.asarray(vector)[None], replace=True)
        else:
            self.add_vectors(cast("Iterable[Key]", key), vector, replace=True)

    def add_vectors(self, keys: Iterable[Key], weights: ArrayLike, replace: bool = False) -> None:
        """Add rows of `weights` (n, vector_size) for `keys`.

        A key that is there already keeps its vector, unless replace=True. New keys count 0.

        >>> wv = KeyedVectors(2)
        >>> wv.add_vectors(["x"], [[1, 2]])
        >>> wv.add_vectors(["x", "y"], [[3, 4], [5, 6]], replace=True)
        >>> wv.vectors.tolist()
        [[3.0, 4.0], [5.0, 6.0]]
        """
        keys = list(keys)
        rows = np.asarray(weights, dtype=self.vectors.dtype)
        _index(keys)
        if rows.ndim != 2 or rows.shape[1] != self.vector_size:
            raise ValueError(f"vectors of shape {rows.shape}; wanted {(len(keys), self.vector_size)}")
        same_length("keys", keys, "vectors", rows)
        known = np.array([key in self for key in keys], dtype=bool)
        if replace and known.any():
            self.vectors[[self.key_to_index[key] for key in keys if key in self]] = rows[known]
        new = [key for key in keys if key not in self]
        if new:
            self._append(new, rows[~known])

    def _append(self, keys: list[Key], rows: Vector) -> None:
        n, total = len(self), len(self) + len(keys)
        if total > len(self._room) or self.vectors.base is not self._room:
            self._room = np.empty((max(total, len(self._room), n + n // 2), self.vector_size), rows.dtype)
            self._room[:n] = self.vectors
        self._room[n:total] = rows
        self.vectors = self._room[:total]
        self.key_to_index.update(zip(keys, range(n, total), strict=True))
        self.index_to_key += keys
        if self.counts is not None:
            self.counts = np.concatenate([self.counts, np.zeros(len(keys), dtype=np.int64)])

    def add_vector(self, key: Key, vector: ArrayLike) -> int:
        """Add or keep one key (see `add_vectors`) and return its row."""
        self.add_vectors([key], np.asarray(vector)[None])
        return self.key_to_index[key]

    def get_vecattr(self, key: Key, attr: str) -> int:
        """Return how often `key` occurred; "count" is the only attribute there is."""
        if attr != "count" or self.counts is None:
            raise KeyError(f"no attribute {attr!r}; there is {'none' if self.counts is None else 'count'}")
        return int(self.counts[self.get_index(key)])

    # Combining

    def _vector(self, item: Key | Vector) -> Vector:
        """Return a key's vector, or a vector of the right size as it is."""
        if is_key(item):
            return np.asarray(self.vectors[self.get_index(item)])
        vector = np.asarray(item)
        if vector.shape != (self.vector_size,) or vector.dtype.kind not in "fiu":
            raise ValueError(
                f"vector of shape {vector.shape} and {vector.dtype}; wanted {(self.vector_size,)}"
            )
        return vector

    def _matrix(self, items: Iterable[Key | Vector]) -> Vector:
        vectors = [self._vector(item) for item in items]
        return np.array(vectors, dtype=np.float64).reshape(len(vectors), self.vector_size)

    def get_mean_vector(
        self,
        keys: Sequence[Key | Vector],
        weights: ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Vector:
        """Return the weighted mean of keys and vectors, as (vector_size,).

        weights: one number each, 1 by default; their absolute values are the divisor.
        pre_normalize: scale each to length 1 first. post_normalize: scale the mean. ignore_missing:
        leave out keys that are not there (else KeyError). ValueError if `keys` is empty.
        """
        if len(keys) == 0:
            raise ValueError("no keys; the mean of nothing is not defined")
        factors = np.ones(len(keys)) if weights is None else np.asarray(weights, dtype=np.float64)
        same_length("keys", keys, "weights", factors)
        if ignore_missing:
            there = [not is_key(key) or key in self for key in keys]
            keys = [key for key, is_there in zip(keys, there, strict=True) if is_there]
            factors = factors[there]
        return mean(self._matrix(keys), factors, pre_normalize, post_normalize).astype(self.vectors.dtype)

    # Comparing two

    def similarity(self, a: Key, b: Key) -> float:
        """Return the cosine of two keys (or vectors), in [-1, 1], in double precision; 0 with a zero vector."""
        return search.cosine(*self._matrix([a, b]))

    def distance(self, a: Key, b: Key) -> float:
        """Return 1 - similarity(a, b), in [0, 2]."""
        return 1 - self.similarity(a, b)

    def n_similarity(self, a: Sequence[Key], b: Sequence[Key]) -> float:
        """Return the cosine of the mean vectors of two lists of keys."""
        return search.cosine(*(self._matrix(keys).mean(axis=0) for keys in (some(a, "a"), some(b, "b"))))

    def similarities(
        self, item: Key | Vector, others: Iterable[Key] | None = None, *, workers: int | None = None
    ) -> NDArray[np.float32]:
        """Return the cosine of a key or vector with each of `others`, by default with all keys."""
        rows = None if others is None else self._rows(others)
        query = self._vector(item)[None]
        scores: NDArray[np.float32] = search.cosines(query, self.vectors, rows=rows, workers=workers)[0]
        return scores

    def distances(self, item: Key | Vector, others: Iterable[Key] | None = None) -> NDArray[np.float32]:
        """Return 1 - similarities(item, others)."""
        return np.float32(1) - self.similarities(item, others)

    def closer_than(self, a: Key, b: Key) -> list[Key]:
        """List the keys that are nearer to `a` than `b` is (not `a` itself), in the order of the rows."""
        scores = self.similarities(a)
        scores[np.isnan(scores)] = -np.inf  # such a row ranks behind all others
        nearer = np.flatnonzero(scores > scores[self.get_index(b)]).tolist()
        return [self.index_to_key[row] for row in nearer if row != self.get_index(a)]

    def rank(self, a: Key, b: Key) -> int:
        """Return the place of `b` among the keys nearest to `a`, 1 for the nearest."""
        return len(self.closer_than(a, b)) + 1

    def doesnt_match(self, keys: Iterable[Key]) -> Key:
        """Return the key that is farthest from the mean of all; unknown ones are left out, with a logged warning.

        ValueError if none of them is known, TypeError for a str instead of a list.

        >>> import numpy as np
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.eye(3)[[0, 0, 1]])
        >>> wv.doesnt_match(["a", "b", "c"])
        'c'
        """
        if isinstance(keys, str):
            raise TypeError(f"keys={keys!r} is one str; give a list of keys, such as {keys.split()!r}")
        keys = list(keys)
        known = some([key for key in keys if key in self], "keys that are in the vocabulary")
        if unknown := [key for key in keys if key not in self]:
            logger.warning("doesnt_match left out what is not in the vocabulary: %r", unknown)
        units = search.unit(self._matrix(known))
        return known[int(np.argmin(units @ units.mean(axis=0)))]

    def most_similar_to_given(self, key: Key, others: Sequence[Key]) -> Key:
        """Return the one of `others` that is nearest to `key`."""
        return others[int(np.argmax(self.similarities(key, some(others, "others"))))]

    # Finding the nearest

    def most_similar(
        self,
        positive: Items = None,
        negative: Items = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        weights: ArrayLike | None = None,
        restrict: Iterable[Key] | None = None,
        workers: int | None = None,
    ) -> Any:
        """Find the keys nearest by cosine to the mean of `positive` minus `negative`.

        positive, negative: a key, a vector, or a list of these or of pairs (key or vector, weight).
        Each is scaled to length 1 and weighted 1, or -1 if negative. weights: such weights for all,
        positive first. topn: how many to find; keys among the input are left out. clip_start,
        clip_end: search only these rows; restrict_vocab: only so many of the first ones. restrict:
        search only among these keys. workers: threads, by default the CPUs this process may use.

        Returns [(key, score), ...], nearest first and of equal scores the lower row; with topn=None
        the scores of all rows searched (or of `restrict`, in its order), as a float32 array.

        Raises KeyError for a key that is not there, ValueError without any input.

        >>> import numpy as np
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.array([[1, 0], [3, 4], [0, 2]], np.float32))
        >>> [(key, round(score, 3)) for key, score in wv.most_similar(["a", "c"], topn=1)]
        [('b', 0.99)]
        """
        items, factors = weighted(positive, negative, weights)
        query = factors @ search.unit(self._matrix(items))
        limits = self._limits(clip_start, clip_end, restrict_vocab, restrict, topn is None)
        if topn is None:
            return search.cosines(query[None], self.vectors, workers=workers, **limits)[0]
        given = set(self._rows(filter(is_key, items)))
        return nearest(self.index_to_key, self.vectors, query[None], [given], topn, limits, workers)[0]

    def search(
        self,
        queries: Vector | Iterable[Key | Vector],
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        restrict: Iterable[Key] | None = None,
        workers: int | None = None,
    ) -> list[Scored]:
        """Find the topn nearest keys for each of many queries in one pass over the matrix.

        queries: a list of keys and vectors, or a matrix (n, vector_size). Each answer is what
        `most_similar` gives for the query alone: a key does not find itself.

        >>> import numpy as np
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.array([[1, 0], [3, 4], [0, 2]], np.float32))
        >>> [[key for key, _ in answer] for answer in wv.search(["a", "c"], topn=2)]
        [['b', 'c'], ['b', 'a']]
        """
        if isinstance(queries, (str, bytes)) or getattr(queries, "ndim", 2) != 2:
            raise TypeError("wanted a list of queries or a matrix; most_similar answers a single one")
        queries = list(queries)  # they are gone through twice
        given = [{self.get_index(q)} if is_key(q) else set() for q in queries]
        matrix = search.unit(self._matrix(queries))
        limits = self._limits(clip_start, clip_end, restrict_vocab, restrict)
        return nearest(self.index_to_key, self.vectors, matrix, given, topn, limits, workers)

    def _limits(
        self,
        start: int,
        stop: int | None,
        first: int | None,
        keys: Iterable[Key] | None,
        as_given: bool = False,
    ) -> dict[str, Any]:
        """Gather what bounds a search, as the functions of `search` take it.

        The rows of `keys` come in ascending order and once each, or else as they are given.
        """
        if checked("restrict_vocab", first, FIRST_ROWS) is not None:
            start, stop = 0, first
        if keys is None:
            return {"start": start, "stop": stop}
        if isinstance(keys, str):
            raise TypeError(f"restrict={keys!r} is one key; wanted a list of keys")
        bounds = range(*slice(start, stop).indices(len(self)))
        rows = np.array([row for row in self._rows(keys) if row in bounds], dtype=np.int64)
        return {"rows": rows if as_given else np.unique(rows)}

    def most_similar_cosmul(
        self,
        positive: Items = None,
        negative: Items = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
        *,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict: Iterable[Key] | None = None,
        workers: int | None = None,
    ) -> Any:
        """Find keys by 3CosMul (Levy and Goldberg, 2014): the product of the cosines, not their sum.

        A score is the product of (1 + cosine) / 2 over `positive`, divided by that over `negative`
        plus 1e-6 each. The arguments and the answer are those of `most_similar`, without weights.
        """
        positives = listed(positive)
        items, _ = weighted(positives, negative, None)
        limits = self._limits(clip_start, clip_end, restrict_vocab, restrict, topn is None)
        vectors, n = self._matrix(items), len(positives)
        scores = search.products(vectors[:n], vectors[n:], self.vectors, workers=workers, **limits)
        if topn is None:
            return scores
        given = set(self._rows(filter(is_key, items)))
        return best_of(self.index_to_key, scores, given, topn, limits)

    def similar_by_key(self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """Find the keys nearest to `key`, as `most_similar` does."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    similar_by_word = similar_by_key

    def similar_by_vector(
        self, vector: Vector, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Find the keys nearest to `vector` (vector_size,), as `most_similar` does."""
        return self.most_similar([vector], topn=topn, restrict_vocab=restrict_vocab)

    # Evaluation

    def evaluate_word_analogies(
        self,
        analogies: evaluate.Lines,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        *,
        workers: int | None = None,
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer a file of analogies; `evaluate.analogies` says how, and returns more.

        Returns the share of right answers, and for each section, then for all of them ("Total
        accuracy"), its name ("section") and the questions "correct" and "incorrect". Questions with
        unknown words are left out, or incorrect with dummy4unknown=True.
        """
        result = evaluate.analogies(
            self.index_to_key,
            self.vectors,
            analogies,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            unknown_as_wrong=dummy4unknown,
            workers=workers,
        )
        total = result.all
        named = [(section.name, section) for section in result.sections] + [("Total accuracy", total)]
        return total.accuracy, [
            {"section": name, "correct": s.correct, "incorrect": s.incorrect} for name, s in named
        ]

    def evaluate_word_pairs(
        self,
        pairs: evaluate.Lines | Iterable[evaluate.Pair],
        delimiter: str | None = None,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Compare cosines with human scores; `evaluate.word_pairs` says how, and returns more.

        Returns Pearson's and Spearman's correlation, each with its p-value, and the percentage of
        pairs with unknown words, which are left out, or count as cosine 0 with dummy4unknown=True.
        """
        result = evaluate.word_pairs(
            self.index_to_key,
            self.vectors,
            pairs,
            delimiter=delimiter,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            unknown_as_zero=dummy4unknown,
        )
        unknown = 100 * (1 - result.coverage)
        return (result.pearson, result.pearson_p), (result.spearman, result.spearman_p), unknown

    # Files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write keys, vectors and counts to a file. Its ending decides the format.

        .bin is word2vec binary, .txt and .vec are word2vec text. Every other ending (.wv, gensim's
        .kv, none) is the native format, which alone keeps counts, float64 and int keys. Each may
        be compressed: add .gz, .bz2 or .xz. ValueError: a key that the format cannot hold.
        """
        kind = kind_by_name(path, io.Kind.NATIVE)
        io.save(path, self.index_to_key, self.vectors, self.counts, kind)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        mmap: bool | str | None = False,
        *,
        limit: int | None = None,
        errors: str = "strict",
        encoding: str = "utf-8",
    ) -> Self:
        """Read a file of vectors: native, word2vec text or binary, GloVe. The content decides the format.

        Args:
            path: the file, plain or compressed.
            mmap: True or "r": map a native file, read-only, instead of reading it.
            limit: read only the first `limit` vectors; None: all.
            errors: treatment of keys that `encoding` cannot decode: "strict" (an error), "replace" or "ignore".
            encoding: encoding of the keys; a native file is always UTF-8.

        Raises:
            EOFError: the file is empty or cut off.
            AttributeError: a native file without vectors.
            ValueError: it is damaged or of an unknown kind; the text names the line.
        """
        if mmap not in (True, False, None, "r"):
            raise ValueError(f"mmap={mmap!r}: give True or 'r' (a file is mapped read-only), or False")
        return cls.from_arrays(*io.load(path, bool(mmap), limit=limit, errors=errors, encoding=encoding))

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str | None = "count",
    ) -> None:
        """Write word2vec's format; the arguments are gensim's.

        Args:
            fname: the file; the endings .gz, .bz2 and .xz compress it.
            fvocab: file for the counts: lines of a key and its count.
            binary: binary instead of text.
            total_vec: number of vectors in the header; None: all of these.
            write_header: False: no header. Such a text file has GloVe's format.
            prefix: text before each key.
            append: add to the file that exists.
            sort_attr: "count": sort by falling count, if there are counts; None: keep the order.

        Raises:
            ValueError: a key with white space, which the format cannot hold, or `fvocab` without counts.
        """
        if sort_attr not in ("count", None):
            raise ValueError(f"sort_attr={sort_attr!r}: give 'count', or None to keep the order")
        if fvocab is not None:
            if self.counts is None:
                raise ValueError(f"fvocab={fvocab!r}: these vectors have no counts; leave fvocab out")
            order = np.argsort(-self.counts, kind="stable")
            counts.save(fvocab, [self.index_to_key[i] for i in order], self.counts[order], prefix=prefix)
        word2vec.save(
            fname,
            self.index_to_key,
            self.vectors,
            self.counts if sort_attr else None,
            binary,
            header=write_header,
            n_announced=total_vec,
            prefix=prefix,
            append=append,
        )

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf-8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: DTypeLike = np.float32,
        no_header: bool = False,
        *,
        errors: str | None = None,
    ) -> Self:
        """Read word2vec's format; the arguments are gensim's.

        Args:
            fname: the file, plain or compressed.
            fvocab: file with the counts: lines of a key and its count.
            binary: binary instead of text.
            encoding: encoding of the keys.
            unicode_errors: treatment of keys that `encoding` cannot decode: "strict" (an error),
                "replace" or "ignore".
            limit: read only the first `limit` vectors; None: all.
            datatype: type of the vectors: float16, float32 or float64. Values are read as float32.
            no_header: a text file without a header, as GloVe's.
            errors: the same as unicode_errors, by the name that `load` has.

        Raises:
            EOFError: the file is empty or cut off.
            ValueError: it is damaged or of another kind; the text names the line.
        """
        options: dict[str, Any] = {"limit": limit, "errors": errors or unicode_errors, "encoding": encoding}
        if np.dtype(datatype).kind != "f":
            raise TypeError(f"datatype={datatype!r}: give float16, float32 or float64")
        if no_header and binary:
            raise ValueError("no_header=True is for text files; a binary file needs its header")
        if no_header:
            keys, matrix = glove.load(fname, **options)
        else:
            keys, matrix = word2vec.load(fname, binary=binary, **options)
        del options["limit"]
        found = None if fvocab is None else counts.load(fvocab, keys, **options)
        return cls.from_arrays(keys, matrix.astype(datatype, copy=False), found)


def _index(keys: list[Key]) -> dict[Key, int]:
    """Map each key to its place; ValueError for one that occurs twice, TypeError for other types."""
    index = dict(zip(keys, range(len(keys)), strict=True))
    if not all(issubclass(kind, KEY_TYPES) for kind in set(map(type, keys))):
        place, key = next((i, key) for i, key in enumerate(keys) if not issubclass(type(key), KEY_TYPES))
        raise TypeError(f"key {key!r} at place {place} is a {type(key).__name__}; wanted str or int")
    if len(index) != len(keys):
        place, key = next((i, key) for i, key in enumerate(keys) if index[key] != i)
        raise ValueError(f"key {key!r} occurs at places {place} and {index[key]}; keys must be unique")
    return index
