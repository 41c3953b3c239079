"""Comparisons of vectors by key: cosines, means, ranks, norms and the Word Mover's Distance.

In: keys or vectors. Out: numbers, or keys in an order. `KeyedVectors` has these methods.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.keys import Key
from wildvec.vectors import search, word_movers
from wildvec.vectors.keyed_rows import KeyedRows
from wildvec.vectors.queries import (
    Scores,
    Vector,
    check_items,
    check_keys,
    check_some,
    check_vector,
    check_weights,
    compute_mean,
    is_key,
)

logger = logging.getLogger(__name__)


class Comparisons(KeyedRows):
    """Methods of `KeyedVectors` that compare vectors."""

    def _vector(self, item: Key | Vector) -> Vector:
        """Return the vector of a key, or a vector as it is."""
        if is_key(item) or isinstance(item, bytes):
            return self.get_vector(item)  # type: ignore[arg-type]
        return check_vector(item, self.vector_size)

    def _matrix(self, items: Iterable[Any]) -> Vector:
        vectors = [self._vector(item) for item in items]
        return np.array(vectors, dtype=np.float64).reshape(len(vectors), self.vector_size)

    def _known(self, items: Iterable[Any]) -> list[Any]:
        """Return the items without the keys that have no vector."""
        return [item for item in items if not is_key(item) or item in self]

    # Means and norms

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

    @property
    def norms(self) -> Vector:
        """The length of each vector, (n,), computed at each access: none are stored."""
        squares = np.einsum("ij,ij->i", self.vectors, self.vectors, dtype=np.float64)
        return np.asarray(np.sqrt(squares), dtype=self.vectors.dtype)

    @norms.setter
    def norms(self, norms: None) -> None:
        if norms is not None:
            raise AttributeError("norms are computed from the vectors; change wv.vectors instead")

    def fill_norms(self, force: bool = False) -> None:
        """Do nothing: no norms are stored, so none are out of date. gensim's programs call it."""

    def get_normed_vectors(self) -> Vector:
        """Return a copy of all vectors, scaled to length 1, (n, vector_size); zeros stay zeros."""
        return np.asarray(self.vectors / self._divisors())

    def unit_normalize_all(self) -> None:
        """Scale all vectors to length 1; zeros stay zeros. A model should not be trained further afterwards."""
        if self.vectors.flags.writeable:
            np.divide(self.vectors, self._divisors(), out=self.vectors)
        else:  # of a memory-mapped file
            self.vectors = self.get_normed_vectors()

    def _divisors(self) -> Vector:
        norms = self.norms
        norms[norms == 0] = 1
        return norms[:, None]

    # Cosines

    def similarity(self, w1: Key | Vector, w2: Key | Vector) -> float:
        """Return the cosine of two keys (or vectors), in [-1, 1], in double precision; 0 with a zero vector."""
        return search.cosine(*self._matrix([w1, w2]))

    def distance(self, w1: Key | Vector, w2: Key | Vector) -> float:
        """Return 1 - similarity(w1, w2), in [0, 2]."""
        return 1 - self.similarity(w1, w2)

    def n_similarity(self, ws1: Iterable[Key | Vector], ws2: Iterable[Key | Vector]) -> float:
        """Return the cosine of the mean vectors of two lists of keys (or vectors).

        Keys without a vector are left out; it is 0 if no key is left. ValueError if a list is empty.
        """
        lists = [check_some(name, check_items(name, items)) for name, items in (("ws1", ws1), ("ws2", ws2))]
        known = [self._known(items) for items in lists]
        if not all(known):
            return 0.0
        return search.cosine(*(self._matrix(items).mean(axis=0) for items in known))

    def similarities(
        self, item: Key | Vector, others: Iterable[Key] | None = None, *, workers: int | None = None
    ) -> Scores:
        """Return the cosine of a key or vector with each of `others`, by default with all keys: (n,)."""
        matrix = self.vectors if others is None else self[check_keys("others", others)]
        scores: Scores = search.cosines(self._vector(item)[None], matrix, workers=workers)[0]
        return scores

    def distances(self, word_or_vector: Key | Vector, other_words: Iterable[Key] | None = ()) -> Scores:
        """Return 1 - cosine of a key or vector with each of `other_words`, with all keys if there are none."""
        others = check_keys("other_words", () if other_words is None else other_words)
        return np.float32(1) - self.similarities(word_or_vector, others or None)

    @staticmethod
    def cosine_similarities(vector_1: ArrayLike, vectors_all: ArrayLike) -> Scores:
        """Return the cosine of a vector (dim,) with each row of a matrix (n, dim), as float32 (n,); 0 for zeros.

        >>> from wildvec import KeyedVectors
        >>> KeyedVectors.cosine_similarities([2.0, 0.0], [[1.0, 0.0], [0.0, 3.0]]).tolist()
        [1.0, 0.0]
        """
        rows = np.asarray(vectors_all)
        rows = rows if rows.dtype.kind == "f" else rows.astype(np.float64)
        scores: Scores = search.cosines(np.asarray(vector_1)[None], rows)[0]
        return scores

    # Ranks

    def closer_than(self, key1: Key, key2: Key) -> list[Key]:
        """Return the keys, other than `key1`, that are nearer to `key1` than `key2` is, in the order of the rows."""
        scores = self.similarities(key1)
        scores[np.isnan(scores)] = -np.inf  # such a row ranks behind all others
        own = self.get_index(key1, -1)
        nearer = np.flatnonzero(scores > scores[self.get_index(key2)]).tolist()
        return [self.index_to_key[row] for row in nearer if row != own]

    def rank(self, key1: Key, key2: Key) -> int:
        """Return the rank of `key2` among the keys nearest to `key1`: 1 for the nearest."""
        return len(self.closer_than(key1, key2)) + 1

    def most_similar_to_given(self, key1: Key, keys_list: Iterable[Key]) -> Key:
        """Return the key of `keys_list` that is nearest to `key1`."""
        given = check_some("keys_list", check_keys("keys_list", keys_list))
        return given[int(np.argmax(self.similarities(key1, given)))]

    def rank_by_centrality(self, words: Iterable[Key], use_norm: bool = True) -> list[tuple[float, Key]]:
        """Return (cosine with the mean of all, key) of each key, the nearest to the mean first.

        use_norm: scale the vectors to length 1 before their mean is computed. Keys without a vector are left out,
        with a logged warning.

        Raises:
            ValueError: No key has a vector.
            TypeError: A str instead of a list.
        """
        keys = check_keys("words", words)
        known = self._known(keys)
        if not known:
            raise ValueError(f"none of the keys {keys!r} is in the vocabulary; give at least one that is")
        if len(known) < len(keys):
            logger.warning(
                "left out keys that are not in the vocabulary: %r", [k for k in keys if k not in self]
            )
        vectors = self._matrix(known)
        units = search.unit(vectors)
        mean = (units if use_norm else vectors).mean(axis=0)
        scores = (units @ search.unit(mean[None])[0]).tolist()
        return sorted(zip(scores, known, strict=True), key=lambda pair: -pair[0])

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """Return the key that is farthest from the mean of all.

        Keys that are not in the vocabulary are left out, with a logged warning. ValueError if no key is
        in it, TypeError for a str instead of a list.

        >>> import numpy as np
        >>> from wildvec import KeyedVectors
        >>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.eye(3)[[0, 0, 1]])
        >>> wv.doesnt_match(["a", "b", "c"])
        'c'
        """
        return self.rank_by_centrality(words)[-1][1]

    # Documents

    def wmdistance(self, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True) -> float:
        """Return the Word Mover's Distance of two documents (Kusner et al., 2015).

        It is the least total distance that the words of one document move to become those of the other, where each
        word has its fraction of the document. Words without a vector are left out; without any word left, it is inf.

        Args:
            document1: A list of keys.
            document2: A list of keys.
            norm: Scale the vectors to length 1 first.

        Raises:
            ImportError: POT is not installed: pip install 'wildvec[wmd]'.
            TypeError: A str instead of a list.
        """
        first, second = check_keys("document1", document1), check_keys("document2", document2)
        known = self._known(first), self._known(second)
        n_missing = len(first) - len(known[0]), len(second) - len(known[1])
        if any(n_missing):
            logger.info("left out %d and %d words that are not in the vocabulary", *n_missing)
        return word_movers.distance(*known, lambda keys: self._document_vectors(keys, norm))

    def _document_vectors(self, keys: list[Key], norm: bool) -> NDArray[np.float64]:
        vectors = self._matrix(keys)
        return search.unit(vectors) if norm else vectors
