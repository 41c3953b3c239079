"""Phrases: words that occur together much more often than by chance, such as "new york", become one token.

Mikolov, Sutskever, Chen, Corrado, Dean (2013), "Distributed Representations of Words and Phrases and their
Compositionality". The other score is that of Bouma (2009), "Normalized (Pointwise) Mutual Information in Collocation
Extraction". The interface is gensim's.
"""

from __future__ import annotations

import inspect
import itertools
import logging
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from wildvec.base.keys import key_bytes
from wildvec.base.threads import check_workers
from wildvec.io import atomic
from wildvec.models import phrases_stored
from wildvec.models.gensim_names import refuse_unknown
from wildvec.text.phrase_counts import PhraseCounts
from wildvec.text.phrase_files import join_files
from wildvec.text.phrase_finder import GIVEN, NPMI, ORIGINAL, PhraseIndex, SentencePhrases

logger = logging.getLogger(__name__)

ENGLISH_CONNECTOR_WORDS = frozenset(
    ["a", "an", "the", "for", "of", "with", "without", "at", "from", "to", "in", "on", "by", "and", "or"]
)
SCORER_ARGUMENTS = (
    *("worda_count", "wordb_count", "bigram_count"),
    *("len_vocab", "min_count", "corpus_word_count"),
)

Scorer = Callable[..., float]


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Return the score of Mikolov et al. (2013): (bigram - min_count) / (worda * wordb) * len_vocab.

    It is -inf if a word has the count 0. corpus_word_count is not used.

    >>> original_scorer(10, 20, 8, 1000, 5, 0)
    15.0
    """
    product = worda_count * wordb_count
    return (bigram_count - min_count) / float(product) * len_vocab if product else -math.inf


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Return the normalised pointwise mutual information of Bouma (2009), in [-1, 1].

    It is -inf if a count is 0 or the bigram occurs less than min_count times. len_vocab is not used.

    >>> round(npmi_scorer(10, 10, 10, 0, 5, 1000), 3)
    1.0
    """
    if bigram_count < min_count or not (worda_count and wordb_count and bigram_count):
        return -math.inf
    total = float(corpus_word_count)
    both = bigram_count / total
    return math.log(both / (worda_count / total * (wordb_count / total))) / -math.log(both)


SCORERS: Mapping[str, Scorer] = {"default": original_scorer, "npmi": npmi_scorer}
KERNELS = {original_scorer: ORIGINAL, npmi_scorer: NPMI}


def check_scorer(scoring: str | Scorer) -> Scorer:
    """Return the scorer of a name, or a function after a check of its parameters.

    ValueError: the name is unknown or a parameter is missing. TypeError: it is neither a str nor a function.
    """
    if isinstance(scoring, str):
        if scoring not in SCORERS:
            raise ValueError(f"scoring={scoring!r}: give 'default', 'npmi' or a function")
        return SCORERS[scoring]
    if not callable(scoring):
        raise TypeError(f"scoring={scoring!r}: give 'default', 'npmi' or a function")
    missing = [name for name in SCORER_ARGUMENTS if name not in inspect.getfullargspec(scoring).args]
    if missing:
        raise ValueError(f"the scoring function lacks the parameters {', '.join(missing)}")
    return scoring


