"""gensim.models.phrases: Phrases, FrozenPhrases and the scores of pairs."""

from __future__ import annotations

from wildvec.models.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    FrozenPhrases,
    Phraser,
    Phrases,
    npmi_scorer,
    original_scorer,
)
from wildvec.models.phrases import PhrasesTransformation as _PhrasesTransformation

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "FrozenPhrases",
    "Phraser",
    "Phrases",
    "_PhrasesTransformation",
    "npmi_scorer",
    "original_scorer",
]
