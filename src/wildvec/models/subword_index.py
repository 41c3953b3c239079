"""Which rows the words of a vocabulary consist of: their own row, and one for each bucket of their n-grams.

In: words. Out: the buckets that occur, which alone have rows, and the row numbers of each word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildvec._train import PATH_PADDING
from wildvec.base.keys import Key
from wildvec.text.subwords import find_ngrams

LARGEST_TABLE = 2**26  # buckets; more are sorted


@dataclass(frozen=True, eq=False)
class SubwordIndex:
    """The parts of n words. Rows 0 … n - 1 of their matrix are those of the words, then follow those of the buckets.

    buckets: (n_buckets) the bucket of each further row, ascending. ids: the rows of all words one after the other,
    and PATH_PADDING more. offsets: (n + 1) where the rows of each word begin in `ids`. A word's own row comes first;
    an n-gram that occurs twice in a word is listed twice.
    """

    buckets: NDArray[np.int32]
    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, words: list[Key], min_n: int, max_n: int, bucket: int) -> SubwordIndex:
        """Return the index of a list of words.

        >>> index = SubwordIndex.of(["ab", "abc"], 3, 3, 100)
        >>> index.n_rows, index.ids[: index.offsets[-1]].tolist()
        (6, [0, 3, 5, 1, 3, 4, 2])
        """
        found = find_ngrams(words, min_n, max_n, bucket)
        buckets = _distinct(found.values, bucket)
        n = len(words)
        if n + len(buckets) > 2**31 - 1:
            raise ValueError(f"{n:,} words and {len(buckets):,} buckets are too many rows; lower bucket")
        offsets = found.offsets + np.arange(n + 1)
        ids = np.zeros(offsets[-1] + PATH_PADDING, np.int32)
        is_ngram = np.ones(offsets[-1], np.bool_)
        is_ngram[offsets[:-1]] = False
        ids[offsets[:-1]] = np.arange(n, dtype=np.int32)
        ids[: offsets[-1]][is_ngram] = n + np.searchsorted(buckets, found.values).astype(np.int32)
        return cls(buckets, ids, offsets)

    @property
    def n_words(self) -> int:
        """The number of words."""
        return len(self.offsets) - 1

    @property
    def n_rows(self) -> int:
        """The number of rows of words and buckets."""
        return self.n_words + len(self.buckets)

    @property
    def most_parts(self) -> int:
        """The number of rows of the word that has most; 1 if there is no word."""
        return int(np.diff(self.offsets).max(initial=1))

    def uses(self, of_words: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how often each row is used. of_words: how often each word is used."""
        weights = np.repeat(of_words, np.diff(self.offsets))
        return np.bincount(self.ids[: self.offsets[-1]], weights, self.n_rows)


def _distinct(values: NDArray[np.int32], bucket: int) -> NDArray[np.int32]:
    if bucket > LARGEST_TABLE:
        return np.unique(values)
    occurs = np.zeros(bucket, np.bool_)
    occurs[values] = True
    return np.flatnonzero(occurs).astype(np.int32)
