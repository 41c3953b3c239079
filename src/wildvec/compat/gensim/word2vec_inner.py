"""gensim.models.word2vec_inner: names that programs import from gensim's compiled module."""

from __future__ import annotations

from wildvec.compat.gensim.word2vec import FAST_VERSION, MAX_WORDS_IN_BATCH

__all__ = ["FAST_VERSION", "MAX_WORDS_IN_BATCH"]
