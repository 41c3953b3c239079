"""Which rows the words of a vocabulary consist of: their own row, and one for each bucket of their n-grams.

In: words. Out: the buckets that occur, which alone have rows, and the row numbers of each word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildvec._train import PATH_PADDING
from wildvec.base.keys import Key
from wildvec.base.ragged import Ragged
from wildvec.text.subwords import find_ngrams

LARGEST_TABLE = 2**24  # buckets; more are sorted


@dataclass(frozen=True, eq=False)
class SubwordIndex:
    """The parts of n words. Rows 0 … n - 1 of their matrix are those of the words, then follow those of the buckets.

    buckets: (n_buckets) the bucket of each further row, in the order in which the words use them first. ids: the rows
    of all words one after the other, and PATH_PADDING more. offsets: (n + 1) where the rows of each word begin in
    `ids`. A word's own row comes first; an n-gram that occurs twice in a word is listed twice.
    """

    buckets: NDArray[np.int32]
    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @classmethod
    def of(
        cls, words: Sequence[Key], min_n: int, max_n: int, bucket: int, all_buckets: bool = False
    ) -> SubwordIndex:
        """Return the index of a list of words.

        all_buckets: Buckets that do not occur have rows too.

        >>> index = SubwordIndex.of(["ab", "abc"], 3, 3, 100)
        >>> index.n_rows, index.ids[: index.offsets[-1]].tolist()
        (6, [0, 2, 3, 1, 2, 4, 5])
        """
        found = find_ngrams(words, min_n, max_n, bucket)
        if all_buckets:
            buckets, numbers = np.arange(bucket, dtype=np.int32), found.values
        else:
            buckets, numbers = _number_buckets(found.values, bucket)
        n = len(words)
        if n + len(buckets) > 2**31 - 1:
            raise ValueError(f"{n:,} words and {len(buckets):,} buckets are too many rows; lower bucket")
        offsets = found.offsets + np.arange(n + 1)
        ids = np.zeros(offsets[-1] + PATH_PADDING, np.int32)
        is_ngram = np.ones(offsets[-1], np.bool_)
        is_ngram[offsets[:-1]] = False
        ids[offsets[:-1]] = np.arange(n, dtype=np.int32)
        ids[: offsets[-1]][is_ngram] = n + numbers
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

    def part(self, first: int, last: int) -> Ragged:
        """Return the rows of the words first … last - 1; last may be beyond the end."""
        offsets = self.offsets[first : last + 1]
        return Ragged(self.ids[offsets[0] : offsets[-1]], offsets - offsets[0])

    def rows_of(self, old: SubwordIndex) -> NDArray[np.int64]:
        """Return the row numbers of the words and buckets of another index, whose words come first here.

        >>> old, new = (SubwordIndex.of(words, 3, 3, 100) for words in (["ab"], ["ab", "abc"]))
        >>> new.rows_of(old).tolist()
        [0, 2, 3]
        """
        order = np.argsort(self.buckets)
        of_buckets = self.n_words + order[np.searchsorted(self.buckets, old.buckets, sorter=order)]
        return np.concatenate([np.arange(old.n_words), of_buckets])

    def uses(self, of_words: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how often each row is used. of_words: how often each word is used."""
        weights = np.repeat(of_words, np.diff(self.offsets))
        return np.bincount(self.ids[: self.offsets[-1]], weights, self.n_rows).astype(np.float64, copy=False)


def _number_buckets(values: NDArray[np.int32], bucket: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the distinct buckets in the order of their first use, and the position of each value among them.

    Most n-grams of a rare word belong to few words. In this order their rows are neighbours in memory, which makes
    training about a tenth faster (measured on a busy machine). If all buckets occur, row b is that of bucket b.
    """
    known = np.arange(bucket, dtype=np.int32)
    if bucket > LARGEST_TABLE:
        known, inverse = np.unique(values, return_inverse=True)
        values = inverse.astype(np.int32)
    first_use = np.full(len(known), len(values))
    first_use[values[::-1]] = np.arange(len(values))[::-1]
    used = np.flatnonzero(first_use < len(values))
    if len(used) == bucket:
        return known, values
    used = used[np.argsort(first_use[used])]
    numbers = np.empty(len(known), np.int32)
    numbers[used] = np.arange(len(used), dtype=np.int32)
    return known[used], numbers[values]
