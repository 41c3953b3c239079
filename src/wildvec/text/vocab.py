"""The vocabulary: distinct tokens, how often each occurs, and the order of their ids."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key, key_bytes

KEEP_ALWAYS = 2**32 - 1


class Vocab:
    """Keys with their counts; a key's place is its id.

    keys: distinct str or int, most frequent first (equal counts in order of first appearance).
    counts: int64, one per key, at least 1.

    >>> vocab = Vocab(["the", "cat"], [7, 2])
    >>> len(vocab), "cat" in vocab, vocab.key_to_index["cat"], vocab.total
    (2, True, 1, 9)
    """

    def __init__(self, keys: Iterable[Key], counts: ArrayLike) -> None:
        self.keys: list[Key] = list(keys)
        self.counts: NDArray[np.int64] = np.asarray(counts, np.int64)
        if self.counts.shape != (len(self.keys),):
            raise ValueError(f"{len(self.keys)} keys need as many counts, not {self.counts.shape}")
        if len(self.counts) and self.counts.min() < 1:
            bad = int(self.counts.argmin())
            raise ValueError(f"count {self.counts[bad]} of {self.keys[bad]!r}: counts start at 1")

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[Key, int] | Iterable[tuple[Key, int]],
        *,
        min_count: int = 5,
        max_final_vocab: int | None = None,
        sorted_vocab: bool = True,
    ) -> Vocab:
        """A vocabulary from a table of frequencies: a mapping, or pairs of key and count.

        min_count: rarer keys are left out. max_final_vocab: at most so many keys; of those that tie
        at the border none is kept. sorted_vocab: False keeps the given order instead of falling
        counts. ValueError if a key comes twice, a count is negative, or no key is left.

        >>> Vocab.from_counts({"a": 5, "b": 9, "c": 1}).keys
        ['b', 'a']
        """
        pairs = list(counts.items() if isinstance(counts, Mapping) else counts)
        keys = [key for key, _ in pairs]
        for place, key in enumerate(keys):
            try:
                key_bytes(key)
            except (TypeError, ValueError) as error:
                raise type(error)(f"key {place}: {error}") from None
        if len(set(keys)) != len(keys):
            twice = Counter(keys).most_common(1)[0][0]
            raise ValueError(f"{twice!r} occurs twice in the table of counts")
        is_count = whole(0, 2**62)
        numbers = np.array([checked(f"count of {key!r}", n, is_count) for key, n in pairs], np.int64)
        places = np.arange(len(numbers))
        chosen = choose(numbers, places, max(min_count, 1), max_final_vocab, sorted_vocab)
        return cls([_plain(keys[i]) for i in chosen.tolist()], numbers[chosen])

    @cached_property
    def key_to_index(self) -> dict[Key, int]:
        """The id of each key, made at the first use; ValueError if a key occurs twice."""
        table = {key: i for i, key in enumerate(self.keys)}
        if len(table) != len(self.keys):
            twice = Counter(self.keys).most_common(1)[0][0]
            raise ValueError(f"{twice!r} occurs twice among the keys")
        return table

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self.key_to_index

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys)

    def __repr__(self) -> str:
        return f"Vocab({len(self):,} keys, {self.total:,} tokens)"

    def keep_thresholds(self, sample: float) -> NDArray[np.uint32]:
        """Subsampling of frequent keys: keep a token if a uniform 32-bit draw is <= its threshold.

        sample: see `keep_chances`.

        >>> Vocab(["the", "cat"], [999_999, 1]).keep_thresholds(1e-3) >> 16
        array([ 2137, 65535], dtype=uint32)
        """
        return (keep_chances(self.counts, sample) * KEEP_ALWAYS).astype(np.uint32)

    def noise_weights(self, ns_exponent: float = 0.75) -> NDArray[np.float64]:
        """How often each key is drawn as a negative, up to a factor: see the function of that name.

        >>> Vocab(["the", "cat"], [16, 1]).noise_weights(0.5)
        array([4., 1.])
        """
        return noise_weights(self.counts, ns_exponent)


def keep_chances(counts: NDArray[np.int64], sample: float) -> NDArray[np.float64]:
    """The chance of a token to be kept by subsampling, for keys that occur so often.

    sample: 0 keeps all; below 1 the share of the corpus above which a key is thinned out (usual: 1e-3); from 1 on a
    number of occurrences. The chance is (sqrt(f/t) + 1) * t/f for a key that occurs f times, with t = sample * total.
    ValueError if sample is negative or not a number.

    >>> keep_chances(np.array([999_999, 1]), 1e-3).round(3)
    array([0.033, 1.   ])
    """
    if not sample >= 0 or math.isinf(sample):
        raise ValueError(f"sample={sample}: give 0 (keep all), a share such as 1e-3, or a count")
    if sample == 0:
        return np.ones(len(counts))
    threshold = sample * counts.sum() if sample < 1 else int(sample * (3 + math.sqrt(5)) / 2)
    return np.minimum((np.sqrt(counts / threshold) + 1) * (threshold / counts), 1.0)


def noise_weights(counts: NDArray[np.int64], ns_exponent: float) -> NDArray[np.float64]:
    """How often keys that occur so often are drawn as negatives, up to a factor: counts ** ns_exponent."""
    return counts.astype(np.float64) ** ns_exponent


def _plain(key: Key) -> Key:
    """The key as a str or int of Python's own."""
    return str(key) if isinstance(key, str) else int(key)


def choose(
    counts: NDArray[np.int64],
    first: NDArray[np.integer],
    min_count: int,
    max_final_vocab: int | None,
    sorted_vocab: bool,
) -> NDArray[np.int64]:
    """Which of the tokens enter the vocabulary, in its order.

    counts, first: one per token; `first` orders tokens by first appearance.
    ValueError that names the limit if none is left.
    """
    least = min_count
    if max_final_vocab is not None:
        if max_final_vocab < 1:
            raise ValueError(f"max_final_vocab={max_final_vocab}: give at least 1, or None")
        if max_final_vocab < len(counts):
            place = len(counts) - 1 - max_final_vocab
            least = max(least, int(np.partition(counts, place)[place]) + 1)
    chosen = np.flatnonzero(counts >= least)
    if not len(chosen):
        most = f"the most frequent occurs {counts.max()} times" if len(counts) else "there is none"
        if least == min_count:
            advice = f"with min_count={min_count}: {most}; lower min_count or give more text"
        else:
            ties = f"too many tokens occur {least - 1} times"
            advice = f"with max_final_vocab={max_final_vocab}: {ties}; raise it"
        raise ValueError(f"no token is left {advice}")
    by = (first[chosen], -counts[chosen]) if sorted_vocab else (first[chosen],)
    return chosen[np.lexsort(by)]
