"""gensim.models.fasttext: FastText and FastTextKeyedVectors with gensim's internals, and Facebook's files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.compat.gensim import keyedvectors
from wildvec.compat.gensim.fasttext_inner import ft_ngram_hashes
from wildvec.compat.gensim.keyedvectors import KeyedVectors
from wildvec.compat.gensim.word2vec import FAST_VERSION, MAX_WORDS_IN_BATCH, Word2Vec
from wildvec.models import facebook_models, fasttext
from wildvec.text.subwords import find_ngrams
from wildvec.vectors import fasttext_keyedvectors
from wildvec.vectors.facebook_vectors import load_facebook_vectors as load_vectors
from wildvec.vectors.queries import is_key
from wildvec.vectors.subword_rows import Floats, SubwordRows, fill_rows

__all__ = [
    "FAST_VERSION",
    "MAX_WORDS_IN_BATCH",
    "FastText",
    "FastTextKeyedVectors",
    "ft_ngram_hashes",
    "load_facebook_model",
    "load_facebook_vectors",
    "save_facebook_model",
]

BYTES_OF_WORD = 500, 700  # gensim's estimate, without and with a Huffman tree


class FastTextKeyedVectors(KeyedVectors, fasttext_keyedvectors.FastTextKeyedVectors):  # type: ignore[misc]  # `save`
    """wildvec's FastTextKeyedVectors with gensim's internals: all buckets seem to have rows."""

    compatible_hash = True  # the hashes are those of fastText

    def __contains__(self, key: object) -> bool:
        return (is_key(key) and self.has_index_for(key)) or self._subwords.has_ngrams(str(key))

    @property
    def vectors_ngrams(self) -> Floats:
        """Rows of all buckets, (bucket, vector_size); those of buckets that do not occur are drawn."""
        rows: Floats = vars(self)["vectors_ngrams"]
        if self.buckets is None or self._order is None or len(rows) == self.bucket:
            return rows
        return fill_rows(rows, self.buckets, self._order, 0, self.bucket, seed=1)

    @vectors_ngrams.setter
    def vectors_ngrams(self, rows: Floats) -> None:
        before, buckets = vars(self).get("vectors_ngrams", ()), vars(self).get("buckets")
        if buckets is not None and len(rows) == self.bucket != len(before) == len(buckets):
            rows = rows[buckets]
        vars(self)["vectors_ngrams"] = rows

    @property
    def buckets_word(self) -> list[NDArray[np.uint32]]:
        """The buckets of the n-grams of each word."""
        found = find_ngrams(self.index_to_key, self.min_n, self.max_n, self.bucket)
        return [buckets.astype(np.uint32) for buckets in found]

    def recalc_char_ngram_buckets(self) -> None:
        """Do nothing: `buckets_word` is computed when it is read."""

    def adjust_vectors(self) -> None:
        """Compute the vectors of words from the rows of words and n-grams."""
        rows: SubwordRows = self._subwords
        self.vectors = rows.compose(self.index_to_key, self.vectors_vocab)

    def init_post_load(self, fb_vectors: Floats) -> None:
        """Set the rows of words and of all buckets, (words + bucket, vector_size)."""
        expected = (len(self) + self.bucket, self.vector_size)
        if fb_vectors.shape != expected:
            raise AssertionError(f"rows of shape {fb_vectors.shape}; {expected} are needed")
        self.buckets = None
        self.vectors_vocab, self.vectors_ngrams = np.split(np.array(fb_vectors, np.float32), [len(self)])
        self.adjust_vectors()

    def resize_vectors(self, seed: int = 0) -> None:
        """Give each key of `index_to_key` a row, and each bucket."""
        super().resize_vectors(seed)
        n = len(self.vectors_vocab)
        self.vectors_vocab = np.concatenate([self.vectors_vocab, self.vectors[n:].astype(np.float32)])
        vars(self)["vectors_ngrams"], self.buckets = self.vectors_ngrams, None
        self.adjust_vectors()


keyedvectors.FastTextKeyedVectors = FastTextKeyedVectors  # type: ignore[attr-defined]  # gensim has it there too


class FastText(Word2Vec, fasttext.FastText):  # type: ignore[misc]  # both make `wv`
    """wildvec's FastText with gensim's internals as attributes."""

    WV = FastTextKeyedVectors

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None, **others: Any
    ) -> dict[str, int]:
        """Return gensim's estimate in bytes. wildvec needs less; `wildvec.FastText.estimate_memory` says how much."""
        n = len(self.wv) if vocab_size is None else vocab_size
        row = 4 * self.vector_size
        report = {} if report is None else report
        report["vocab"] = n * BYTES_OF_WORD[self.hs]
        report["syn0_vocab"] = n * row
        report |= {name: n * row for name, used in (("syn1", self.hs), ("syn1neg", self.negative)) if used}
        if self.bucket and len(self.wv):
            report["syn0_ngrams"] = self.bucket * row
            ngrams = find_ngrams(self.wv.index_to_key, self.min_n, self.max_n, self.bucket)
            report["buckets_word"] = 64 + 100 * n + 4 * len(ngrams.values)
        report["total"] = sum(report.values())
        return report

    @classmethod
    def load_fasttext_format(cls, model_file: str | os.PathLike[str], encoding: str = "utf8") -> Any:
        """Return load_facebook_model(…); deprecated."""
        warnings.warn("use load_facebook_vectors or load_facebook_model", DeprecationWarning, stacklevel=2)
        return load_facebook_model(model_file, encoding)

    def load_binary_data(self, encoding: str = "utf8") -> Any:
        """Raise NotImplementedError: read the file with load_facebook_model."""
        raise NotImplementedError("load_binary_data: use load_facebook_model(path), which returns a model")


class FastTextVocab:
    """A class of gensim 3 that old pickles name; it has no methods."""


class FastTextTrainables:
    """A class of gensim 3 that old pickles name; it has no methods."""


def load_facebook_model(path: str | os.PathLike[str], encoding: str = "utf-8") -> FastText:
    """Read a fastText model. `negative` is that of the file, also with hierarchical softmax."""
    model = facebook_models.load_facebook_model(path, encoding, model_class=FastText)
    model.negative = max(vars(model)["_facebook_settings"].neg, 0)
    return model


def load_facebook_vectors(path: str | os.PathLike[str], encoding: str = "utf-8") -> FastTextKeyedVectors:
    """Read the vectors of a fastText model. NotImplementedError: it is supervised."""
    wv = load_vectors(path, encoding)
    wv.__class__ = FastTextKeyedVectors
    return wv  # type: ignore[return-value]


save_facebook_model = facebook_models.save_facebook_model


def _unpack(
    m: ArrayLike, num_rows: int, hash2index: Mapping[int, int], seed: int = 1, fill: Any = None
) -> Any:
    """Return a matrix in which row `hash` is row hash2index[hash] of `m`; others are drawn, or `fill`."""
    rows = np.asarray(m)
    full = np.random.default_rng(seed).uniform(-1, 1, (num_rows, *rows.shape[1:])) / rows.shape[-1]
    if fill is not None:
        full[...] = fill
    full[list(hash2index)] = rows[list(hash2index.values())]
    return full
