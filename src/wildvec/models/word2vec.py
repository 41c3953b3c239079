"""Word2Vec: skip-gram and CBOW with negative sampling or hierarchical softmax.

Mikolov, Chen, Corrado, Dean (2013), "Efficient Estimation of Word Representations in Vector Space";
Mikolov, Sutskever, Chen, Corrado, Dean (2013), "Distributed Representations of Words and Phrases".
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wildvec.base.keys import Key
from wildvec.base.threads import check_workers
from wildvec.models import stored
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.matrices import Matrices
from wildvec.models.memory import estimate
from wildvec.models.reading import Source, read
from wildvec.models.resuming import claim_model_folder, load_checkpoint, make_saver
from wildvec.models.settings import check_settings, give_again, schedule_of
from wildvec.models.task import rounds_of, task_of
from wildvec.text.corpus import Corpus
from wildvec.text.vocab import Vocab
from wildvec.training.checkpoint import Training
from wildvec.training.held_out import keep_aside
from wildvec.training.loop import run
from wildvec.training.state import Epoch
from wildvec.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)


class Word2Vec:
    """Vectors of words from the words around them.

    With `sentences` or `corpus_file` the model reads them once, builds its vocabulary and trains;
    without, call `build_vocab` and `train`.

    sentences: lists of tokens (str or int), or strings (split at white space; a warning is logged), in any iterable,
        read once; a lone str or path is a file. corpus_file: a path, a list of paths, a folder, a glob or "-" for
        stdin; a line is a sentence; .gz, .bz2, .xz, .zst are unpacked.
    vector_size: numbers in a vector. alpha, min_alpha: the learning rate falls linearly between them over all
        epochs. window: words on each side; with `shrink_windows` each centre draws its width from 1 … window.
    min_count, max_vocab_size, max_final_vocab, sorted_vocab: see `wildvec.text.corpus.Corpus.read`.
    sample: words above this share of the corpus are thinned out; 0 keeps all.
    sg: 1 skip-gram, 0 CBOW. hs: 1 hierarchical softmax. negative: noise words per example, 0 for none; they are drawn
        by count ** ns_exponent. cbow_mean: 1 mean of the context, 0 sum.
    seed: the same seed and one worker give the same bits. workers: threads, default the CPUs this process may use.
    deterministic: the same seed and the same number of workers give the same bits, whichever thread is faster and
        however many CPUs there are. Workers then train copies of rows, merged every 20,000 tokens or fewer; two of
        them take about twice the time, and the copies take memory. On small vocabularies fewer than asked for take
        part. One worker needs none of this.
    update: "block" trains the context words of two neighbouring centres together, on negatives and a width that they
        share (after Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed Memory"); with `hs`, CBOW's
        two share the width alone, and skip-gram takes one at a time. A window draws one new negative and takes the
        others from windows before it (within 400 for up to 20 negatives), in combinations that seldom repeat; above
        64 negatives, and where a chunk (10,000 tokens or fewer) begins, all are new. "pair" is the classic update,
        one pair at a time with fresh negatives: several times slower, for comparison.
    held_out: the share of sentences, at least one, that is never trained; `seed` and their number choose which.
        Their loss is measured after each epoch, with the same draws each time. patience: stop when it has had no new
        minimum for so many epochs; the vectors are those of the best epoch, for which a copy of the matrices is kept.
    max_seconds: training (not reading) ends after so many, if the epochs are not over before; the learning rate
        reaches min_alpha there. The vectors then depend on the speed, also with one worker: not for `deterministic`.
    checkpoint: a folder, made if it is not there, for checkpoints that `resume` goes on from: one when training
        begins, one every `checkpoint_minutes` and every `checkpoint_epochs` epochs (None: not by that), one at Ctrl-C
        (a second Ctrl-C skips it) and one at the end. The newest `keep_checkpoints` stay. `load` opens each, too.
    lowercase, tokenizer, errors, max_sentence_length, cache_dir: how text is read, see `Corpus.read`.

    Attributes: `wv`, the vectors (KeyedVectors, writable); `epoch_losses`, the mean loss per example of each
    epoch so far, in nats, exact, each taken just before its update; `held_out_losses`, the mean loss per example held
    out after each epoch that held any out; `tokens_per_second` of the last training. An example is a pair of words
    with the negatives of the centre (skip-gram) or a centre (CBOW).

    ValueError: a setting out of range, no word left, or nothing to hold out. FileExistsError: the folder for
    checkpoints holds those of another training; BlockingIOError: another is at work there. OSError: a checkpoint
    cannot be written; those before it are whole. What stops the training here, Ctrl-C or an exception in a callback,
    has an attribute `model`: the model with what it had learned.

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
        deterministic: bool = False,
        held_out: float = 0.0,
        patience: int | None = None,
        max_seconds: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float | None = 10,
        checkpoint_epochs: int | None = None,
        keep_checkpoints: int = 2,
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
        self.deterministic = bool(deterministic)
        self.held_out = held_out
        self.patience = patience
        self.max_seconds = max_seconds
        self.checkpoint = checkpoint
        self.checkpoint_minutes = checkpoint_minutes
        self.checkpoint_epochs = checkpoint_epochs
        self.keep_checkpoints = keep_checkpoints
        self.min_count = min_count
        self.max_vocab_size = max_vocab_size
        self.max_final_vocab = max_final_vocab
        self.sorted_vocab = sorted_vocab
        self.lowercase = bool(lowercase)
        self.tokenizer = tokenizer
        self.errors = errors
        self.max_sentence_length = max_sentence_length
        self.cache_dir = cache_dir
        self._own_folder: Path | None = None  # where checkpoints of this model, and no other, stand
        check_settings(self)
        self._reset(Vocab([], []))
        tell = Callbacks(self, callbacks)
        if sentences is None and corpus_file is None:
            return
        with claim_model_folder(self) as folder, read(self, sentences, corpus_file, None) as corpus:
            self._set_vocab(corpus.vocab, corpus)
            with self._handed_out():
                self._train(corpus, Training(schedule_of(self), own_vocab=True), tell, folder)

    # -- vocabulary ---------------------------------------------------------------------------------------------

    def build_vocab(self, sentences: Source = None, corpus_file: Source = None) -> None:
        """Read a corpus for its vocabulary alone, and start afresh with random vectors."""
        with read(self, sentences, corpus_file, None) as corpus:
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
        sizes = len(vocab), self.vector_size
        self._set_matrices(vocab, Matrices.random(*sizes, self.seed % 2**64, self.negative, self.hs))
        self.corpus_count = self.corpus_total_words = 0
        self.epochs_trained = 0
        self.epoch_losses: list[float] = []
        self.held_out_losses: list[float] = []
        self.tokens_per_second = math.nan
        self._latest_loss = 0.0

    def _set_matrices(self, vocab: Vocab, matrices: Matrices) -> None:
        self.vocab = vocab
        self._matrices = matrices
        vectors = matrices.input_rows[:, : self.vector_size]
        self.wv = KeyedVectors.from_arrays(vocab.keys, vectors, vocab.counts)

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
        Ctrl-C stops within 0.1 s; the model keeps what it learned. With `checkpoint` set, `resume` can go on with it.
        """
        if not len(self.vocab):
            raise RuntimeError("there is no vocabulary yet; call build_vocab first")
        schedule = schedule_of(self, epochs, start_alpha, end_alpha, max_seconds)
        tell = Callbacks(self, callbacks)
        with claim_model_folder(self) as folder, read(self, sentences, corpus_file, self.vocab) as corpus:
            self._train(corpus, Training(schedule, own_vocab=False), tell, folder)

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        sentences: Source = None,
        corpus_file: Source = None,
        callbacks: Iterable[Callback] = (),
        **settings: Any,
    ) -> Word2Vec:
        """Go on with a training that was stopped or killed, from the newest checkpoint in the folder `path`.

        sentences, corpus_file: the text that it began with, confirmed by its vocabulary and a checksum of all ids and
        ends of sentences. With one worker, or `deterministic`, vectors and losses are then bit for bit those of a
        training that was never stopped (on the same instruction set). If the training is finished, its model is
        returned: without a text at once, with a text after the check. `path` may also be a checkpoint file.
        callbacks: on_epoch_begin is also called for an epoch that is resumed in the middle.
        settings: a `tokenizer` and `cache_dir` must be given again; `workers` (not if `deterministic`) and those of
        checkpoints may change; others may be given, but must be what they were.

        FileNotFoundError: no checkpoint. ValueError: none is whole (a damaged one is passed over with a warning),
        another text or setting. BlockingIOError: the training is still at work. FileExistsError: beside the file
        stand checkpoints of another. What stops the training has an attribute `model`, as in the constructor.

        >>> import tempfile
        >>> text, folder = [["king", "rules", "land"]] * 50, tempfile.mkdtemp()
        >>> model = Word2Vec(text, vector_size=16, workers=1, checkpoint=folder, checkpoint_epochs=1)
        >>> same = Word2Vec.resume(folder, text)
        >>> bool((same.wv.vectors == model.wv.vectors).all())
        True
        """
        with load_checkpoint(cls, path) as (model, training, folder):
            give_again(model, settings)
            tell = Callbacks(model, callbacks)
            if training.state.finished:
                model.tokens_per_second = training.state.tokens_per_second
                if sentences is None and corpus_file is None:
                    return model
            vocab = None if training.own_vocab else model.vocab
            with read(model, sentences, corpus_file, vocab) as corpus, model._handed_out():
                training.check_corpus(corpus, model.vocab)
                if not training.state.finished:
                    model._train(corpus, training, tell, folder)
            return model

    @contextmanager
    def _handed_out(self) -> Iterator[None]:
        """Let what stops a training carry the model, where else nobody would have it."""
        try:
            yield
        except BaseException as error:
            error.model = self  # type: ignore[attr-defined]
            raise

    def _train(self, corpus: Corpus, training: Training, tell: Callbacks, folder: Path | None) -> None:
        if not np.may_share_memory(self.wv.vectors, self._matrices.input_rows):
            raise ValueError(
                "wv.vectors is no longer the matrix that training writes to: keys were added to wv, or it was "
                "replaced; write into wv.vectors[:] instead"
            )
        state = training.state
        if not state.begun:
            self._latest_loss = 0.0
        held_out = keep_aside(len(corpus), self.held_out, self.seed % 2**64)
        tell.all("on_train_begin")
        rounds = rounds_of(self, self.vocab.counts)
        run(
            task_of(self, corpus, rounds),
            corpus,
            training.schedule,
            self.workers,
            rounds,
            tell,
            partial(self._matrices.check_finite, f"alpha={self.alpha}, {self.workers} workers"),
            held_out,
            list(self._matrices),
            state,
            make_saver(self, folder, training, corpus),
        )
        self.tokens_per_second = state.tokens_per_second
        if not any(epoch.tokens for epoch in state.epochs):
            logger.warning("nothing was learned: max_seconds=%g is too short", training.schedule.max_seconds)
        elif not any(epoch.examples for epoch in state.epochs):
            logger.warning(
                "nothing was learned: with sample=%g and min_count=%d no sentence had two words left; "
                "raise sample (0 keeps all), lower min_count or give longer sentences",
                self.sample,
                self.min_count,
            )
        tell.all("on_train_end")

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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all of the model to one file, also what continued training needs; `KeyedVectors.load` opens it too.

        `tokenizer`, `cache_dir` and `checkpoint` are not stored: set them again after `load`.
        """
        stored.write(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Word2Vec:
        """Read a model that `save` wrote, or the model so far from a checkpoint.

        AttributeError: the file holds something else. EOFError: it is cut off. ValueError: it is damaged, or of
        another kind.
        """
        return stored.read(cls, path)[0]

    def __getstate__(self) -> dict[str, Any]:
        return stored.state_of(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        stored.restore(self, state)

    def __repr__(self) -> str:
        kind = "skip-gram" if self.sg else "CBOW"
        return f"Word2Vec({len(self.vocab)} words × {self.vector_size}, {kind}, {self.epochs_trained} epochs trained)"
