"""Find phrases. In: strings that are phrases, sentences. Out: sentences with the words of phrases joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._phrases import PhraseFinder, StringMap, make_sentences
from wildvec._text import join_tokens

BATCH_TOKENS = 50_000
GIVEN, ORIGINAL, NPMI = 0, 1, 2  # WV_SCORE_… of csrc/phrases/find.h


class PhraseIndex:
    """Strings with their values, in a map of the C core.

    blob: the strings in UTF-8, each followed by a byte 0. ends: the positions of these bytes. values: float64.
    """

    def __init__(self, blob: NDArray[np.uint8], ends: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        self.blob, self.ends, self.values = blob, ends, values
        self.map = StringMap(blob, ends)
        self.names: list[str | None] = [None] * len(ends)  # those that were decoded

    @classmethod
    def of_strings(cls, strings: Iterable[str], values: Iterable[float]) -> PhraseIndex:
        """Make an index of str. ValueError: one contains NUL."""
        encoded = [string.encode() for string in strings]
        blob = b"\0".join([*encoded, b""])
        if blob.count(0) != len(encoded):
            raise ValueError("a phrase contains a NUL character; remove it")
        ends = np.cumsum(np.fromiter((len(string) + 1 for string in encoded), np.int64, len(encoded))) - 1
        return cls(np.frombuffer(blob, np.uint8), ends, np.fromiter(values, np.float64, len(encoded)))

    def decode(self, numbers: NDArray[np.integer]) -> None:
        """Set the names of these strings."""
        for i in np.unique(numbers).tolist():
            if i >= 0 and self.names[i] is None:
                begin = int(self.ends[i - 1]) + 1 if i else 0
                self.names[i] = self.blob[begin : self.ends[i]].tobytes().decode()


class SentencePhrases:
    """Finds the phrases of an index in sentences, which are iterables of str.

    scoring: GIVEN: the values of the index are scores of phrases. ORIGINAL, NPMI: they are counts of words and
    phrases, and `more` are min_count, len_vocab and corpus_word_count. threshold: a phrase has a higher score.

    >>> index = PhraseIndex.of_strings(["new_york"], [12.0])
    >>> list(SentencePhrases(index, "_", [], 10.0).joined([["new", "york", "city"]]))
    [['new_york', 'city']]
    """

    def __init__(
        self,
        index: PhraseIndex,
        delimiter: str,
        connector_words: Iterable[str],
        threshold: float,
        scoring: int = GIVEN,
        **more: float,
    ) -> None:
        connectors = PhraseIndex.of_strings(sorted(set(connector_words)), [0.0] * len(set(connector_words)))
        self.index = index
        self.finder = PhraseFinder(
            index.map, connectors.map, index.values, delimiter.encode(), scoring, threshold, **more
        )

    def joined(self, sentences: Iterable[Any]) -> Iterator[list[str]]:
        """Yield each sentence with the words of phrases joined.

        Sentences are read ahead in batches, which are small at first. TypeError: a token is no str.
        """
        for batch, (first, last, phrases, _, ends) in self._groups(sentences):
            self.index.decode(phrases)
            tokens = list(chain.from_iterable(batch))
            yield from make_sentences(batch, first, last, phrases, ends, tokens, self.index.names)

    def scored(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield the phrases of a sentence with their scores, and single words with None."""
        for batch, (first, _, phrases, scores, _) in self._groups([sentence]):
            self.index.decode(phrases)
            for begin, phrase, score in zip(first.tolist(), phrases.tolist(), scores.tolist(), strict=True):
                name = self.index.names[phrase] if phrase >= 0 else None
                yield (batch[0][begin], None) if name is None else (name, score)

    def found(self, sentences: Iterable[Any]) -> dict[str, float]:
        """Return the phrases in sentences and their scores (the last one, if they differ)."""
        result: dict[str, float] = {}
        for _, (_, _, phrases, scores, _) in self._groups(sentences):
            self.index.decode(phrases)
            chosen = np.flatnonzero(phrases >= 0)
            for phrase, score in zip(phrases[chosen].tolist(), scores[chosen].tolist(), strict=True):
                result[str(self.index.names[phrase])] = score
        return result

    def _groups(self, sentences: Iterable[Any]) -> Iterator[tuple[list[Any], Any]]:
        items = iter(sentences)
        first, most = 0, 1
        data, lengths = np.empty(1 << 10, np.uint8), np.empty(1 << 7, np.uint32)
        while True:
            ends = np.empty(most, np.int32)
            batch, data, lengths, n_bytes = join_tokens(items, _tokens, first, ends, data, lengths)
            if not batch:
                return
            if n_bytes < 0:
                raise _not_str(batch, first)
            ends = ends[: len(batch)]
            yield batch, self.finder.find(data[:n_bytes], lengths[: int(ends[-1])], ends)
            first += len(batch)
            most = min(8 * most, BATCH_TOKENS)


def _tokens(sentence: Any, number: int) -> list[Any]:
    if isinstance(sentence, (str, bytes)) or not isinstance(sentence, Iterable):
        kind = f"{type(sentence).__name__} {sentence!r}"
        raise TypeError(f"sentence {number} is {kind}; give a list of str")
    return list(sentence)


def _not_str(batch: list[Any], first: int) -> Exception:
    for number, sentence in enumerate(batch, first):
        for position, token in enumerate(sentence):
            if not isinstance(token, str):
                kind = f"{type(token).__name__} {token!r}"
                return TypeError(f"sentence {number}, token {position} is {kind}; phrases are made of str")
    return ValueError("a token contains a lone surrogate; it is not Unicode")
