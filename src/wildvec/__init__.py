"""wildvec: embeddings of anything discrete, trained fast on the CPU."""

from __future__ import annotations

from wildvec.cooccurrence.cooccurrence import Cooccurrence
from wildvec.interactions.interactions import Interactions
from wildvec.models.bpr import BPR
from wildvec.models.bsl import BSL
from wildvec.models.callbacks import CallbackAny2Vec
from wildvec.models.category_embedding import (
    CategoryEmbedding,
    CategoryEmbeddingClassifier,
    CategoryEmbeddingRegressor,
)
from wildvec.models.ccl import CCL
from wildvec.models.doc2vec import Doc2Vec
from wildvec.models.facebook_models import load_facebook_model, save_facebook_model
from wildvec.models.fasttext import FastText
from wildvec.models.glove import GloVe
from wildvec.models.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    FrozenPhrases,
    Phraser,
    Phrases,
    npmi_scorer,
    original_scorer,
)
from wildvec.models.text_classifier import TextClassifier
from wildvec.models.warp import WARP
from wildvec.models.word2vec import Word2Vec
from wildvec.text.line_sentences import LineSentence, PathLineSentences, Text8Corpus
from wildvec.text.tagged import TaggedDocument, TaggedLineDocument
from wildvec.vectors.facebook_vectors import load_facebook_vectors
from wildvec.vectors.fasttext_keyedvectors import FastTextKeyedVectors
from wildvec.vectors.keyedvectors import KeyedVectors

__all__ = [
    "BPR",
    "BSL",
    "CCL",
    "ENGLISH_CONNECTOR_WORDS",
    "WARP",
    "CallbackAny2Vec",
    "CategoryEmbedding",
    "CategoryEmbeddingClassifier",
    "CategoryEmbeddingRegressor",
    "Cooccurrence",
    "Doc2Vec",
    "FastText",
    "FastTextKeyedVectors",
    "FrozenPhrases",
    "GloVe",
    "Interactions",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "TaggedDocument",
    "TaggedLineDocument",
    "Text8Corpus",
    "TextClassifier",
    "Word2Vec",
    "__version__",
    "load_facebook_model",
    "load_facebook_vectors",
    "npmi_scorer",
    "original_scorer",
    "save_facebook_model",
]

__version__ = "0.1.0"
