"""gensim.models.fasttext: FastText and FastTextKeyedVectors with gensim's internals, and Facebook's files."""

from __future__ import annotations

from wildvec.compat.gensim.absent import find

FastText = find("wildvec.models.fasttext", "FastText")
FastTextKeyedVectors = find("wildvec.vectors.fasttext_keyedvectors", "FastTextKeyedVectors")
