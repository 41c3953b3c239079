"""FastText: word2vec whose words share the rows of their character n-grams.

Bojanowski, Grave, Joulin, Mikolov (2017), "Enriching Word Vectors with Subword Information".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import choice, whole
from wildvec.base.status import NOT_FINITE, check
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.settings import Setting
from wildvec.models.subword_index import SubwordIndex
from wildvec.models.subword_objective import ROWS, SubwordObjective
from wildvec.models.text_model import Source
from wildvec.models.word2vec import Word2Vec
from wildvec.text.readers import Tokenizer
from wildvec.text.trimming import TrimRule
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.feed import Feed
from wildvec.training.matrices import FloatRows
from wildvec.training.schedule import Schedule
from wildvec.training.state import Epoch, Saver, State
from wildvec.vectors.fasttext_keyedvectors import FastTextKeyedVectors
from wildvec.vectors.means import mean_rows

# Values of trained rows are below 100. When training diverges, they are first huge and much later infinite.
LARGEST_VALUE = 1e4
WORDS_AT_ONCE = 10_000  # whose vectors are composed in one call
PARTS_PER_WORD = 60  # at most, in a vocabulary that is not known yet
BYTES_OF_PARTS = 150_000  # of a worker: pointers to parts, most of which are those to prefetch


class FastText(Word2Vec):
    """Vectors of words and of their character n-grams, learned from the words around them.

    The vector of a word is the mean of a row of its own and the rows of its n-grams, so that words with common parts
    help each other, and an unknown word has a vector too. N-grams are hashed to `bucket` numbers, as fastText does;
    only buckets that occur in words of the vocabulary have rows.

    Training composes the row of a word once for each token, when the first window contains it, and not for each pair.
    Its change is added to all parts after the last window that contains it. This is several times faster than
    fastText and gensim. Words of a window see the changes of each other's common n-grams a few words later.

    Args:
        sentences: Lists of tokens (str or int), or strings (split at white space, with a warning), in any iterable
            that is read once; a single str or path is a file.
        corpus_file: A path, a list of paths, a folder, a glob pattern or "-" for stdin. A line is a sentence. Files
            may be compressed (.gz, .bz2, .xz, .zst).
        sg: 1 for skip-gram, 0 for CBOW.
        hs: 1 for hierarchical softmax.
        vector_size: Values in a vector.
        alpha: Learning rate at the start.
        window: Words on each side of a word that count as its context.
        min_count: Words that occur less often are left out.
        max_vocab_size: Bound of the words held while reading; the rarest are dropped, by gensim's rule (see
            `Corpus.read`). None: no bound.
        word_ngrams: Only 1, as in gensim.
        sample: Words above this fraction of the corpus are trained less often; 0: all occurrences are trained.
        seed: With one worker, the same seed gives the same bits.
        workers: Threads; default: the CPUs that this process may use.
        min_alpha: Learning rate at the end; it falls linearly over all epochs.
        negative: Number of noise words per example; 0: no negative sampling.
        ns_exponent: Noise words are drawn with probability proportional to count ** ns_exponent.
        cbow_mean: CBOW predicts from the mean (1) or the sum (0) of the context.
        hashfxn: Ignored.
        epochs: Passes over the corpus.
        null_word: 1: the vocabulary has the additional word NUL (one character, code 0), which no text contains.
        min_n: Characters of the shortest n-gram, with < and > at the ends of a word.
        max_n: Characters of the longest n-gram. 0, or less than min_n: no n-grams.
        sorted_vocab: 1: the most frequent word comes first; 0: order of first appearance.
        bucket: Number of buckets; 0: no n-grams. Memory depends on the buckets that occur only.
        trim_rule: A function of (word, count, min_count) that returns gensim's RULE_KEEP, RULE_DISCARD or
            RULE_DEFAULT (min_count decides). It is not stored in files.
        batch_words: Ignored.
        callbacks: Objects with at least one of the methods on_train_begin, on_epoch_begin, on_epoch_end and
            on_train_end, which get the model. No worker runs meanwhile.
        max_final_vocab: Raises min_count until the vocabulary has at most this many words. None: no bound.
        shrink_windows: True: each centre draws its width from 1 to window; False: always window.
        update: "block" trains two neighbouring centres together, "pair" one pair at a time; see `Word2Vec`.
        deterministic: The same seed and number of workers give the same bits; see `Word2Vec`.
        held_out: Fraction of the sentences, at least one, that is not trained. `seed` and the number of sentences
            decide which. Their loss is measured after each epoch, always with the same draws.
        patience: Training stops after this many epochs without a new minimum of the held-out loss. The vectors are
            then those of the best epoch, of which a copy is kept meanwhile. None: all epochs.
        max_seconds: Training (without reading) ends after this time, if the epochs take longer. The learning rate
            reaches min_alpha by then. Results then depend on the speed, so `deterministic` does not allow it.
        checkpoint: Folder for checkpoints, which `resume` continues from and `load` opens. It is created if it does
            not exist. One is written when training begins, at Ctrl-C (a second Ctrl-C skips it) and at the end.
        checkpoint_minutes: Minutes between two checkpoints; None: none by time.
        checkpoint_epochs: Epochs between two checkpoints; None: none by epochs.
        keep_checkpoints: Number of newest checkpoints that are kept.
        lowercase: Convert the text to lower case.
        tokenizer: Function from a line to its tokens; default: str.split.
        errors: What to do with bytes that are not UTF-8: "strict" raises, "replace" inserts U+FFFD, "ignore" omits.
        max_sentence_length: Longer sentences are split, counted in tokens.
        cache_dir: Folder for the ids of the corpus; default: memory, and the system's temporary folder if they are
            larger than 256 MB.
        others: Arguments that only gensim has: ignored if they change no result, else refused.

    Attributes:
        wv: The vectors (FastTextKeyedVectors): `wv.vectors` are the composed vectors of words, `wv.vectors_vocab` and
            `wv.vectors_ngrams` the rows of words and buckets. A further training begins with these rows, also if
            they were changed; changes of `wv.vectors` are lost then. `wv.vectors_vocab_lockf` and
            `wv.vectors_ngrams_lockf` are factors of each row's change, float32 of length 1 or one per row: 0 freezes.
        Others: See `Word2Vec`.

    Raises:
        FloatingPointError: A value is not finite, or so large that training has diverged. Lower alpha.
        Others: See `Word2Vec`.

    >>> text = [["walk", "walks", "walked"], ["talk", "talks", "talked"]] * 50
    >>> model = FastText(text, vector_size=16, min_count=1, epochs=2, workers=1)
    >>> model
    FastText(6 keys × 16, CBOW, 2 epochs trained)
    >>> model.wv["walking"].shape
    (16,)
    """

    wv: FastTextKeyedVectors

    NAME: ClassVar[str] = "FastText"
    _has_all_buckets = False  # whether buckets that do not occur have rows too, as in fastText's files
    MATRICES: ClassVar[tuple[str, ...]] = (ROWS, "output_rows", "node_rows")

    word_ngrams = Setting(1, choice(1), "n-grams of words: only 1, as in gensim")
    min_n = Setting(3, whole(0, 1000), "characters of the shortest n-gram", fixed=True)
    max_n = Setting(6, whole(0, 1000), "characters of the longest n-gram; 0: no n-grams", fixed=True)
    bucket = Setting(2_000_000, whole(0, 2**31 - 1), "buckets of n-grams; 0: no n-grams", fixed=True)

    def __init__(
        self,
        sentences: Source = None,
        corpus_file: Source = None,
        sg: int = 0,
        hs: int = 0,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        word_ngrams: int = 1,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int | None = None,
        min_alpha: float = 1e-4,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[..., int] | None = None,
        epochs: int = 5,
        null_word: int = 0,
        min_n: int = 3,
        max_n: int = 6,
        sorted_vocab: int = 1,
        bucket: int = 2_000_000,
        trim_rule: TrimRule | None = None,
        batch_words: int = 10_000,
        callbacks: Iterable[Callback[Self]] = (),
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
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
        tokenizer: Tokenizer | None = None,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        cache_dir: str | os.PathLike[str] | None = None,
        **others: Any,
    ) -> None:
        self._is_training = False
        self._set_up(locals())
        self._start(sentences, corpus_file, callbacks)

    # -- vocabulary and matrices ----------------------------------------------------------------------------------

    def _objective(self) -> SubwordObjective:
        names = [field.name for field in fields(SubwordObjective) if field.name != "index"]
        return SubwordObjective(**{name: getattr(self, name) for name in names}, index=self._index)

    def _index_of(self, vocab: Vocab) -> SubwordIndex:
        return SubwordIndex.of(vocab.keys, self.min_n, self.max_n, self.bucket, self._has_all_buckets)

    def _reset(self, vocab: Vocab) -> None:
        self._has_all_buckets = False
        self._index = self._index_of(vocab)
        super()._reset(vocab)

    def _grow_matrices(self, vocab: Vocab) -> None:
        """Words and buckets keep their rows, which get other numbers; new ones are those of a new model."""
        old, factors = self._index, self._row_rates().get("vectors")
        self._index = self._index_of(vocab)
        rows = {
            spec.name: matrices.grow(spec, self._matrices[spec.name], self.seed)
            for spec in self._matrix_specs(len(vocab))
            if spec.name != ROWS
        }
        first = self._matrix_specs(len(vocab))[0]
        moved = matrices.create(first, self.seed)
        numbers = self._index.rows_of(old)
        moved[numbers] = self._matrices[ROWS]
        self._set_matrices(vocab, {ROWS: moved, **rows})
        if factors is not None:
            all_factors = np.ones(self._index.n_rows, np.float32)
            all_factors[numbers] = factors
            self._set_row_rates(all_factors)

    def _make_wv(self, vocab: Vocab) -> FastTextKeyedVectors:
        words, ngrams = self._parts()
        wv = FastTextKeyedVectors.from_rows(
            vocab.keys,
            vocab.counts,
            words,
            ngrams,
            buckets=self._index.buckets,
            vectors=self._vectors,
            min_n=self.min_n,
            max_n=self.max_n,
            bucket=self.bucket,
        )
        wv.vectors_vocab_lockf = wv.vectors_ngrams_lockf = np.ones(1, np.float32)
        return wv

    def _parts(self) -> tuple[FloatRows, FloatRows]:
        """Return views of the rows of words and of those of buckets, without padding."""
        rows = self._matrices[ROWS][:, : self.vector_size]
        return rows[: self._index.n_words], rows[self._index.n_words :]

    @property
    def _vectors(self) -> FloatRows:
        """The composed vectors of the words, (keys, vector_size): a new array."""
        index = self._index
        firsts = range(0, index.n_words, WORDS_AT_ONCE)
        parts = (index.part(first, first + WORDS_AT_ONCE) for first in firsts)
        return mean_rows(self._matrices[ROWS][:, : self.vector_size], parts, index.n_words)

    def _compose(self) -> None:
        """Set the vectors of `wv` to those of the rows, which training has changed."""
        if self.wv.vectors.shape == (len(self.vocab), self.vector_size):
            self.wv.vectors[...] = self._vectors

    def _take_over_vectors(self) -> None:
        """Copy rows that were assigned to `wv` into the matrix that is trained."""
        self._check_own_vectors()
        for name, rows in zip(("vectors_vocab", "vectors_ngrams"), self._parts(), strict=True):
            given = np.asarray(vars(self.wv)[name])
            if given.shape != rows.shape:
                raise ValueError(f"wv.{name} has the shape {given.shape}; the model needs {rows.shape}")
            if given.strides != rows.strides or given.ctypes.data != rows.ctypes.data:
                rows[...] = given
                setattr(self.wv, name, rows)
        if self._is_training:
            self._compose()

    def _row_rates(self) -> dict[str, FloatRows]:
        names, parts = ("vectors_vocab_lockf", "vectors_ngrams_lockf"), self._parts()
        factors = [_factors(self.wv, name, len(rows)) for name, rows in zip(names, parts, strict=True)]
        if (np.asarray(self.wv.vectors_lockf) != 1).any():
            raise ValueError(
                "wv.vectors_lockf: words consist of rows of several words; set wv.vectors_vocab_lockf and "
                "wv.vectors_ngrams_lockf"
            )
        if all((some == 1).all() for some in factors):
            return {}
        return {"vectors": np.concatenate(factors)}

    def _set_row_rates(self, factors: FloatRows) -> None:
        n = self._index.n_words
        of_words, of_buckets = (factors, factors) if len(factors) == 1 else (factors[:n], factors[n:])
        self.wv.vectors_vocab_lockf, self.wv.vectors_ngrams_lockf = of_words.copy(), of_buckets.copy()

    def _rates_by_matrix(self) -> dict[str, FloatRows]:
        rates = self._row_rates()
        return {ROWS: rates["vectors"]} if rates else {}

    # -- files ----------------------------------------------------------------------------------------------------

    def _more_tensors(self) -> dict[str, NDArray[Any]]:
        return {**super()._more_tensors(), "buckets": self._index.buckets}

    def _set_more_tensors(self, tensors: Mapping[str, NDArray[Any]], n_keys: int) -> None:
        super()._set_more_tensors(tensors, n_keys)
        self._is_training = False
        self._has_all_buckets = len(tensors.get("buckets", ())) == self.bucket
        self._index = self._index_of(self.vocab)
        if not np.array_equal(tensors.get("buckets", ()), self._index.buckets):
            raise ValueError("the buckets are not those of the words; the file is damaged")

    # -- training -------------------------------------------------------------------------------------------------

    def _run(
        self, feed: Feed, schedule: Schedule, callbacks: Callbacks[Self], state: State, saver: Saver
    ) -> None:
        self._is_training = True
        try:
            super()._run(feed, schedule, callbacks, state, saver)
        finally:
            self._is_training = False
            self._compose()

    def _add_epoch(self, epoch: Epoch) -> None:
        super()._add_epoch(epoch)
        self._compose()

    def _check_finite(self) -> None:
        super()._check_finite()
        largest = max((float(np.abs(rows).max(initial=0)) for rows in self._matrices.values()), default=0.0)
        if largest > LARGEST_VALUE:
            check(NOT_FINITE, f"values up to {largest:.1e}, alpha={self.alpha}, {self.workers} workers")

    # -- memory (see `estimate_memory`) ---------------------------------------------------------------------------

    def _table_bytes(self, n_words: int) -> int:
        """Also the lists of parts."""
        parts = int(self._index.offsets[-1]) if n_words == len(self.vocab) else PARTS_PER_WORD * n_words
        return super()._table_bytes(n_words) + 4 * parts + 8 * n_words

    def _worker_bytes(self, n_words: int, tokens: int, longest: int) -> int:
        """Also the rows of the tokens of a window, and pointers to parts."""
        slots = 4 * self.window + 4
        more = 8 * slots * matrices.padded_width(self.vector_size) + BYTES_OF_PARTS
        return super()._worker_bytes(n_words, tokens, longest) + self.workers * more


def _factors(wv: FastTextKeyedVectors, name: str, n: int) -> FloatRows:
    """Return a copy of the factors of n rows; ValueError: they do not fit."""
    given = np.asarray(getattr(wv, name), np.float32)
    if given.shape not in ((1,), (n,)):
        raise ValueError(
            f"wv.{name} has the shape {given.shape}; give one factor, or one for each of {n} rows"
        )
    bad = np.flatnonzero(~(np.isfinite(given) & (given >= 0)))
    if len(bad):
        raise ValueError(f"wv.{name}[{bad[0]}]={given[bad[0]]}: give a finite number from 0 up")
    return np.array(np.broadcast_to(given, n), order="C")
