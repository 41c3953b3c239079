"""gensim.models.phrases: Phrases, FrozenPhrases and the scores of pairs."""

from __future__ import annotations

from wildvec.compat.gensim.absent import find

Phrases = find("wildvec", "Phrases")
FrozenPhrases = Phraser = find("wildvec", "FrozenPhrases")