class PhrasesTransformation:
    """What Phrases and FrozenPhrases share. A subclass implements `score_candidate`.

    connector_words: words that can stand inside of a phrase, but not begin or end it.
    """

    def __init__(self, connector_words: Iterable[str]) -> None:
        self.connector_words = frozenset(connector_words)

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase from word_a to word_b and its score, or (None, None) if it is none.

        in_between: the connector words between them.
        """
        raise NotImplementedError("a subclass must implement score_candidate")

    def _finder(self) -> SentencePhrases | None:
        """Return a fast finder with the same results as `score_candidate`; None: there is none."""
        return None

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield the phrases of a sentence with their scores, and single words with None.

        >>> phrases = Phrases([["new", "york"]] * 3, min_count=1, threshold=0.1)
        >>> list(phrases.analyze_sentence(["new", "york", "city"]))
        [('new_york', 0.6666666666666666), ('city', None)]
        """
        finder = self._finder()
        return self._analyze(sentence) if finder is None else finder.scored(sentence)

    def _analyze(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        candidate: list[str] = []  # a word and the connector words behind it
        for word in sentence:
            if word in self.connector_words:
                if candidate:
                    candidate.append(word)
                else:
                    yield word, None
                continue
            phrase, score = None, None
            if candidate:
                phrase, score = self.score_candidate(candidate[0], word, candidate[1:])
            if phrase is not None and score is not None:
                yield phrase, score
                candidate = []
            else:
                yield from ((single, None) for single in candidate)
                candidate = [word] if word else []  # gensim leaves out empty words
        yield from ((single, None) for single in candidate)

    def _joined(self, sentences: Iterable[Any]) -> Iterator[list[str]]:
        finder = self._finder()
        if finder is not None:
            return finder.joined(sentences)
        return ([token for token, _ in self._analyze(sentence)] for sentence in sentences)

    def __getitem__(self, sentence: Any) -> Any:
        """Return a sentence with the words of phrases joined; of a corpus, an iterable of such sentences.

        sentence: Iterable of str, or of sentences. The result for a corpus can be iterated as often as the corpus.
        """
        if isinstance(sentence, (str, bytes)):
            raise TypeError(
                f"{sentence!r} is a {type(sentence).__name__}; give a list of words, or of sentences"
            )
        items = iter(sentence)
        head = list(itertools.islice(items, 1))
        restored = itertools.chain(head, items)
        if not head or isinstance(head[0], str):
            return next(iter(self._joined([restored])), [])
        return JoinedSentences(self, restored if items is sentence else sentence)

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """Return the phrases that occur in some sentences, and their scores.

        >>> Phrases([["new", "york"]] * 3, min_count=1, threshold=0.1).find_phrases([["new", "york"]])
        {'new_york': 0.6666666666666666}
        """
        finder = self._finder()
        if finder is not None:
            return finder.found(sentences)
        pairs = itertools.chain.from_iterable(map(self._analyze, sentences))
        return {phrase: score for phrase, score in pairs if score is not None}

    def join_file(
        self, corpus_file: Any, output: str | os.PathLike[str], *, workers: int | None = None
    ) -> int:
        """Write text files with the words of phrases joined; return the bytes written.

        corpus_file: Path, list of paths, folder or pattern; UTF-8, one sentence in a line. output: The file to write;
        .gz, .bz2 and .xz compress. workers: Threads. Words are then separated by one space.
        ValueError: a custom scoring function cannot be used here; give `freeze()` instead.
        """
        finder = self._finder()
        if finder is None:
            raise ValueError("a custom scoring function is not supported here; call freeze() first")
        with atomic.write_atomically(output) as stream:
            return join_files(finder.finder, corpus_file, stream, check_workers(workers))

    def save(self, path: str | os.PathLike[str], *args: Any, **kwargs: Any) -> None:
        """Write to a native file. Other arguments of gensim are accepted and not used."""
        phrases_stored.save(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str], mmap: Any = None) -> Self:
        """Read a native file, or one that gensim saved. mmap: accepted and not used.

        ValueError: it is another or a damaged file. UnpicklingError: a pickle that contains other things than
        phrases.
        """
        return phrases_stored.load(path, cls)

    def __repr__(self) -> str:
        return str(self)


class JoinedSentences:
    """The sentences of a corpus with the words of phrases joined; made anew in each iteration."""

    def __init__(self, model: PhrasesTransformation, corpus: Iterable[Any]) -> None:
        self.obj = model
        self.corpus = corpus

    def __iter__(self) -> Iterator[list[str]]:
        return self.obj._joined(self.corpus)

    def __len__(self) -> int:
        return len(self.corpus)  # type: ignore[arg-type]


