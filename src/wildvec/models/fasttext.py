"""FastText: word2vec whose words share the rows of their character n-grams.

Bojanowski, Grave, Joulin, Mikolov (2017), "Enriching Word Vectors with Subword Information".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import choice, whole
from wildvec.base.ragged import Ragged
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.settings import Setting
from wildvec.models.subword_index import SubwordIndex
from wildvec.models.subword_objective import ROWS, SubwordObjective
from wildvec.models.text_model import Source
from wildvec.models.word2vec import Word2Vec
from wildvec.text.readers import Tokenizer
from wildvec.text.vocab import Vocab
from wildvec.training.feed import Feed
from wildvec.training.matrices import FloatRows
from wildvec.training.objective import MatrixSpec
from wildvec.training.schedule import Schedule
from wildvec.training.state import Epoch, Saver, State
from wildvec.vectors.keyedvectors import KeyedVectors
from wildvec.vectors.means import mean_rows

LARGEST_VALUE = 1e3  # of a row; larger ones mean that training diverges, though they are still finite


class FastText(Word2Vec):
    """Vectors of words and of their character n-grams, learned from the words around them."""

    NAME: ClassVar[str] = "FastText"
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
        trim_rule: Any = None,
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
        self._set_up(locals())
        self._start(sentences, corpus_file, callbacks)

    # -- vocabulary and matrices ----------------------------------------------------------------------------------

    def _index_of(self, vocab: Vocab) -> SubwordIndex:
        return SubwordIndex.of(vocab.keys, self.min_n, self.max_n, self.bucket)

    def _reset(self, vocab: Vocab) -> None:
        self._index = self._index_of(vocab)
        super()._reset(vocab)

    def _objective(self) -> SubwordObjective:
        names = [field.name for field in fields(SubwordObjective) if field.name != "index"]
        return SubwordObjective(**{name: getattr(self, name) for name in names}, index=self._index)

    def _make_wv(self, vocab: Vocab) -> KeyedVectors:
        return KeyedVectors.from_arrays(vocab.keys, self._vectors, vocab.counts)

    @property
    def _vectors(self) -> FloatRows:
        """The vectors of the words, (keys, vector_size): a new array."""
        index = self._index
        parts = Ragged(index.ids[: index.offsets[-1]], index.offsets)
        return mean_rows(self._matrices[ROWS][:, : self.vector_size], [parts], index.n_words)

    def _compose(self) -> None:
        """Set the vectors of `wv` to those that training has changed."""
        self.wv.vectors[...] = self._vectors

    def _take_over_vectors(self) -> None:
        self._check_own_vectors()

    def _run(
        self, feed: Feed, schedule: Schedule, callbacks: Callbacks[Self], state: State, saver: Saver
    ) -> None:
        try:
            super()._run(feed, schedule, callbacks, state, saver)
        finally:
            self._compose()

    def _add_epoch(self, epoch: Epoch) -> None:
        super()._add_epoch(epoch)
        self._compose()
