"""Word2Vec: skip-gram and CBOW with negative sampling or hierarchical softmax.

Mikolov, Chen, Corrado, Dean (2013), "Efficient Estimation of Word Representations in Vector Space";
Mikolov, Sutskever, Chen, Corrado, Dean (2013), "Distributed Representations of Words and Phrases".
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec import rows
from wildvec._kernels import Task, alias_table
from wildvec._status import NOT_FINITE, check
from wildvec.corpus import Corpus
from wildvec.files import Paths
from wildvec.heldout import keep_aside
from wildvec.huffman import huffman_paths
from wildvec.io import native, vectors
from wildvec.keyedvectors import KeyedVectors
from wildvec.keys import Key
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.memory import estimate
from wildvec.models.settings import SETTINGS, check_settings, schedule_of
from wildvec.rows import FloatRows
from wildvec.schedule import Schedule
from wildvec.train import Epoch, hot_rows, longest_chunk, merge_interval, run
from wildvec.vocab import Vocab
from wildvec.workers import check_workers

logger = logging.getLogger(__name__)

Source = Any  # whatever Corpus.read takes


class Word2Vec:
    """Vectors of words from the words around them.

    With `sentences` or `corpus_file` the model reads them once, builds its vocabulary and trains;
    without, call `build_vocab` and `train`.

    sentences: lists of tokens (str or int), or strings (split at white space; a warning is logged), in any iterable,
        read once; a lone str or path is a file. corpus_file: a path, a list of paths, a folder, a glob or "-" for
        stdin; a line is a sentence; .gz, .bz2, .xz, .zst are unpacked.
    vector_size: numbers in a vector. alpha, min_alpha: the learning rate falls linearly between them over all
        epochs. window: words on each side; with `shrink_windows` each centre draws its width from 1 … window.
    min_count, max_vocab_size, max_final_vocab, sorted_vocab: see `wildvec.corpus.Corpus.read`.
    sample: words above this share of the corpus are thinned out; 0 keeps all.
    sg: 1 skip-gram, 0 CBOW. hs: 1 hierarchical softmax. negative: noise words per example, 0 for none; they are drawn
        by count ** ns_exponent. cbow_mean: 1 mean of the context, 0 sum.
    seed: the same seed and one worker give the same bits. workers: threads, default the CPUs this process may use.
    update: "block" trains the context words of two neighbouring centres together, on negatives and a width that they
        share (after Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed Memory"); "pair" is the
        classic update, one pair at a time with fresh negatives: several times slower, for comparison.
    held_out: the share of sentences, at least one, that is never trained; `seed` and their number choose which.
        Their loss is measured after each epoch, with the same draws each time. patience: stop when it has had no new
        minimum for so many epochs; the vectors are those of the best epoch, for which a copy of the matrices is kept.
    max_seconds: training (not reading) ends after so many, if the epochs are not over before; the learning rate
        reaches min_alpha there. The vectors then depend on the speed, also with one worker.
    lowercase, tokenizer, errors, max_sentence_length, cache_dir: how text is read, see `Corpus.read`.

    Attributes: `wv`, the vectors (KeyedVectors, writable); `epoch_losses`, the mean loss per example of each
    epoch so far, in nats, exact, each taken just before its update; `held_out_losses`, the mean loss per example held
    out after each epoch that held any out; `tokens_per_second` of the last training. An example is a pair of words
    with the negatives of the centre (skip-gram) or a centre (CBOW).

    ValueError: a setting out of range, no word left, or nothing to hold out. What stops the training here, Ctrl-C or
    an exception in a callback, has an attribute `model`: the model with what it had learned.

    >>> text = [["king", "rules", "land"], ["queen", "rules", "land"]] * 50
    >>> model = Word2Vec(text, vector_size=16, min_count=1, epochs=2, workers=1)
    >>> model.wv["king"].shape
    (16,)
    >>> watched = Word2Vec(text, sample=0, epochs=9, held_out=0.1, patience=2, max_seconds=60)
    >>> len(watched.epoch_losses) == len(watched.held_out_losses) == watched.epochs_trained
    True
    """

    def __init__(
        self,
        sentences: Source = None,
        corpus_file: Source = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int | None = None,
        min_alpha: float = 1e-4,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        epochs: int = 5,
        sorted_vocab: int = 1,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        callbacks: Iterable[Callback] = (),
        *,
        update: str = "block",
        held_out: float = 0.0,
        patience: int | None = None,
        max_seconds: float | None = None,
        lowercase: bool = False,
        tokenizer: Any = None,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        self.vector_size = vector_size
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.window = window
        self.sample = sample
        self.seed = seed
        self.workers = check_workers(workers)
        self.sg = sg
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.cbow_mean = cbow_mean
        self.epochs = epochs
        self.shrink_windows = bool(shrink_windows)
        self.update = update
        self.held_out = held_out
        self.patience = patience
        self.max_seconds = max_seconds
        self.min_count = min_count
        self.max_vocab_size = max_vocab_size
        self.max_final_vocab = max_final_vocab
        self.sorted_vocab = sorted_vocab
        self.lowercase = bool(lowercase)
        self.tokenizer = tokenizer
        self.errors = errors
        self.max_sentence_length = max_sentence_length
        self.cache_dir = cache_dir
        check_settings(self)
        self._reset(Vocab([], []))
        tell = Callbacks(self, callbacks)
        if sentences is None and corpus_file is None:
            return
        with self._read(sentences, corpus_file, None) as corpus:
            self._set_vocab(corpus.vocab, corpus)
            try:
                self._train(corpus, schedule_of(self), tell)
            except BaseException as error:  # else nobody would have the model
                error.model = self  # type: ignore[attr-defined]
                raise

    # -- vocabulary ---------------------------------------------------------------------------------------------

    def build_vocab(self, sentences: Source = None, corpus_file: Source = None) -> None:
        """Read a corpus for its vocabulary alone, and start afresh with random vectors."""
        with self._read(sentences, corpus_file, None) as corpus:
            self._set_vocab(corpus.vocab, corpus)

    def build_vocab_from_freq(self, word_freq: Mapping[Key, int]) -> None:
        """Take the vocabulary from a table of frequencies, and start afresh with random vectors."""
        self._set_vocab(
            Vocab.from_counts(
                word_freq,
                min_count=self.min_count,
                max_final_vocab=self.max_final_vocab,
                sorted_vocab=bool(self.sorted_vocab),
            )
        )

    def estimate_memory(
        self,
        vocab_size: int | None = None,
        report: dict[str, int] | None = None,
        *,
        tokens: int | None = None,
        sentences: int | None = None,
        distinct: int | None = None,
    ) -> dict[str, int]:
        """What training takes of memory, in bytes: `total`, its peak, and the parts (see `memory.estimate`).

        With a vocabulary, by `train` on the corpus that it is of; before, or with a vocab_size, by `Word2Vec` on a
        corpus of so many tokens and sentences (20 tokens each) with so many distinct words (guessed from min_count).
        report: a dict to write the parts to, for gensim's sake.

        ValueError: there is neither a vocabulary nor a vocab_size, or a number is negative.

        >>> Word2Vec(vector_size=300).estimate_memory(1_000_000, tokens=1_000_000_000)["vectors"]
        1216000000
        """
        parts = estimate(self, vocab_size, tokens, sentences, distinct)
        if report is not None:
            report.update(parts)
        return parts

    def _read(self, sentences: Source, corpus_file: Source, vocab: Vocab | None) -> Corpus:
        if (sentences is None) == (corpus_file is None):
            raise TypeError("give either sentences or corpus_file")
        if sentences is None:
            sentences = _as_paths(corpus_file)
        return Corpus.read(
            sentences,
            vocab=vocab,
            min_count=self.min_count,
            max_vocab_size=self.max_vocab_size,
            max_final_vocab=self.max_final_vocab,
            sorted_vocab=bool(self.sorted_vocab),
            workers=self.workers,
            lowercase=self.lowercase,
            tokenizer=self.tokenizer,
            errors=self.errors,
            max_sentence_length=self.max_sentence_length,
            cache_dir=self.cache_dir,
        )

    def _set_vocab(self, vocab: Vocab, corpus: Corpus | None = None) -> None:
        if self.hs and len(vocab) < 2:
            raise ValueError(
                f"hierarchical softmax needs two words or more, not {vocab.keys}; take negative sampling"
            )
        self._reset(vocab)
        if corpus is not None:
            self.corpus_count = len(corpus.offsets) - 1
            self.corpus_total_words = corpus.raw_tokens

    def _reset(self, vocab: Vocab) -> None:
        n, size = len(vocab), self.vector_size
        self._set_matrices(
            vocab,
            rows.random(n, size, self.seed % 2**64),
            rows.allocate(n, size) if self.negative else None,
            rows.allocate(n - 1, size) if self.hs and n else None,
        )
        self.corpus_count = self.corpus_total_words = 0
        self.epochs_trained = 0
        self.epoch_losses: list[float] = []
        self.held_out_losses: list[float] = []
        self.tokens_per_second = math.nan
        self._latest_loss = 0.0

    def _set_matrices(
        self, vocab: Vocab, input_rows: FloatRows, output_rows: FloatRows | None, node_rows: FloatRows | None
    ) -> None:
        self.vocab = vocab
        self._input_rows, self._output_rows, self._node_rows = input_rows, output_rows, node_rows
        self.wv = KeyedVectors.from_arrays(vocab.keys, input_rows[:, : self.vector_size], vocab.counts)

    # -- training -----------------------------------------------------------------------------------------------

    def train(
        self,
        sentences: Source = None,
        corpus_file: Source = None,
        *,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        max_seconds: float | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        callbacks: Iterable[Callback] = (),
    ) -> None:
        """Train on a corpus, read once for all epochs; words outside the vocabulary are passed over.

        The rate falls from start_alpha (default: alpha) to end_alpha (min_alpha) over `epochs` (self.epochs), or over
        max_seconds (self.max_seconds) if that is shorter.
        total_examples and total_words are accepted for gensim's sake and not needed.

        RuntimeError: there is no vocabulary yet. FloatingPointError: the vectors are no longer finite.
        Ctrl-C stops within 0.1 s; the model keeps what it learned.
        """
        if not len(self.vocab):
            raise RuntimeError("there is no vocabulary yet; call build_vocab first")
        schedule = schedule_of(self, epochs, start_alpha, end_alpha, max_seconds)
        tell = Callbacks(self, callbacks)
        with self._read(sentences, corpus_file, self.vocab) as corpus:
            self._train(corpus, schedule, tell)

    def _train(self, corpus: Corpus, schedule: Schedule, tell: Callbacks) -> None:
        if not np.may_share_memory(self.wv.vectors, self._input_rows):
            raise ValueError(
                "wv.vectors is no longer the matrix that training writes to: keys were added to wv, or it was "
                "replaced; write into wv.vectors[:] instead"
            )
        self._latest_loss = 0.0
        held_out = keep_aside(len(corpus), self.held_out, self.seed % 2**64)
        tell.all("on_train_begin")
        start = time.perf_counter()
        task, matrices = self._task(corpus), self._matrices()
        epochs = run(task, corpus, schedule, self.workers, tell, self._check_finite, held_out, matrices)
        tokens = sum(epoch.tokens for epoch in epochs)
        if not tokens:
            logger.warning("nothing was learned: max_seconds=%g is too short", schedule.max_seconds)
        elif not any(epoch.examples for epoch in epochs):
            logger.warning(
                "nothing was learned: with sample=%g and min_count=%d no sentence had two words left; "
                "raise sample (0 keeps all), lower min_count or give longer sentences",
                self.sample,
                self.min_count,
            )
        self.tokens_per_second = tokens / (time.perf_counter() - start)
        tell.all("on_train_end")

    def _task(self, corpus: Corpus) -> Task:
        task = Task(corpus.ids, corpus.offsets, self._input_rows, longest_chunk(corpus))
        if self.sample:
            task.subsample(self.vocab.keep_thresholds(self.sample))
        if self._output_rows is not None:
            noise = np.empty((len(self.vocab), 2), dtype=np.uint32)
            alias_table(self.vocab.noise_weights(self.ns_exponent), noise)
            task.negative_sampling(self._output_rows, noise, self.negative)
        if self._node_rows is not None:
            task.hierarchical_softmax(self._node_rows, *huffman_paths(self.vocab.counts))
        task.settings(
            cbow=not self.sg,
            window=self.window,
            shrink_windows=self.shrink_windows,
            cbow_mean=bool(self.cbow_mean),
            one_pair_at_a_time=self.update == "pair",
            seed=self.seed % 2**64,
            n_hot=hot_rows(self.workers),
            merge_every=merge_interval(self.workers),
        )
        return task

    def _matrices(self) -> list[FloatRows]:
        matrices = (self._input_rows, self._output_rows, self._node_rows)
        return [matrix for matrix in matrices if matrix is not None]

    def _check_finite(self) -> None:
        for matrix in self._matrices():
            if not np.isfinite(matrix.sum()):
                check(NOT_FINITE, f"alpha={self.alpha}, {self.workers} workers")

    def _count_epoch(self, epoch: Epoch) -> None:
        self.epochs_trained += 1
        self.epoch_losses.append(epoch.mean_loss)
        self._latest_loss += epoch.loss
        if not math.isnan(epoch.held_out_loss):
            self.held_out_losses.append(epoch.held_out_loss)

    def get_latest_training_loss(self) -> float:
        """The loss of the latest training so far: a sum over all its examples, in nats."""
        return self._latest_loss

    # -- files --------------------------------------------------------------------------------------------------

    _MATRICES = ("_output_rows", "_node_rows")
    _SETTINGS = (*SETTINGS, "shrink_windows", "lowercase")
    _PROGRESS = (
        *("corpus_count", "corpus_total_words", "epochs_trained", "epoch_losses", "held_out_losses"),
        "_latest_loss",
    )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all of the model to one file, also what continued training needs; `KeyedVectors.load` opens it too.

        A `tokenizer` and `cache_dir` are not stored: set them again after `load`.
        """
        self._check_keys()
        tensors = vectors.to_tensors(self.wv.index_to_key, self.wv.vectors, self.vocab.counts)
        for name in self._MATRICES:
            matrix = getattr(self, name)
            if matrix is not None:
                tensors[name.strip("_")] = matrix[:, : self.vector_size]
        settings = {name: getattr(self, name) for name in (*self._SETTINGS, *self._PROGRESS)}
        native.write(path, tensors, {"class": "Word2Vec", "model": json.dumps(settings)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Word2Vec:
        """Read a model that `save` wrote.

        AttributeError: the file holds something else. EOFError: it is cut off. ValueError: it is damaged, or of
        another kind.
        """
        tensors, metadata = vectors.load_native(path, "Word2Vec")
        keys, matrix, counts = vectors.from_tensors(os.fspath(path), tensors)
        if counts is None:
            raise ValueError(f"{os.fspath(path)}: the counts of a Word2Vec model are missing")
        model = cls.__new__(cls)
        model.tokenizer = model.cache_dir = None
        vars(model).update(json.loads(metadata["model"]))
        others = [tensors.get(name.strip("_")) for name in cls._MATRICES]
        model._restore(Vocab(keys, counts), matrix, others)
        return model

    def _restore(self, vocab: Vocab, matrix: NDArray[Any], others: Sequence[NDArray[Any] | None]) -> None:
        self._set_matrices(
            vocab, rows.padded(matrix), *(None if other is None else rows.padded(other) for other in others)
        )

    def _check_keys(self) -> None:
        if len(self.wv) != len(self.vocab):
            raise ValueError(
                f"wv has {len(self.wv)} keys, but the model learned {len(self.vocab)}: with keys added, "
                "save the vectors alone (wv.save)"
            )

    def __getstate__(self) -> dict[str, Any]:
        self._check_keys()
        state = dict(vars(self))
        state["_others"] = [state.pop(name) for name in self._MATRICES]
        del state["_input_rows"], state["wv"]
        state["_matrix"] = self.wv.vectors
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        matrix, others = state.pop("_matrix"), state.pop("_others")
        vars(self).update(state)
        size = self.vector_size
        self._restore(self.vocab, matrix, [None if other is None else other[:, :size] for other in others])

    def __repr__(self) -> str:
        kind = "skip-gram" if self.sg else "CBOW"
        return f"Word2Vec({len(self.vocab)} words × {self.vector_size}, {kind}, {self.epochs_trained} epochs trained)"


def _as_paths(corpus_file: Source) -> Source:
    """A corpus_file is a path, also where a list of str would else be sentences."""
    if isinstance(corpus_file, (bytes, bytearray)) or hasattr(corpus_file, "read"):
        return corpus_file
    if not isinstance(corpus_file, Iterable) and not isinstance(corpus_file, os.PathLike):
        raise TypeError(f"corpus_file={corpus_file!r}: give a path or a list of paths")
    return Paths(corpus_file)
