"""gensim.models.keyedvectors: KeyedVectors with gensim's internals."""

from __future__ import annotations

import numpy as np

from wildvec.compat.gensim.absent import find
from wildvec.vectors import keyedvectors

REAL = np.float32


class KeyedVectors(keyedvectors.KeyedVectors):
    """wildvec's KeyedVectors with gensim's internals as attributes."""


Word2VecKeyedVectors = Doc2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors
Vocab = CompatVocab = find("wildvec.compat.gensim.keyedvectors", "CompatVocab")