class Phrases(PhrasesTransformation):
    """Counts words and pairs of neighbouring words, and finds the pairs that are phrases.

    Args:
        sentences: Iterable of lists of str, or a file; see `Corpus.read` for the sources. None: call `add_vocab`.
        min_count: Pairs that occur less often are no phrases; the default score subtracts it from counts.
        threshold: A phrase has a higher score.
        max_vocab_size: After a sentence with which there are more distinct words and pairs, the rarest are dropped.
        delimiter: Stands between the words of a phrase.
        progress_per: Not used; a bar shows the progress.
        scoring: "default" (`original_scorer`), "npmi" (`npmi_scorer`) or a function with the same parameters.
        connector_words: Words that can stand inside of a phrase ("bank of america"), but not begin or end it; they
            are not counted. For English use ENGLISH_CONNECTOR_WORDS.
        workers: Threads; default: the CPUs that this process may use.
        others: None; names of older gensim get an error that names today's.

    min_count, threshold, scoring and connector_words may be changed later; they apply to the next query.

    Attributes:
        vocab: The count of each word and pair, as a dict that is computed when it is used.
        corpus_word_count: Number of words read.
        min_reduce: The next pruning drops words and pairs with a lower count.

    Raises:
        ValueError: A setting is out of range. TypeError: a token is no str.

    >>> sentences = [["new", "york", "city"], ["new", "york"], ["a", "new", "city"]]
    >>> phrases = Phrases(sentences, min_count=1, threshold=0.5)
    >>> phrases[["in", "new", "york"]]
    ['in', 'new_york']
    >>> phrases.export_phrases()
    {'new_york': 1.3333333333333333}
    """

    def __init__(
        self,
        sentences: Any = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: float = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Scorer = "default",
        connector_words: Iterable[str] = frozenset(),
        *,
        workers: int | None = None,
        **others: Any,
    ) -> None:
        refuse_unknown(others)
        super().__init__(connector_words)
        if not min_count > 0:
            raise ValueError(f"min_count={min_count}: give at least 1")
        if not threshold > 0 and scoring == "default":
            raise ValueError(f"threshold={threshold}: the default scoring needs a number above 0")
        if scoring == "npmi" and not -1 <= threshold <= 1:
            raise ValueError(f"threshold={threshold}: npmi scoring needs a number from -1 to 1")
        if not isinstance(delimiter, str):
            raise TypeError(f"delimiter={delimiter!r}: give a str")
        if b"\0" in key_bytes(delimiter):
            raise ValueError(f"delimiter={delimiter!r} contains a NUL character; give another one")
        self.scoring: Scorer = check_scorer(scoring)
        self.min_count = min_count
        self.threshold = threshold
        self.max_vocab_size = max_vocab_size
        self.progress_per = progress_per
        self.workers = check_workers(workers)
        self._delimiter = delimiter
        self._set_counts(self._new_counts())
        if sentences is not None:
            self.add_vocab(sentences)

    def _new_counts(self) -> PhraseCounts:
        return PhraseCounts(self._delimiter, self.connector_words, self.max_vocab_size, self.workers)

    def _set_counts(self, counts: PhraseCounts) -> None:
        self._counts = counts
        self._forget()

    def _forget(self) -> None:
        """Drop what was computed from the counts."""
        self._vocab: dict[str, int] | None = None
        self._index: tuple[int, PhraseIndex, Any] | None = None
        self._ready: tuple[Any, SentencePhrases] | None = None

    @property
    def delimiter(self) -> str:
        """The str between the words of a phrase."""
        return self._delimiter

    @property
    def vocab(self) -> dict[str, int]:
        """The count of each word and each pair, in the order of first occurrence. Changes have no effect."""
        if self._vocab is None:
            self._vocab = self._counts.as_dict()
        return self._vocab

    @property
    def corpus_word_count(self) -> int:
        """The number of words read."""
        return self._counts.n_tokens

    @property
    def min_reduce(self) -> int:
        """The next pruning drops words and pairs with a lower count."""
        return self._counts.min_reduce

    def add_vocab(self, sentences: Any) -> None:
        """Count more sentences.

        >>> phrases = Phrases([["new", "york"]])
        >>> phrases.add_vocab([["new", "york", "city"]])
        >>> phrases.vocab["new_york"], phrases.corpus_word_count
        (2, 5)
        """
        counts = self._new_counts()
        counts.count(sentences)
        if len(self._counts):
            self._counts.max_vocab_size = self.max_vocab_size
            self._counts.merge(counts)
        else:
            counts.n_tokens += self._counts.n_tokens
            counts.min_reduce = self._counts.min_reduce  # as in gensim, the first corpus does not change it
            self._counts = counts
        self._forget()

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase from word_a to word_b and its score, or (None, None) if it is none."""
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        counts = [self.vocab.get(token, 0) for token in (word_a, word_b, phrase)]
        if min(counts) <= 0:
            return None, None
        score = self._score(*counts)
        return (phrase, score) if score > self.threshold else (None, None)

    def _score(self, worda_count: int, wordb_count: int, bigram_count: int) -> float:
        return self.scoring(
            worda_count=worda_count,
            wordb_count=wordb_count,
            bigram_count=bigram_count,
            len_vocab=len(self._counts),
            min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )

    def _least_count(self) -> int:
        """Return the smallest count of a pair that can be a phrase."""
        if self.scoring is npmi_scorer:
            return max(math.ceil(self.min_count), 1)
        return math.floor(self.min_count) + 1 if self.threshold >= 0 else 1

    def _finder(self) -> SentencePhrases | None:
        if self.scoring not in KERNELS:
            return None
        settings = (self.min_count, self.threshold, self.scoring, self.connector_words)
        if self._ready is None or self._ready[0] != settings:
            least = self._least_count()
            if self._index is None or self._index[0] != least:
                strings = self._counts.strings(least)
                index = PhraseIndex(strings.blob, strings.ends, strings.counts)
                self._index = least, index, strings.positions
            finder = SentencePhrases(
                self._index[1],
                self.delimiter,
                self.connector_words,
                self.threshold,
                KERNELS[self.scoring],
                min_count=self.min_count,
                len_vocab=len(self._counts),
                corpus_word_count=self.corpus_word_count,
            )
            self._ready = settings, finder
        return self._ready[1]

    def export_phrases(self) -> dict[str, float]:
        """Return all phrases and their scores.

        A phrase is scored by its parts before the first delimiter and behind the last one.
        """
        finder = self._finder()
        if finder is None or self._index is None:
            return dict(self._custom_phrases())
        scores, positions = finder.finder.score_strings(), self._index[2]
        chosen = np.flatnonzero(scores > self.threshold)
        chosen = chosen[np.argsort(positions[chosen], kind="stable")]
        finder.index.decode(chosen)
        return {str(finder.index.names[i]): float(scores[i]) for i in chosen.tolist()}

    def _custom_phrases(self) -> Iterator[tuple[str, float]]:
        for token in self.vocab:
            first, *between = token.split(self.delimiter)
            if between:
                phrase, score = self.score_candidate(first, between[-1], between[:-1])
                if phrase is not None and score is not None:
                    yield phrase, score

    def freeze(self) -> FrozenPhrases:
        """Return an object that only finds the phrases: it is small and cannot learn more.

        >>> Phrases([["new", "york"]] * 3, min_count=1, threshold=0.1).freeze().phrasegrams
        {'new_york': 0.6666666666666666}
        """
        return FrozenPhrases(self)

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self._counts)} vocab, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        for name in ("_counts", "_vocab", "_index", "_ready"):
            del state[name]
        counts = self._counts
        return state | {"_arrays": (counts.to_arrays(), counts.n_tokens, counts.min_reduce)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        arrays = state.pop("_arrays")
        vars(self).update(state)
        self._set_counts(self._new_counts().add_arrays(*arrays))


SETTLED = ("min_count", "scoring", "delimiter")  # which a frozen object cannot change
COUNTS_ARE_GONE = "; only the Phrases object, before freeze(), has it"
NOT_FROZEN = {
    "export_phrases": "; use phrasegrams, the phrases and their scores",
    **dict.fromkeys(("add_vocab", "vocab", "corpus_word_count", "max_vocab_size", "freeze"), COUNTS_ARE_GONE),
}


class FrozenPhrases(PhrasesTransformation):
    """The phrases that a `Phrases` object found, without its counts.

    Methods and attributes that need the counts (`export_phrases`, `vocab`, `add_vocab`) are only those of `Phrases`.
    `min_count`, `scoring` and `delimiter` cannot be set: the phrases are found already.

    Attributes: `phrasegrams`, the score of each phrase (a dict, which may be changed); `threshold`, which may be
    raised; `min_count`, `scoring` and `delimiter` of the Phrases object.

    >>> frozen = FrozenPhrases(Phrases([["new", "york"]] * 3, min_count=1, threshold=0.1))
    >>> frozen[["in", "new", "york"]]
    ['in', 'new_york']
    """

    min_count: float
    scoring: Scorer
    delimiter: str

    def __init__(self, phrases_model: Phrases) -> None:
        super().__init__(phrases_model.connector_words)
        self.threshold = phrases_model.threshold
        vars(self).update({name: getattr(phrases_model, name) for name in SETTLED})
        self.phrasegrams = phrases_model.export_phrases()
        self._ready: tuple[Any, SentencePhrases] | None = None

    def score_candidate(
        self, word_a: str, word_b: str, in_between: list[str]
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase from word_a to word_b and its score, or (None, None) if it is none."""
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self.phrasegrams.get(phrase, -math.inf)
        return (phrase, score) if score > self.threshold else (None, None)

    def _finder(self) -> SentencePhrases | None:
        grams = self.phrasegrams
        settings = (id(grams), len(grams), self.threshold, self.delimiter, self.connector_words)
        if self._ready is None or self._ready[0] != settings:
            index = PhraseIndex.of_strings(grams, grams.values())
            finder = SentencePhrases(index, self.delimiter, self.connector_words, self.threshold, GIVEN)
            self._ready = settings, finder
        return self._ready[1]

    def __str__(self) -> str:
        size = f"{len(self.phrasegrams)} phrases, min_count={self.min_count}, threshold={self.threshold}"
        return f"{type(self).__name__}<{size}>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_ready"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._ready = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in SETTLED:
            raise AttributeError(
                f"{name} of frozen phrases cannot be set; set it in the Phrases object and freeze that again"
            )
        super().__setattr__(name, value)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(f"{text}{NOT_FROZEN[name]}" if name in NOT_FROZEN else text)


Phraser = FrozenPhrases  # the old name in gensim
