"""gensim.models.word2vec: Word2Vec with gensim's internals, and readers of text."""

from __future__ import annotations

from wildvec.compat.gensim.absent import find
from wildvec.compat.gensim.internals import Internals
from wildvec.compat.gensim.keyedvectors import KeyedVectors, Vocab

__all__ = [
    "FAST_VERSION",
    "MAX_WORDS_IN_BATCH",
    "BrownCorpus",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Text8Corpus",
    "Vocab",
    "Word2Vec",
]

FAST_VERSION = 1  # the kernels are compiled
MAX_WORDS_IN_BATCH = 10_000

LineSentence = find("wildvec", "LineSentence")
PathLineSentences = find("wildvec", "PathLineSentences")
Text8Corpus = find("wildvec", "Text8Corpus")
BrownCorpus = find("wildvec", "BrownCorpus")


class Word2Vec(Internals):
    """wildvec's Word2Vec with gensim's internals as attributes, and gensim's checks of arguments."""


class Word2VecVocab:
    """A class of gensim 3 that old pickles name; it has no methods."""


class Word2VecTrainables:
    """A class of gensim 3 that old pickles name; it has no methods."""
