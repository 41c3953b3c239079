"""The vocabulary. In: distinct tokens and their counts. Out: their ids, and weights for subsampling and negatives."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key, key_bytes
from wildvec.text.trimming import TrimRule, apply_rule

Ids = NDArray[np.int32]

NULL_WORD = "\0"  # a key that no text contains
KEEP_ALWAYS = 2**32 - 1
MAX_TOTAL = 2**62  # of all counts; half of what int64 holds, so that sums cannot overflow


class Vocab:
    """Keys with their counts. The id of a key is its position.

    keys: distinct str or int, usually the most frequent first. counts: int64, one per key, at least 1, at most 2**62
    together. ValueError: they are not.

    Attributes: `tree`, the Huffman tree of a model of another program, which joins equal counts in another order (see
    `training.huffman.paths_of`); None: the tree of the counts.

    >>> vocab = Vocab(["the", "cat"], [7, 2])
    >>> len(vocab), "cat" in vocab, vocab.key_to_index["cat"], vocab.total
    (2, True, 1, 9)
    """

    def __init__(self, keys: Iterable[Key], counts: ArrayLike) -> None:
        self.keys: list[Key] = list(keys)
        self.counts: NDArray[np.int64] = _whole_numbers(counts)
        self.tree: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], int] | None = None
        if self.counts.shape != (len(self.keys),):
            raise ValueError(f"{len(self.keys)} keys need as many counts, not {self.counts.shape}")
        if len(self.counts) and self.counts.min() < 1:
            bad = int(self.counts.argmin())
            raise ValueError(f"count {self.counts[bad]} of {self.keys[bad]!r}: counts start at 1")
        total = self.counts.sum(dtype=np.float64)  # which cannot overflow
        if total > MAX_TOTAL:
            raise ValueError(
                f"the counts add up to {total:.3g}; at most 2**62 is possible, so divide them all"
            )

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[Key, int] | Iterable[tuple[Key, int]],
        *,
        min_count: int = 5,
        max_final_vocab: int | None = None,
        sorted_vocab: bool = True,
        trim_rule: TrimRule | None = None,
        grow: Vocab | None = None,
    ) -> Vocab:
        """Make a vocabulary from a table of frequencies: a mapping, or pairs of key and count.

        min_count: rarer keys are left out. max_final_vocab: the most keys; if several keys share the count at this
        limit, all of them are left out. sorted_vocab: False keeps the given order; True sorts by falling count.
        trim_rule, grow: see `VocabRules`.
        TypeError: a key is neither str nor int, or a count is no whole number. ValueError: a key occurs twice, a
        count is negative, the counts exceed 2**62 together, or no key is left.

        >>> Vocab.from_counts({"a": 5, "b": 9, "c": 1}).keys
        ['b', 'a']
        """
        pairs = list(counts.items() if isinstance(counts, Mapping) else counts)
        keys = [key for key, _ in pairs]
        for position, key in enumerate(keys):
            try:
                key_bytes(key)
            except (TypeError, ValueError) as error:
                raise type(error)(f"key {position}: {error}") from None
        if len(set(keys)) != len(keys):
            twice = Counter(keys).most_common(1)[0][0]
            raise ValueError(f"{twice!r} occurs twice in the table of counts")
        is_count = whole(0, MAX_TOTAL)
        numbers = np.array([checked(f"count of {key!r}", n, is_count) for key, n in pairs], np.int64)
        rules = VocabRules(min_count, max_final_vocab, sorted_vocab, trim_rule, grow)
        return rules.choose(
            numbers, np.arange(len(numbers)), lambda chosen: [_plain(keys[i]) for i in chosen]
        )[0]

    @cached_property
    def key_to_index(self) -> dict[Key, int]:
        """The id of each key, computed at the first use. ValueError: a key occurs twice."""
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
        """Return a threshold per key for subsampling: keep a token if a uniform 32-bit draw is <= its threshold.

        sample: see `keep_chances`.

        >>> Vocab(["the", "cat"], [999_999, 1]).keep_thresholds(1e-3) >> 16
        array([ 2137, 65535], dtype=uint32)
        """
        return (keep_chances(self.counts, sample) * KEEP_ALWAYS).astype(np.uint32)

    def noise_weights(self, ns_exponent: float = 0.75) -> NDArray[np.float64]:
        """Return a weight per key for drawing negatives; see the function `noise_weights`.

        >>> Vocab(["the", "cat"], [16, 1]).noise_weights(0.5)
        array([4., 1.])
        """
        return noise_weights(self.counts, ns_exponent)


def keep_chances(counts: NDArray[np.int64], sample: float) -> NDArray[np.float64]:
    """Return the chance of each key's tokens to be kept by subsampling (Mikolov et al. 2013, as in word2vec.c).

    counts: occurrences of each key. sample: 0 keeps all. Below 1: keys whose fraction of the corpus is larger are
    subsampled (1e-3 is usual). From 1 on: the same as a number of occurrences. A key that occurs f times has the
    chance (sqrt(f/t) + 1) * t/f, with t = sample * total. ValueError: sample is negative or not finite.

    >>> keep_chances(np.array([999_999, 1]), 1e-3).round(3)
    array([0.033, 1.   ])
    """
    if not sample >= 0 or math.isinf(sample):
        raise ValueError(f"sample={sample}: give 0 (keep all), a fraction such as 1e-3, or a count")
    if sample == 0:
        return np.ones(len(counts))
    threshold = sample * counts.sum() if sample < 1 else int(sample * (3 + math.sqrt(5)) / 2)
    return np.minimum((np.sqrt(counts / threshold) + 1) * (threshold / counts), 1.0)


def noise_weights(counts: NDArray[np.int64], ns_exponent: float) -> NDArray[np.float64]:
    """Return the weight of each key as a negative: counts ** ns_exponent. The weights are not normalised."""
    return counts.astype(np.float64) ** ns_exponent


class EmptyVocabError(ValueError, RuntimeError):
    """No token is left for the vocabulary. It is a RuntimeError too, as in gensim."""


@dataclass(frozen=True)
class VocabRules:
    """Which tokens of a text enter the vocabulary, and in which order.

    Attributes:
        min_count: Rarer tokens are left out.
        max_final_vocab: The most tokens in the vocabulary; min_count is raised until it fits.
        sorted_vocab: True: the most frequent token first. False: in the order of first appearance.
        trim_rule: A function of (token, count, min_count) that returns RULE_KEEP, RULE_DISCARD or RULE_DEFAULT
            (min_count decides), the constants of gensim.utils.
        grow: A vocabulary that becomes larger: its keys keep their ids whatever their counts are, counts are added,
            and new keys follow. The other rules hold for new keys only, but max_final_vocab counts them all.
    """

    min_count: int = 5
    max_final_vocab: int | None = None
    sorted_vocab: bool = True
    trim_rule: TrimRule | None = None
    grow: Vocab | None = None

    def __post_init__(self) -> None:
        checked("min_count", self.min_count, whole(0))
        checked("max_final_vocab", self.max_final_vocab, whole(1, none="no bound"))

    def choose(
        self,
        counts: NDArray[np.int64],
        first: NDArray[np.integer],
        keys_of: Callable[[NDArray[np.int64]], Iterable[Key]],
    ) -> tuple[Vocab, Ids]:
        """Return the vocabulary, and the id in it of each token; -1: it is left out.

        counts, first: one per token; `first` orders the tokens by first appearance. keys_of: returns the keys of
        some tokens, given by their indices.

        Raises:
            EmptyVocabError: No token is left; the text names the limit.
        """
        ids = np.full(len(counts), -1, np.int32)
        if self.grow is None:
            chosen = self._select(np.arange(len(counts)), counts, first, self.max_final_vocab, keys_of)
            ids[chosen] = np.arange(len(chosen), dtype=np.int32)
            return Vocab(keys_of(chosen), counts[chosen]), ids
        known, old = self.grow.key_to_index, self.grow
        ids[:] = [known.get(key, -1) for key in keys_of(np.arange(len(counts)))]
        total = old.counts.copy()
        np.add.at(total, ids[ids >= 0], counts[ids >= 0])
        chosen = self._select_new(np.flatnonzero(ids < 0), counts, first, keys_of)
        ids[chosen] = np.arange(len(old), len(old) + len(chosen), dtype=np.int32)
        return Vocab([*old.keys, *keys_of(chosen)], np.concatenate([total, counts[chosen]])), ids

    def _select_new(
        self,
        tokens: NDArray[np.int64],
        counts: NDArray[np.int64],
        first: NDArray[np.integer],
        keys_of: Callable[[NDArray[np.int64]], Iterable[Key]],
    ) -> NDArray[np.int64]:
        """Return those of some tokens that are added to the vocabulary; perhaps none."""
        most = self.max_final_vocab
        if most is not None and self.grow is not None:
            most -= len(self.grow)
        if not len(tokens) or (most is not None and most < 1):
            return tokens[:0]
        try:
            return self._select(tokens, counts, first, most, keys_of)
        except EmptyVocabError:
            return tokens[:0]

    def _select(
        self,
        tokens: NDArray[np.int64],
        counts: NDArray[np.int64],
        first: NDArray[np.integer],
        max_final_vocab: int | None,
        keys_of: Callable[[NDArray[np.int64]], Iterable[Key]],
    ) -> NDArray[np.int64]:
        rule = self.trim_rule

        def keep(counts: NDArray[np.int64], least: int) -> NDArray[np.bool_]:
            return apply_rule(rule, keys_of(tokens), counts, least) if rule else counts >= least

        least = max(self.min_count, 1)
        return tokens[
            select_tokens(counts[tokens], first[tokens], least, max_final_vocab, self.sorted_vocab, keep)
        ]


def raise_min_count(counts: NDArray[np.int64], min_count: int, max_final_vocab: int | None) -> int:
    """Return the smallest count from min_count on with which at most max_final_vocab tokens are left.

    >>> raise_min_count(np.array([9, 5, 5, 1]), 1, 2)
    6
    """
    if max_final_vocab is None:
        return min_count
    if max_final_vocab < 1:
        raise ValueError(f"max_final_vocab={max_final_vocab}: give at least 1, or None")
    if max_final_vocab >= len(counts):
        return min_count
    position = len(counts) - 1 - max_final_vocab
    return max(min_count, int(np.partition(counts, position)[position]) + 1)


def select_tokens(
    counts: NDArray[np.int64],
    first: NDArray[np.integer],
    min_count: int,
    max_final_vocab: int | None,
    sorted_vocab: bool,
    keep: Callable[[NDArray[np.int64], int], NDArray[np.bool_]] = lambda counts, least: counts >= least,
) -> NDArray[np.int64]:
    """Return the indices of the tokens that enter the vocabulary, in its order.

    counts, first: one per token; `first` orders the tokens by first appearance. keep: returns which tokens are kept,
    from all counts and the smallest one.
    EmptyVocabError: no token is left; the text names the limit.
    """
    least = raise_min_count(counts, min_count, max_final_vocab)
    chosen = np.flatnonzero(keep(counts, least))
    if not len(chosen):
        most = f"the most frequent occurs {counts.max()} times" if len(counts) else "there is none"
        if least == min_count:
            advice = f"with min_count={min_count}: {most}; lower min_count or give more text"
        else:
            ties = f"too many tokens occur {least - 1} times"
            advice = f"with max_final_vocab={max_final_vocab}: {ties}; raise it"
        raise EmptyVocabError(f"no token is left {advice}")
    by = (first[chosen], -counts[chosen]) if sorted_vocab else (first[chosen],)
    return chosen[np.lexsort(by)]


def _whole_numbers(counts: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(counts)
    if given.dtype.kind == "f" and given.size and not np.array_equal(given, np.trunc(given)):
        raise ValueError("a count is not a whole number; round the counts")
    if given.dtype.kind in "fu" and given.size and np.abs(given).max() > MAX_TOTAL:
        raise ValueError(f"a count is {given.max():.3g}; at most 2**62 is possible, so divide them all")
    return given.astype(np.int64, copy=False)


def _plain(key: Key) -> Key:
    """Return the key as Python's str or int."""
    return str(key) if isinstance(key, str) else int(key)
