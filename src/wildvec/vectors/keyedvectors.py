"""Vectors by key: compare them, find the nearest ones, evaluate them, read and write files.

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
from typing import Any, Self, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from wildvec import io
from wildvec.base.checks import checked
from wildvec.base.keys import Key
from wildvec.io import counts, glove, word2vec
from wildvec.io.vectors import kind_by_name, read_class
from wildvec.vectors import evaluate, search
from wildvec.vectors.evaluate import FIRST_ROWS
from wildvec.vectors.evaluation_files import Lines, Pair
from wildvec.vectors.keyed_rows import KeyedRows
from wildvec.vectors.queries import (
    ROW,
    TOPN,
    TOPN_OR_ALL,
    Items,
    Limits,
    Scored,
    Scores,
    Vector,
    check_items,
    check_keys,
    check_some,
    check_vector,
    check_weights,
    compute_mean,
    find_largest,
    find_nearest,
    is_key,
    split_weights,
)

logger = logging.getLogger(__name__)


class KeyedVectors(KeyedRows):
    """A matrix of vectors with a key (str or int) for each row.

    vector_size: numbers in a vector. count: rows to allocate, so that adding that many keys copies
    nothing. dtype: float16, float32 or float64.

    Attributes: `vectors`, the (n, vector_size) matrix, writable in place, because nothing computed from
    it is stored; `index_to_key`, the list of keys; `key_to_index`, the dict from key to row; `counts`,
    how often each key occurred (int64) or None; `vector_size`. Iteration gives the keys.

    An int is a key like any other, never a row number: with str keys, `wv[0]` is a KeyError
    (`wv.vectors[0]` is the first row). An array of str or int holds keys, an array of floats is a vector.

    >>> wv = KeyedVectors(2)
    >>> wv.add_vectors(["x", "y"], [[1, 0], [1, 1]])
    >>> wv, list(wv)
    (KeyedVectors(2 keys × 2, float32), ['x', 'y'])
    """

    # Comparing vectors

    def _vector(self, item: Key | Vector) -> Vector:
        """Return the vector of a key, or a vector as it is."""
        if is_key(item) or isinstance(item, bytes):
            return np.asarray(self.vectors[self.get_index(item)])
        return check_vector(item, self.vector_size)

    def _matrix(self, items: Iterable[Any]) -> Vector:
        vectors = [self._vector(item) for item in items]
        return np.array(vectors, dtype=np.float64).reshape(len(vectors), self.vector_size)

    def _known_rows(self, items: Iterable[Any]) -> set[int]:
        """Return the rows of the keys among some items. A key may have a vector and no row (see FastText)."""
        return {self.key_to_index[item] for item in items if is_key(item) and item in self.key_to_index}

    def get_mean_vector(
        self,
        keys: Iterable[Key | Vector],
        weights: ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Vector:
        """Return the weighted mean of keys and vectors, as (vector_size,).

        weights: one number each, 1 by default; the divisor is the sum of their absolute values.
        pre_normalize: scale each vector to length 1 first. post_normalize: scale the mean to length 1.
        ignore_missing: leave out missing keys; with False they are a KeyError. ValueError if `keys` is
        empty.
        """
        items = check_some("keys", check_items("keys", keys))
        factors = np.ones(len(items)) if weights is None else check_weights(weights, len(items))
        if ignore_missing:
            exists = [not is_key(item) or item in self for item in items]
            items = [item for item, is_there in zip(items, exists, strict=True) if is_there]
            factors = factors[exists]
        mean = compute_mean(self._matrix(items), factors, pre_normalize, post_normalize)
        return mean.astype(self.vectors.dtype)

    def similarity(self, a: Key | Vector, b: Key | Vector) -> float:
        """Return the cosine of two keys (or vectors), in [-1, 1], in double precision; 0 with a zero vector."""
        return search.cosine(*self._matrix([a, b]))

    def distance(self, a: Key | Vector, b: Key | Vector) -> float:
        """Return 1 - similarity(a, b), in [0, 2]."""
        return 1 - self.similarity(a, b)

    def n_similarity(self, a: Iterable[Key | Vector], b: Iterable[Key | Vector]) -> float:
        """Return the cosine of the mean vectors of two lists of keys (or vectors)."""
        lists = [check_some(name, check_items(name, items)) for name, items in (("a", a), ("b", b))]
        return search.cosine(*(self._matrix(items).mean(axis=0) for items in lists))

    def similarities(
        self, item: Key | Vector, others: Iterable[Key] | None = None, *, workers: int | None = None
    ) -> Scores:
        """Return the cosine of a key or vector with each of `others`, by default with all keys: (n,)."""
        rows = None if others is None else self._rows(check_keys("others", others))
        query = self._vector(item)[None]
        scores: Scores = search.cosines(query, self.vectors, rows=rows, workers=workers)[0]
        return scores

    def distances(self, item: Key | Vector, others: Iterable[Key] | None = None) -> Scores:
        """Return 1 - similarities(item, others)."""
        return np.float32(1) - self.similarities(item, others)

    def closer_than(self, a: Key, b: Key) -> list[Key]:
        """Return the keys, other than `a`, that are nearer to `a` than `b` is, in the order of the rows."""
        scores = self.similarities(a)
        scores[np.isnan(scores)] = -np.inf  # such a row ranks behind all others
        nearer = np.flatnonzero(scores > scores[self.get_index(b)]).tolist()
        return [self.index_to_key[row] for row in nearer if row != self.get_index(a)]

    def rank(self, a: Key, b: Key) -> int:
        """Return the rank of `b` among the keys nearest to `a`: 1 for the nearest."""
        return len(self.closer_than(a, b)) + 1

    def doesnt_match(self, keys: Iterable[Key]) -> Key:
        """Return the key that is farthest from the mean of all.

        Keys that are not in the vocabulary are left out, with a logged warning. ValueError if no key is
        in it, TypeError for a str instead of a list.

        >>> import numpy as np
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.eye(3)[[0, 0, 1]])
        >>> wv.doesnt_match(["a", "b", "c"])
        'c'
        """
        keys = check_keys("keys", keys)
        known = [key for key in keys if key in self]
        if not known:
            raise ValueError(f"none of the keys {keys!r} is in the vocabulary; give at least one that is")
        if len(known) < len(keys):
            unknown = [key for key in keys if key not in self]
            logger.warning("doesnt_match left out keys that are not in the vocabulary: %r", unknown)
        units = search.unit(self._matrix(known))
        return known[int(np.argmin(units @ units.mean(axis=0)))]

    def most_similar_to_given(self, key: Key, others: Iterable[Key]) -> Key:
        """Return the key of `others` that is nearest to `key`."""
        given = check_some("others", check_keys("others", others))
        return given[int(np.argmax(self.similarities(key, given)))]

    # Finding the nearest

    @overload
    def most_similar(
        self,
        positive: Items = None,
        negative: Items = None,
        *,
        topn: None,
        weights: ArrayLike | None = None,
        **limits: Unpack[Limits],
    ) -> Scores: ...
    @overload
    def most_similar(
        self,
        positive: Items = None,
        negative: Items = None,
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        weights: ArrayLike | None = None,
        restrict: Iterable[Key] | None = None,
        workers: int | None = None,
    ) -> Scored: ...
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
    ) -> Scored | Scores:
        """Find the keys nearest by cosine to the mean of `positive` minus `negative`.

        positive, negative: a key, a vector, or a list of keys, vectors and pairs (key or vector, weight).
        Each vector is scaled to length 1 and multiplied by its weight: 1 for positive, -1 for negative.
        weights: the weights of all items, positive ones first. topn: how many keys to return; keys in
        the input are left out. clip_start, clip_end: search only these rows. restrict_vocab: search only
        the first n rows. restrict: search only these keys. workers: threads, by default and at most the
        CPUs that this process may use.

        Returns [(key, score), ...], the nearest first, and of equal scores the lower row first. With
        topn=None returns the scores of all rows searched, or of `restrict` in its order, as float32 (n,).

        Raises KeyError for a missing key, ValueError without input, TypeError for other types.

        >>> import numpy as np
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.array([[1, 0], [3, 4], [0, 2]], np.float32))
        >>> [(key, round(score, 3)) for key, score in wv.most_similar(["a", "c"], topn=1)]
        [('b', 0.99)]
        """
        topn = checked("topn", topn, TOPN_OR_ALL)
        items, factors = split_weights(positive, negative, weights)
        query = factors @ search.unit(self._matrix(items))
        limits = self._resolve_limits(clip_start, clip_end, restrict_vocab, restrict, topn is None)
        if topn is None:
            scores: Scores = search.cosines(query[None], self.vectors, workers=workers, **limits)[0]
            return scores
        given = self._known_rows(items)
        return find_nearest(self.index_to_key, self.vectors, query[None], [given], topn, limits, workers)[0]

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
        """Find the topn nearest keys of each of many queries, in one pass over the matrix.

        queries: a list or array of keys, a list of vectors, or a matrix (n, vector_size). The other
        arguments are those of `most_similar`. Each result is that of `most_similar` for the query alone:
        it does not contain the key of the query.

        >>> import numpy as np
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.array([[1, 0], [3, 4], [0, 2]], np.float32))
        >>> [[key for key, _ in nearest] for nearest in wv.search(["a", "c"], topn=2)]
        [['b', 'c'], ['b', 'a']]
        """
        topn = checked("topn", topn, TOPN)
        items = check_items("queries", queries)
        if len(items) == 1 and items[0] is queries:
            raise TypeError("give a list of queries or a matrix; for a single query call most_similar")
        matrix = search.unit(self._matrix(items))
        given = [self._known_rows([item]) for item in items]
        limits = self._resolve_limits(clip_start, clip_end, restrict_vocab, restrict)
        return find_nearest(self.index_to_key, self.vectors, matrix, given, topn, limits, workers)

    def _resolve_limits(
        self,
        start: int,
        stop: int | None,
        first: int | None,
        keys: Iterable[Key] | None,
        in_order: bool = False,
    ) -> dict[str, Any]:
        """Return the limits of a search as the functions of `search` take them: start and stop, or rows.

        in_order: keep the rows of `keys` in the given order; by default they are sorted and unique.
        """
        start, stop = checked("clip_start", start, ROW), checked("clip_end", stop, ROW)
        if checked("restrict_vocab", first, FIRST_ROWS) is not None:
            start, stop = 0, first
        if keys is None:
            return {"start": start, "stop": stop}
        bounds = range(*slice(start, stop).indices(len(self)))
        chosen = [row for row in self._rows(check_keys("restrict", keys)) if row in bounds]
        rows = np.array(chosen, dtype=np.int64)
        return {"rows": rows if in_order else np.unique(rows)}

    @overload
    def most_similar_cosmul(
        self, positive: Items = None, negative: Items = None, *, topn: None, **limits: Unpack[Limits]
    ) -> Scores: ...
    @overload
    def most_similar_cosmul(
        self,
        positive: Items = None,
        negative: Items = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
        *,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict: Iterable[Key] | None = None,
        workers: int | None = None,
    ) -> Scored: ...
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
    ) -> Scored | Scores:
        """Find keys by 3CosMul (Levy and Goldberg, 2014), which multiplies cosines instead of adding them.

        A score is the product of (1 + cosine) / 2 over `positive`, divided by the product of
        (1 + cosine) / 2 + 1e-6 over `negative`. Arguments and result are those of `most_similar`, without
        weights.
        """
        topn = checked("topn", topn, TOPN_OR_ALL)
        positives, negatives = check_items("positive", positive), check_items("negative", negative)
        items, _ = split_weights(positives, negatives, None)
        limits = self._resolve_limits(clip_start, clip_end, restrict_vocab, restrict, topn is None)
        vectors, n = self._matrix(items), len(positives)
        scores = search.products(vectors[:n], vectors[n:], self.vectors, workers=workers, **limits)
        if topn is None:
            return scores
        given = self._known_rows(items)
        return find_largest(self.index_to_key, scores, given, topn, limits)

    @overload
    def similar_by_key(self, key: Key, topn: None, restrict_vocab: int | None = None) -> Scores: ...
    @overload
    def similar_by_key(self, key: Key, topn: int = 10, restrict_vocab: int | None = None) -> Scored: ...
    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Scored | Scores:
        """Find the keys nearest to `key`, as `most_similar` does."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    similar_by_word = similar_by_key

    @overload
    def similar_by_vector(
        self, vector: ArrayLike, topn: None, restrict_vocab: int | None = None
    ) -> Scores: ...
    @overload
    def similar_by_vector(
        self, vector: ArrayLike, topn: int = 10, restrict_vocab: int | None = None
    ) -> Scored: ...
    def similar_by_vector(
        self, vector: ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Scored | Scores:
        """Find the keys nearest to `vector` (vector_size,), as `most_similar` does."""
        query = check_vector(vector, self.vector_size)
        return self.most_similar([query], topn=topn, restrict_vocab=restrict_vocab)

    # Evaluation

    def evaluate_word_analogies(
        self,
        analogies: Lines,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        *,
        workers: int | None = None,
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer a file of analogies, as `evaluate.analogies` does, with gensim's arguments and result.

        Returns the fraction of correct answers, and a dict for each section and for all of them ("Total
        accuracy"): its name ("section") and the questions "correct" and "incorrect". Questions with
        unknown words are left out; with dummy4unknown=True they are incorrect.
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
        pairs: Lines | Iterable[Pair],
        delimiter: str | None = None,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        *,
        columns: Sequence[int] | None = None,
    ) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Compare cosines with human scores, as `evaluate.word_pairs` does, with gensim's result.

        Returns Pearson's and Spearman's correlation, each with its p-value, and the percentage of pairs
        with unknown words. These pairs are left out; with dummy4unknown=True their cosine is 0.
        """
        result = evaluate.word_pairs(
            self.index_to_key,
            self.vectors,
            pairs,
            delimiter=delimiter,
            columns=columns,
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
        if cls is KeyedVectors and limit is None and read_class(path) == "FastTextKeyedVectors":
            from wildvec.vectors.fasttext_keyedvectors import FastTextKeyedVectors  # a subclass of this class

            return FastTextKeyedVectors.load(path, mmap)  # type: ignore[return-value]
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
