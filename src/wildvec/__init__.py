"""wildvec: embeddings of anything discrete, trained fast on the CPU."""

from __future__ import annotations

from wildvec.keyedvectors import KeyedVectors
from wildvec.models.word2vec import Word2Vec

__all__ = ["KeyedVectors", "Word2Vec", "__version__"]

__version__ = "0.1.0"
