"""Vectors of words from the rows of their character n-grams.

Bojanowski, Grave, Joulin, Mikolov (2017), "Enriching Word Vectors with Subword Information".

In: rows of words, rows of buckets, and words. Out: the mean of the rows of each word.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec import _search
from wildvec.base.keys import Key
from wildvec.base.progress import progress_bar
from wildvec.base.threads import check_workers, in_order
from wildvec.text.subwords import find_ngrams

Floats = NDArray[np.float32]

WORDS_AT_ONCE = 2_000  # in one call of a thread
FEW_WORDS = 2_000  # for which a table of all buckets is not worth its time
BUCKETS_AT_ONCE = 1_024  # whose rows are drawn together
EOS = "</s>"  # the end of a line; it has no n-grams


@dataclass(eq=False)
class SubwordRows:
    """Rows of buckets, and the rule that says which n-grams a word has.

    Attributes:
        ngrams: Float32 (n_rows, dim).
        buckets: The bucket of each row (int32); None: row b is that of bucket b.
        order: The numbers of the rows by ascending bucket, if `buckets` are given.
        bucket: Number of buckets.
        min_n, max_n: Characters of the shortest and the longest n-gram.
    """

    ngrams: Floats
    buckets: NDArray[np.int32] | None
    bucket: int
    min_n: int
    max_n: int
    order: NDArray[np.intp] | None = None

    def has_ngrams(self, word: Key) -> bool:
        """Return whether a word has n-grams, with or without rows.

        >>> rows = SubwordRows(np.zeros((9, 2), np.float32), None, 9, 3, 6)
        >>> rows.has_ngrams("a"), rows.has_ngrams(""), rows.has_ngrams("</s>")
        (True, False, False)
        """
        if not self.bucket or self.max_n < max(self.min_n, 1) or word == EOS:
            return False
        length = len(str(word)) + 2  # with < and >, which alone are no n-grams
        return max(self.min_n, 1) <= length and (length > 2 or self.max_n > 1)

    def compose(self, words: Sequence[Key], own: Floats | None = None, workers: int | None = None) -> Floats:
        """Return the mean of the rows of each word, float32 (n, dim).

        Buckets without a row are left out; a word without any row has a vector of zeros.

        Args:
            words: n words.
            own: Rows of the words themselves (n, dim), which are part of the mean; None: only n-grams.
            workers: Threads; None: all CPUs.
        """
        n = len(words)
        vectors = np.empty((n, self.ngrams.shape[1]), np.float32)
        ngrams, own = _as_rows(self.ngrams), None if own is None else _as_rows(own)
        row_of = self._row_of_bucket() if self.buckets is not None and n > FEW_WORDS else None

        def step(first: int) -> int:
            block = slice(first, min(first + WORDS_AT_ONCE, n))
            found = find_ngrams(words[block], self.min_n, self.max_n, self.bucket)
            rows = self._rows(found.values) if row_of is None else row_of[found.values]
            _search.mean_rows(
                ngrams, rows, found.offsets, vectors[block], None if own is None else own[block]
            )
            return block.stop - first

        firsts = range(0, n, WORDS_AT_ONCE)
        steps = [step] * min(check_workers(workers), max(1, len(firsts)))
        with progress_bar(n, "n-grams", " words") as bar, closing(in_order(steps, firsts)) as done:
            for count in done:
                bar.update(count)
        return vectors

    def _rows(self, found: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the row of each bucket, -1 for one without a row."""
        if self.buckets is None:
            return found
        if not len(self.buckets):
            return np.full(len(found), -1, np.int32)
        order = np.argsort(self.buckets) if self.order is None else self.order
        places = np.searchsorted(self.buckets, found, sorter=order)
        places[places == len(order)] = 0
        rows: NDArray[np.int32] = order[places].astype(np.int32)
        rows[self.buckets[rows] != found] = -1
        return rows

    def _row_of_bucket(self) -> NDArray[np.int32]:
        """Return the row of every bucket, as `_rows` does."""
        row_of = np.full(self.bucket, -1, np.int32)
        row_of[self.buckets] = np.arange(len(self.ngrams), dtype=np.int32)
        return row_of


def _as_rows(matrix: NDArray[Any]) -> Floats:
    """Return a matrix whose rows the C core can read in place."""
    if matrix.dtype == np.float32 and matrix.strides[1] == 4 and matrix.strides[0] % 4 == 0:
        return matrix
    return np.ascontiguousarray(matrix, np.float32)


def fill_rows(
    ngrams: Floats, buckets: NDArray[np.int32], order: NDArray[np.intp], first: int, last: int, seed: int
) -> Floats:
    """Return the rows of all buckets from `first` to `last` - 1, float32 (last - first, dim).

    Rows that are not given are drawn by (seed, bucket), uniform in ±1 / dim as in fastText.

    Args:
        ngrams: The rows that are given (n, dim).
        buckets: Their buckets.
        order: The numbers of the rows by ascending bucket.
        first: The first bucket.
        last: The end of the buckets.
        seed: From 0 up.
    """
    blocks = range(first // BUCKETS_AT_ONCE, -(-last // BUCKETS_AT_ONCE))
    drawn = np.concatenate([ngrams[:0], *(_draw(seed, block, ngrams.shape[1]) for block in blocks)])
    start = blocks.start * BUCKETS_AT_ONCE
    at, to = np.searchsorted(buckets, [first, last], sorter=order).tolist()
    given = order[at:to]
    drawn[buckets[given] - start] = ngrams[given]
    return np.asarray(drawn[first - start : last - start])


def _draw(seed: int, block: int, dim: int) -> Floats:
    values = np.random.default_rng([seed, block]).random((BUCKETS_AT_ONCE, dim), np.float32)
    return (values * np.float32(2) - np.float32(1)) / np.float32(dim)
