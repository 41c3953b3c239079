"""wildvec: embeddings of anything discrete, trained fast on the CPU."""

from __future__ import annotations

from wildvec.cooccurrence.cooccurrence import Cooccurrence
from wildvec.models.category_embedding import (
    CategoryEmbedding,
    CategoryEmbeddingClassifier,
    CategoryEmbeddingRegressor,
)
from wildvec.models.doc2vec import Doc2Vec
from wildvec.models.glove import GloVe
from wildvec.models.text_classifier import TextClassifier
from wildvec.models.word2vec import Word2Vec
from wildvec.text.tagged import TaggedDocument, TaggedLineDocument
from wildvec.vectors.keyedvectors import KeyedVectors

__all__ = [
    "CategoryEmbedding",
    "CategoryEmbeddingClassifier",
    "CategoryEmbeddingRegressor",
    "Cooccurrence",
    "Doc2Vec",
    "GloVe",
    "KeyedVectors",
    "TaggedDocument",
    "TaggedLineDocument",
    "TextClassifier",
    "Word2Vec",
    "__version__",
]

__version__ = "0.1.0"
