"""What gensim's Word2Vec has besides its documented methods: attributes, and the steps of building a vocabulary.

Attributes are computed when they are read, from the matrices and settings of wildvec's model.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.compat.gensim.class_method import ClassOnlyMethod
from wildvec.compat.gensim.corpus_checks import check_corpus, check_totals
from wildvec.compat.gensim.keyedvectors import KeyedVectors, pseudorandom_weak_vector
from wildvec.io.gensim_pickle import is_pickle
from wildvec.models import word2vec
from wildvec.models.callbacks import Callbacks
from wildvec.models.gensim_names import RENAMED
from wildvec.text.trimming import TrimRule
from wildvec.text.vocab import EmptyVocabError, Vocab, VocabRules, keep_chances, raise_min_count
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Feed
from wildvec.training.huffman import paths_of
from wildvec.vectors import keyedvectors

logger = logging.getLogger(__name__)

Rows = NDArray[np.float32]
LARGEST_NUMBER = 2**31 - 1  # of cum_table
FORMER_ARGUMENTS = {"iter": "epochs", "size": "vector_size"}  # of gensim 3
FORMER_NAMES = {**FORMER_ARGUMENTS, **{old: name for old, name in RENAMED.items() if name.startswith("wv.")}}


class Internals(word2vec.Word2Vec):
    """wildvec's Word2Vec with gensim's internals and its checks of arguments."""

    WV: ClassVar[type[keyedvectors.KeyedVectors]] = KeyedVectors  # the class of `wv`

    # Arguments of gensim's constructor that change nothing. A model that was loaded has these values.
    hashfxn: Callable[[Any], int] = staticmethod(hash)
    batch_words: int = 10_000
    compute_loss: bool = False
    comment: str | None = None
    callbacks: Iterable[Any] = ()

    raw_vocab: Mapping[Key, int] = {}  # words and counts of the corpus that was scanned last
    train_count = 0  # number of trainings
    total_train_time = 0.0  # seconds
    _least_alpha: float | None = None
    _least_count: int | None = None

    def _set_up(self, given: Mapping[str, Any]) -> None:
        given = _with_current_names(given)
        all_given = {**given.get("others", {}), **given}
        for name in ("hashfxn", "batch_words", "compute_loss", "comment", "callbacks"):
            if all_given.get(name) is not None:
                vars(self)[name] = all_given[name]
        super()._set_up(given)
        self.add_lifecycle_event("created", params=str(self))

    def _make_wv(self, vocab: Vocab) -> keyedvectors.KeyedVectors:
        wv = super()._make_wv(vocab)
        wv.__class__ = self.WV
        if self.hs and len(vocab) > 1:
            wv.expandos["code"], wv.expandos["point"] = _codes_and_points(vocab)
        return wv

    # -- matrices and tables --------------------------------------------------------------------------------------

    @property
    def syn1neg(self) -> Rows:
        """The output rows of negative sampling, (words, vector_size): a view of the matrix."""
        return self._rows_by_name("output_rows")

    @syn1neg.setter
    def syn1neg(self, rows: Rows) -> None:
        self._rows_by_name("output_rows")[...] = rows

    @property
    def syn1(self) -> Rows:
        """The rows of the Huffman tree's nodes, (words, vector_size): a copy, whose last row is zero.

        A tree has one node less than words. Row i is the node i of the attribute "point" of words.
        """
        rows = self._rows_by_name("node_rows")
        return np.concatenate([rows, np.zeros((min(1, len(self.vocab)), rows.shape[1]), np.float32)])

    @syn1.setter
    def syn1(self, rows: Rows) -> None:
        nodes = self._rows_by_name("node_rows")
        nodes[...] = rows[: len(nodes)]

    def _rows_by_name(self, name: str) -> Rows:
        parts = self._unpadded_matrices()
        if name not in parts:
            raise AttributeError(f"the settings negative={self.negative} and hs={self.hs} need no {name}")
        return parts[name]

    @property
    def cum_table(self) -> NDArray[np.uint32]:
        """Sums of the noise words' probabilities, scaled to 0 … 2**31 - 1, uint32 (words,)."""
        sums = np.cumsum(self.vocab.noise_weights(self.ns_exponent))
        return np.round(sums / (sums[-1] if len(sums) else 1) * LARGEST_NUMBER).astype(np.uint32)

    @property
    def layer1_size(self) -> int:
        """The size of the hidden row."""
        return self.vector_size

    @property
    def random(self) -> np.random.RandomState:
        """A new generator of random numbers; wildvec uses none of it."""
        return np.random.RandomState(self.seed % 2**32)

    # -- counters -------------------------------------------------------------------------------------------------

    @property
    def running_training_loss(self) -> float:
        """The loss of the latest training."""
        return self.get_latest_training_loss()

    @property
    def min_alpha_yet_reached(self) -> float:
        """The least learning rate so far."""
        return self.alpha if self._least_alpha is None else self._least_alpha

    @property
    def effective_min_count(self) -> int:
        """The count that a word needed for the vocabulary: min_count, or more because of max_final_vocab."""
        if self._least_count is not None:
            return self._least_count
        if self.max_final_vocab is None or not len(self.vocab):
            return self.min_count
        return max(self.min_count, int(self.vocab.counts.min()))

    @property
    def lifecycle_events(self) -> list[dict[str, Any]]:
        """What happened to the model: a dict for each event."""
        events: list[dict[str, Any]] = vars(self).setdefault("_events", [])
        return events

    def add_lifecycle_event(self, event_name: str, log_level: int = logging.INFO, **event: Any) -> None:
        """Add an event to `lifecycle_events` and log it. log_level: False: do not log."""
        event = {**event, "event": event_name, "datetime": time.strftime("%Y-%m-%dT%H:%M:%S")}
        if log_level:
            logger.log(log_level, "%s lifecycle event %s", type(self).__name__, event)
        self.lifecycle_events.append(event)

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, alpha={self.alpha}>"
        )

    # -- building the vocabulary ------------------------------------------------------------------------------------

    def build_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **others: Any,
    ) -> None:
        """Build the vocabulary as `wildvec.Word2Vec.build_vocab` does.

        An empty vocabulary is no error. keep_raw_vocab: keep all words of the corpus in `raw_vocab`; the corpus is
        read twice for that.
        """
        source = _first_of(corpus_iterable, others, "sentences", "documents")
        check_corpus(source, corpus_file, passes=1 + keep_raw_vocab)
        self._least_count = None
        if keep_raw_vocab:
            self.scan_vocab(source, corpus_file)
        try:
            super().build_vocab(source, corpus_file, update, trim_rule=trim_rule, **_without_names(others))
        except EmptyVocabError as error:
            logger.warning("%s", error)
            if not update:
                self._reset(Vocab([], []))

    def scan_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        progress_per: int = 10_000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a corpus in `raw_vocab`; return the numbers of words and of sentences."""
        check_corpus(corpus_iterable, corpus_file)
        options: dict[str, Any] = {"min_count": 1, "max_final_vocab": None, "trim_rule": None}
        with self._read(corpus_iterable, corpus_file, None, **options) as corpus:
            self.raw_vocab = dict(zip(corpus.vocab.keys, corpus.vocab.counts.tolist(), strict=True))
            self.corpus_total_words, self.corpus_count = corpus.raw_tokens, len(corpus)
        return self.corpus_total_words, self.corpus_count

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Build the vocabulary from `raw_vocab`; return how many words and occurrences are kept.

        dry_run: only return the numbers. min_count, sample: in place of the settings.
        """
        min_count = self.min_count if min_count is None else min_count
        counts = np.array(list(self.raw_vocab.values()), np.int64)
        grow = self.vocab if update and len(self.vocab) else None
        rules = VocabRules(
            min_count, self.max_final_vocab, bool(self.sorted_vocab), trim_rule or self.trim_rule, grow
        )
        keys = list(self.raw_vocab)
        vocab, ids = rules.choose(counts, np.arange(len(counts)), lambda chosen: [keys[i] for i in chosen])
        self._least_count = raise_min_count(counts, min_count, self.max_final_vocab)
        if not dry_run:
            corpus = self.corpus_count, self.corpus_total_words
            (self._grow if grow else self._set_vocab)(vocab)
            self.corpus_count, self.corpus_total_words = corpus
            self.raw_vocab = self.raw_vocab if keep_raw_vocab else {}
        return self._report(counts, counts[ids >= 0], self.sample if sample is None else sample)

    def _report(self, counts: NDArray[np.int64], kept: NDArray[np.int64], sample: float) -> dict[str, Any]:
        chances = keep_chances(kept, sample)
        return {
            "drop_unique": len(counts) - len(kept),
            "retain_total": int(kept.sum()),
            "downsample_unique": int((chances < 1).sum()),
            "downsample_total": int((kept * chances).sum()),
            "num_retained_words": len(kept),
            "memory": self.estimate_memory(len(kept)) if len(kept) else {},
        }

    def prepare_weights(self, update: bool = False) -> None:
        """Do nothing: `prepare_vocab` makes the matrices."""

    def init_weights(self) -> None:
        """Set all vectors to new random values."""
        corpus = self.corpus_count, self.corpus_total_words
        self._reset(self.vocab)
        self.corpus_count, self.corpus_total_words = corpus

    def update_weights(self) -> None:
        """Do nothing: a vocabulary that grows has the rows of its new words."""

    def make_cum_table(self, domain: int = LARGEST_NUMBER) -> None:
        """Do nothing: `cum_table` is computed when it is read."""

    def create_binary_tree(self) -> None:
        """Set the attributes "code" and "point" of all words: their paths in the Huffman tree."""
        self.wv.expandos["code"], self.wv.expandos["point"] = _codes_and_points(self.vocab)

    def add_null_word(self) -> None:
        """Add the word NUL."""
        self.null_word = 1
        self._grow(self._with_null_word(self.vocab))

    def seeded_vector(self, seed_string: str, vector_size: int) -> Rows:
        """Return a random vector that depends on a string; deprecated."""
        _warn("seeded_vector", "wildvec.compat.gensim.keyedvectors.pseudorandom_weak_vector")
        return pseudorandom_weak_vector(vector_size, seed_string=seed_string, hashfxn=self.hashfxn)

    def init_sims(self, replace: bool = False) -> None:
        """Scale all vectors to length 1 if `replace` is true; deprecated."""
        _warn("init_sims", "model.wv.unit_normalize_all, or nothing: no norms are stored")
        if replace:
            self.wv.unit_normalize_all()

    # -- training ---------------------------------------------------------------------------------------------------

    def _start(self, sentences: Any, corpus_file: Any, callbacks: Iterable[Any]) -> None:
        if sentences is not None or corpus_file is not None:
            check_corpus(sentences, corpus_file, passes=self.epochs + 1)
        super()._start(sentences, corpus_file, callbacks)

    def train(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        *args: Any,
        **others: Any,
    ) -> tuple[int, int]:
        """Train as `wildvec.Word2Vec.train` does; the size of the corpus and `epochs` are needed, as in gensim."""
        source = _first_of(corpus_iterable, others, "sentences", "documents")
        check_corpus(source, corpus_file, passes=epochs or 1)
        if not len(self.wv):
            raise RuntimeError("you must first build vocabulary before training the model")
        check_totals(total_examples, total_words, epochs)
        rates = start_alpha, end_alpha
        return super().train(
            source, corpus_file, total_examples, total_words, epochs, *rates, *args, **_without_names(others)
        )

    def _train(
        self, feed: Feed, training: Training, callbacks: Callbacks[Self], folder: Path | None
    ) -> tuple[int, int]:
        schedule = training.schedule
        if schedule.alpha > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        if self.hs and self.negative:
            logger.warning(
                "Both hierarchical softmax and negative sampling are activated. This is probably a mistake. "
                "You should set either 'hs=0' or 'negative=0' to disable one of them."
            )
        began = time.monotonic()
        result = super()._train(feed, training, callbacks, folder)
        self.total_train_time += time.monotonic() - began
        self.train_count += 1
        self._least_alpha = min(self.min_alpha_yet_reached, schedule.min_alpha)
        self.add_lifecycle_event("train", msg=f"trained {result[0]} of {result[1]} words")
        return result

    def predict_output_word(self, context_words_list: Iterable[Key], topn: int = 10) -> Any:
        """Return the words that are most probable in a context; an int that is no word is a row number."""
        if not len(self.vocab):
            raise RuntimeError("Parameters required for predicting the output words not found.")
        words = [word for word in context_words_list if word in self.wv]
        return super().predict_output_word([self.vocab.keys[self.wv.get_index(word)] for word in words], topn)

    def reset_from(self, other_model: word2vec.Word2Vec) -> None:
        """Take the vocabulary of another model."""
        super().reset_from(other_model)
        self.raw_vocab = getattr(other_model, "raw_vocab", {})

    # -- files and names of gensim 3 -------------------------------------------------------------------------------

    def save(self, fname_or_handle: Any, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Write the model to a file, or to an object with `write`."""
        super().save(fname_or_handle, *args, **kwargs)

    @ClassOnlyMethod
    def load(  # type: ignore[override]
        cls,  # noqa: N805
        fname: str | os.PathLike[str],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Read a model that `save` wrote; AttributeError: called on a model, whose values would not change."""
        model: Any = super().load(fname, *args, **kwargs)
        if is_pickle(fname) and not model.corpus_total_words:
            model.corpus_total_words = None  # old versions of gensim did not store it
        return model

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return an attribute of gensim 3 by its name of today."""
            if name in FORMER_NAMES:
                _warn(name, FORMER_NAMES[name])
                return attrgetter(FORMER_NAMES[name])(self)
            return super().__getattr__(name)


def _codes_and_points(vocab: Vocab) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the path of each word in the Huffman tree: its turns (uint8) and its nodes (int32)."""
    ends, nodes, codes, _ = paths_of(vocab)
    parts: tuple[NDArray[np.object_], NDArray[np.object_]] = (
        np.empty(len(vocab), object),
        np.empty(len(vocab), object),
    )
    for i, (start, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        parts[0][i], parts[1][i] = codes[start:end], nodes[start:end]
    return parts


def _with_current_names(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a constructor, those of gensim 3 by their names of today."""
    others = dict(given.get("others", {}))
    found = {name: others.pop(name) for name in FORMER_ARGUMENTS if name in others}
    for name in found:
        _warn(name, FORMER_ARGUMENTS[name])
    return {**given, "others": others, **{FORMER_ARGUMENTS[name]: value for name, value in found.items()}}


def _first_of(given: Any, others: Mapping[str, Any], *names: str) -> Any:
    """Return the corpus, which may be given by one of several names."""
    return given if given is not None else next((others[name] for name in names if name in others), None)


def _without_names(others: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in others.items() if name not in ("sentences", "documents")}


def _warn(name: str, current: str) -> None:
    warnings.warn(f"{name} is deprecated; use {current}", DeprecationWarning, stacklevel=3)
