"""Find phrases with gensim. In: settings as JSON. Out: CPU seconds of counting, of freezing and of joining a file."""

from __future__ import annotations

import json
import sys

import phrases_common
from gensim.models.phrases import Phrases
from gensim.models.word2vec import LineSentence

settings = json.loads(sys.argv[1])


def join(frozen: object) -> int:
    """Write the text with joined phrases."""
    n_bytes = 0
    with open(settings["output"], "wb") as out:
        for sentence in frozen[LineSentence(settings["text"])]:
            n_bytes += out.write(" ".join(sentence).encode() + b"\n")
    return n_bytes


given = list(LineSentence(settings["text"])) if settings["lists"] else LineSentence(settings["text"])
phrases_common.run(settings, Phrases, lambda: given, join)
