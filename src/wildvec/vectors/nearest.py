"""The nearest keys of keys and vectors. In: positive and negative keys or vectors. Out: keys with scores.

`KeyedVectors` has these methods; `search` computes the scores.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike

from wildvec.base.checks import checked
from wildvec.base.keys import Key
from wildvec.vectors import search
from wildvec.vectors.comparisons import Comparisons
from wildvec.vectors.evaluate import FIRST_ROWS
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
    check_vector,
    find_largest,
    find_nearest,
    is_key,
    split_weights,
)


class Indexer(Protocol):
    """An index of all keys for approximate search, such as gensim's AnnoyIndexer and NmslibIndexer."""

    def most_similar(self, vector: Vector, num_neighbors: int, /) -> Scored:
        """Return the keys nearest to a vector of length 1, and their scores, the nearest first."""


class NearestKeys(Comparisons):
    """Methods of `KeyedVectors` that find the nearest keys."""

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
        indexer: Indexer | None = None,
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
        indexer: Indexer | None = None,
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
        the first n rows. indexer: an index that searches instead: an object with a method
        `most_similar(vector, topn)`, as gensim's AnnoyIndexer; the result is what it returns, which may
        contain the input. restrict: search only these keys. workers: threads, by default and at most
        the CPUs that this process may use.

        Returns [(key, score), ...], the nearest first, and of equal scores the lower row first. With
        topn=None returns the scores of all rows searched, or of `restrict` in its order, as float32 (n,).

        Raises KeyError for a missing key, ValueError without input and for limits that an indexer does not
        have, TypeError for other types.

        >>> import numpy as np
        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.array([[1, 0], [3, 4], [0, 2]], np.float32))
        >>> [(key, round(score, 3)) for key, score in wv.most_similar(["a", "c"], topn=1)]
        [('b', 0.99)]
        """
        topn = checked("topn", topn, TOPN_OR_ALL)
        items, factors = split_weights(positive, negative, weights)
        query = factors @ search.unit(self._matrix(items))
        limits = self._resolve_limits(clip_start, clip_end, restrict_vocab, restrict, topn is None)
        if indexer is not None and topn:
            if limits != {"start": 0, "stop": None}:
                raise ValueError("an indexer searches all keys; leave clip_start, clip_end and restrict… out")
            return indexer.most_similar(search.unit(query[None])[0].astype(np.float32), topn)
        if topn is None:
            scores: Scores = search.cosines(query[None], self.vectors, workers=workers, **limits)[0]
            return scores
        given = self._rows_in(items)
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
        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.array([[1, 0], [3, 4], [0, 2]], np.float32))
        >>> [[key for key, _ in nearest] for nearest in wv.search(["a", "c"], topn=2)]
        [['b', 'c'], ['b', 'a']]
        """
        topn = checked("topn", topn, TOPN)
        items = check_items("queries", queries)
        if len(items) == 1 and items[0] is queries:
            raise TypeError("give a list of queries or a matrix; for a single query call most_similar")
        matrix = search.unit(self._matrix(items))
        given = [self._rows_in([item]) for item in items]
        limits = self._resolve_limits(clip_start, clip_end, restrict_vocab, restrict)
        return find_nearest(self.index_to_key, self.vectors, matrix, given, topn, limits, workers)

    def _rows_in(self, items: Iterable[Any]) -> set[int]:
        """Return the rows of the keys among the items; a key whose vector is computed has none."""
        return {row for item in items if is_key(item) and (row := self.get_index(item, -1)) >= 0}

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
        given = self._rows_in(items)
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

    @overload
    def similar_by_word(self, word: Key, topn: None, restrict_vocab: int | None = None) -> Scores: ...
    @overload
    def similar_by_word(self, word: Key, topn: int = 10, restrict_vocab: int | None = None) -> Scored: ...
    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Scored | Scores:
        """Find the keys nearest to `word`: another name of `similar_by_key`."""
        return self.most_similar([word], topn=topn, restrict_vocab=restrict_vocab)

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

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Return similarity(wa, wb) divided by the sum of the similarities of the topn keys nearest to `wa`.

        Above 1 / topn, `wb` is nearer to `wa` than these keys are on average, which is a sign of a synonym
        (Leeuwenberg et al., 2016, equation 1). ValueError with topn=0, or if there are no other keys.
        """
        nearest = self.most_similar([wa], topn=topn)
        if not nearest:
            raise ValueError(f"topn={topn}: there is no key to compare {wa!r} with; give topn from 1 up")
        return self.similarity(wa, wb) / sum(score for _, score in nearest)
