"""GloVe: vectors of words from their co-occurrence counts.

Pennington, Socher, Manning (2014), "GloVe: Global Vectors for Word Representation".
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import number, whole
from wildvec.cooccurrence.cooccurrence import Cooccurrence
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.given_vectors import GivenVectors, given_rows, move_towards, vectors_or_none
from wildvec.models.glove_memory import bytes_of_cells, estimate_cells, zipf_counts
from wildvec.models.glove_objective import CellFeed, Counting, GloVeObjective
from wildvec.models.settings import Setting, one_of, switch
from wildvec.models.text_model import Source, TextFeed, TextModel
from wildvec.text.readers import Tokenizer
from wildvec.text.trimming import TrimRule
from wildvec.text.vocab import Vocab
from wildvec.training.feed import Feed
from wildvec.training.matrices import FloatRows, value_width
from wildvec.training.objective import MatrixSpec
from wildvec.training.schedule import Schedule
from wildvec.training.state import Epoch, Saver, State


class GloVe(TextModel):
    """Vectors of words, learned from how often words occur near each other.

    The words of a corpus are counted (see `Cooccurrence`), then for each pair of words (i, j) with the count x the
    model learns w_i · c_j + b_i + b'_j ≈ log x, by AdaGrad on the weighted squared error. It differs from Stanford's
    program in the order of the pairs and in one sum of squared gradients per row instead of one per value.

    With `sentences`, `corpus_file` or `cooccurrence` the constructor trains. Without, call `build_vocab` and `train`,
    which take a Cooccurrence in place of sentences too. Settings are attributes: they may be assigned later.

    Args:
        sentences: Lists of tokens (str or int), or strings (split at white space, with a warning), in any iterable
            that is read once; a single str or path is a file. Or a Cooccurrence.
        corpus_file: A path, a list of paths, a folder, a glob pattern or "-" for stdin. A line is a sentence. Files
            may be compressed (.gz, .bz2, .xz, .zst).
        cooccurrence: Counts (Cooccurrence) to train on instead of text, or the path of their file.
        vector_size: Values in a vector.
        window: Words on each side of a word that count as its context.
        min_count: Words that occur less often are left out.
        x_max: Counts from here up have the weight 1. 10 is the value of Stanford's demo and suits corpora of some
            million words; the paper uses 100 for billions.
        exponent: Smaller counts have the weight (x / x_max) ** exponent.
        alpha: Learning rate of AdaGrad: the largest first step.
        min_alpha: Learning rate at the end; None: as alpha. AdaGrad lowers the steps itself.
        epochs: Passes over the pairs.
        symmetric: False: only words on the left are counted.
        distance_weighting: A word at distance d counts 1/d; False: 1.
        combine: The vectors are "sum": w + c, "word": w, or "context": c.
        initial: Vectors to start from: KeyedVectors, a file of them, or an array with a row for each word of the
            vocabulary. w and c both start from a half of it, whatever `combine` is. Words without a vector start at
            random.
        mittens: Penalty that keeps vectors near `initial`: mittens · |w + c - initial|² is added to the loss for each
            word that has one (Dingwall & Potts 2018, "Mittens"). It takes effect at the end of each epoch.
        max_memory: Bytes for counting and for the counts; None: half of the available memory. More counts are kept in
            a file. Training needs 8 bytes per pair besides.
        seed: The same seed gives the same bits, with any number of workers.
        workers: Threads; default: the CPUs that this process may use.
        deterministic: GloVe's training always is deterministic; only `max_seconds` is not allowed with it.
        held_out: Fraction of the pairs, drawn at random, that are not trained. Their loss is measured after each
            epoch.
        patience: Training stops after this many epochs without a new minimum of the held-out loss. The vectors are
            then those of the best epoch. None: all epochs.
        max_seconds: Training (without reading) ends after this time, if the epochs take longer.
        callbacks: Objects with at least one of the methods on_train_begin, on_epoch_begin, on_epoch_end and
            on_train_end, which get the model. No worker runs meanwhile.
        checkpoint: Folder for checkpoints, which `resume` continues from and `load` opens.
        checkpoint_minutes: Minutes between two checkpoints; None: none by time.
        checkpoint_epochs: Epochs between two checkpoints; None: none by epochs.
        keep_checkpoints: Number of newest checkpoints that are kept.
        max_vocab_size: Bound of the words held while reading; the rarest are dropped. None: no bound.
        max_final_vocab: Raises min_count until the vocabulary has at most this many words. None: no bound.
        trim_rule: A function that decides which words are kept, as in `Word2Vec`.
        sorted_vocab: 1: the most frequent word comes first, which is faster; 0: order of first appearance.
        lowercase: Convert the text to lower case.
        tokenizer: Function from a line to its tokens; default: str.split.
        errors: What to do with bytes that are not UTF-8: "strict" raises, "replace" inserts U+FFFD, "ignore" omits.
        max_sentence_length: Longer sentences are split, counted in tokens.
        cache_dir: Folder for temporary files.
        others: Arguments that only gensim has: ignored if they change no result, else refused.

    Attributes:
        wv: The vectors (KeyedVectors), current at each callback. Vectors that are changed or assigned are trained
            further: w becomes the new vector minus c. `wv.vectors_lockf` can freeze them.
        epoch_losses: Mean of f(x) (w · c + b + b' - log x)² / 2 over the pairs, as Stanford's program prints it; each
            pair is scored before its update.
        held_out_losses: The same of the held-out pairs after each epoch.
        Other attributes: see `Model` and `TextModel`.

    Raises: as `Word2Vec`.

    >>> text = [["king", "rules", "land"], ["queen", "rules", "land"]] * 50
    >>> model = GloVe(text, vector_size=16, min_count=1, epochs=2)
    >>> model
    GloVe(4 keys × 16, 2 epochs trained)
    >>> model.wv["king"].shape
    (16,)
    """

    NAME: ClassVar[str] = "GloVe"
    MATRICES: ClassVar[tuple[str, ...]] = ("word_rows", "context_rows", "given_rows")

    _is_training = False  # whether workers train, so that the vectors of `wv` may be old
    _n_cells = 0  # pairs of the corpus that the vocabulary was built from; 0: not counted yet

    alpha = TextModel.alpha.with_default(0.05)
    min_alpha = Setting[float | None](  # type: ignore[assignment]
        None, number(0, 1e38, none="alpha"), "learning rate at the end (GloVe: as --alpha)", metavar="X"
    )
    epochs = TextModel.epochs.with_default(15)
    window = Setting(10, whole(1, 10_000), "words on each side of a word that count as its context")
    x_max = Setting(10.0, number(1e-6, 1e30), "counts from X up have the weight 1", metavar="X")
    exponent = Setting(
        0.75, number(0, 10), "smaller counts have the weight (count / x_max) ** X", metavar="X"
    )
    symmetric = switch(True, "count words on both sides; False: on the left only")
    distance_weighting = switch(True, "a word at distance d counts 1/d; False: 1")
    combine = one_of("sum", "word", "context", help="vectors: word + context vectors, or one of them")
    initial = Setting[GivenVectors](
        None,
        vectors_or_none,
        "file of vectors to start from",
        stored=False,
        changeable=True,
        from_text=str,
        metavar="FILE",
    )
    mittens = Setting(
        0.0, number(0, 1e9), "penalty that keeps vectors near --initial (Mittens)", fixed=True, metavar="X"
    )
    max_memory = Setting[int | None](
        None,
        whole(1, none="half of the available memory"),
        "bytes for counting (default: half of the memory)",
        stored=False,
        changeable=True,
    )

    def __init__(
        self,
        sentences: Source = None,
        corpus_file: Source = None,
        *,
        cooccurrence: Cooccurrence | str | os.PathLike[str] | None = None,
        vector_size: int = 100,
        window: int = 10,
        min_count: int = 5,
        x_max: float = 10.0,
        exponent: float = 0.75,
        alpha: float = 0.05,
        min_alpha: float | None = None,
        epochs: int = 15,
        symmetric: bool = True,
        distance_weighting: bool = True,
        combine: str = "sum",
        initial: GivenVectors = None,
        mittens: float = 0.0,
        max_memory: int | None = None,
        seed: int = 1,
        workers: int | None = None,
        deterministic: bool = False,
        held_out: float = 0.0,
        patience: int | None = None,
        max_seconds: float | None = None,
        callbacks: Iterable[Callback[Self]] = (),
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float | None = 10,
        checkpoint_epochs: int | None = None,
        keep_checkpoints: int = 2,
        max_vocab_size: int | None = None,
        max_final_vocab: int | None = None,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        lowercase: bool = False,
        tokenizer: Tokenizer | None = None,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        cache_dir: str | os.PathLike[str] | None = None,
        **others: Any,
    ) -> None:
        self._set_up(locals())
        if cooccurrence is not None:
            if sentences is not None or corpus_file is not None:
                raise TypeError("give sentences, corpus_file or cooccurrence, and not two of them")
            if isinstance(cooccurrence, (str, os.PathLike)):
                cooccurrence = Cooccurrence.load(cooccurrence)
            if not isinstance(cooccurrence, Cooccurrence):
                raise TypeError(
                    f"cooccurrence={cooccurrence!r:.60}: give a Cooccurrence or the path of its file"
                )
            sentences = cooccurrence
        self._start(sentences, corpus_file, callbacks)

    # -- data -----------------------------------------------------------------------------------------------------

    def _read(self, sentences: Source, corpus_file: Source, vocab: Vocab | None, **building: Any) -> TextFeed:
        counting = Counting(**{field.name: getattr(self, field.name) for field in fields(Counting)})
        spec = self._objective().shapes(0)[0]
        if not isinstance(sentences, Cooccurrence):
            return CellFeed(self._read_corpus(sentences, corpus_file, vocab, **building), counting, spec)
        if corpus_file is not None:
            raise TypeError("give either a Cooccurrence or corpus_file")
        if building:
            raise ValueError(
                "a Cooccurrence has its own keys; without text, update and trim_rule are not possible"
            )
        if vocab is not None and sentences.keys != vocab.keys:
            raise ValueError(
                f"the Cooccurrence has {len(sentences):,} keys, which are not the {len(vocab):,} keys of the model"
            )
        return CellFeed(sentences, counting, spec)

    def _set_corpus(self, corpus: TextFeed, update: bool = False) -> None:
        super()._set_corpus(corpus, update)
        self._count_cells(corpus)

    def _count_cells(self, feed: Feed) -> None:
        """Keep the number of pairs of the corpus, when they are counted."""
        if isinstance(feed, CellFeed) and feed.raw_tokens == self.corpus_total_words:
            self._n_cells = feed.n_cells

    def _trained_items(self, feed: Feed) -> int:
        return feed.trained_items if isinstance(feed, CellFeed) else super()._trained_items(feed)

    def _schedule(
        self,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        max_seconds: float | None = None,
    ) -> Schedule:
        if end_alpha is None and self.min_alpha is None:
            end_alpha = self.alpha if start_alpha is None else start_alpha
        return super()._schedule(epochs, start_alpha, end_alpha, max_seconds)

    # -- matrices -------------------------------------------------------------------------------------------------

    def _objective(self) -> GloVeObjective:
        return GloVeObjective(len(self.vocab), self.vector_size, self.x_max, self.exponent)

    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        specs = self._objective().shapes(n_keys)
        if not self.mittens:
            return specs
        given = MatrixSpec(
            "given_rows", "output", n_keys, self.vector_size, "zeros", extra=(("is_given", 0.0),)
        )
        return (*specs, given)

    def _reset(self, vocab: Vocab) -> None:
        super()._reset(vocab)
        self._n_cells = 0
        if len(vocab) and (self.initial is not None or self.mittens):
            self._start_from(*given_rows(self.initial, vocab, self.vector_size))

    def _start_from(self, vectors: FloatRows, is_given: NDArray[np.bool_]) -> None:
        """Set the rows of the words that have a vector to a half of it, plus their random values."""
        if self.mittens and not is_given.any():
            raise ValueError(f"mittens={self.mittens:g} needs vectors of some of the words; give initial")
        for name in ("word_rows", "context_rows"):
            self._matrices[name][is_given, : self.vector_size] += vectors[is_given] / 2
        if self.mittens:
            self._matrices["given_rows"][:, : self.vector_size] = vectors
            self._matrices["given_rows"][:, self.vector_size] = is_given
        self._show()

    @property
    def _vectors(self) -> FloatRows:
        """The vectors of the words, (keys, vector_size): a new array."""
        word, context = (
            self._matrices[name][:, : self.vector_size] for name in ("word_rows", "context_rows")
        )
        if self.combine == "sum":
            return word + context
        return (word if self.combine == "word" else context).copy()

    def _show(self) -> None:
        """Set the vectors of `wv` to those of the matrices."""
        if self.wv.vectors.shape == (len(self.vocab), self.vector_size):
            self.wv.vectors = self._vectors

    def _take_over_vectors(self) -> None:
        """Change the rows of words whose vectors were changed or assigned. While workers train, there are none."""
        if self._is_training:
            self._show()
            return
        self._check_own_vectors()
        vectors = self._vectors
        given = np.asarray(self.wv.vectors, np.float32)
        changed = np.flatnonzero((given != vectors).any(axis=1))
        if not len(changed):
            return
        word, context = (
            self._matrices[name][:, : self.vector_size] for name in ("word_rows", "context_rows")
        )
        if self.combine == "context":
            context[changed] = given[changed]
        else:
            word[changed] = given[changed] - (context[changed] if self.combine == "sum" else 0)
        self._show()

    def _rates_by_matrix(self) -> dict[str, FloatRows]:
        rates = self._row_rates()
        return {name: rates["vectors"] for name in ("word_rows", "context_rows") if rates}

    # -- training -------------------------------------------------------------------------------------------------

    def _run(
        self, feed: Feed, schedule: Schedule, callbacks: Callbacks[Self], state: State, saver: Saver
    ) -> None:
        self._is_training = True
        try:
            super()._run(feed, schedule, _Pauses(self, callbacks), state, saver)
        finally:
            self._is_training = False
            self._show()
            self._count_cells(feed)

    def _add_epoch(self, epoch: Epoch) -> None:
        super()._add_epoch(epoch)
        if self.mittens:
            word, context, given = (self._matrices[spec.name] for spec in self._matrix_specs(len(self.vocab)))
            frozen = self._row_rates().get("vectors")
            move_towards(given, word, context, self.vector_size, self.mittens, self.alpha, frozen)
        self._show()

    def _why_no_examples(self) -> str:
        return "too few pairs of words are held out; give a larger held_out, or more text"

    def _worker_bytes(self, n_words: int, tokens: int, longest: int) -> int:
        """Return the bytes of the pairs: their number is exact when they were counted, else estimated from counts."""
        of_vocab, known = n_words == len(self.vocab), self.corpus_total_words
        n_cells = self._n_cells if of_vocab and tokens == known else 0
        if not n_cells:
            scale = tokens / max(1, known or int(self.vocab.counts.sum()))
            counts = self.vocab.counts * scale if of_vocab else zipf_counts(n_words, tokens)
            n_cells = estimate_cells(counts, (1 + self.symmetric) * self.window)
        row_bytes = 4 * value_width(self._matrix_specs(n_words)[0])
        return bytes_of_cells(n_cells, n_words, tokens, row_bytes, self.workers)


class _Pauses(Callbacks[Any]):
    """Callbacks during which the vectors of `wv` are current and may be changed."""

    def __init__(self, model: GloVe, callbacks: Callbacks[Any]) -> None:
        self._glove = model
        self._inner = callbacks

    def epoch_begin(self) -> None:
        """Run the callbacks before an epoch."""
        self._glove._show()
        self._glove._is_training = False
        self._inner.epoch_begin()
        self._glove._is_training = True

    def epoch_end(self, epoch: Epoch) -> None:
        """Record an epoch in the model and run the callbacks after it."""
        self._glove._is_training = False
        self._inner.epoch_end(epoch)
        self._glove._is_training = True
