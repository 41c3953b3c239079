"""The Brown corpus as gensim reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from wildvec.text.line_sentences import LineSentence


class BrownCorpus:
    """The sentences of a folder with the files of the Brown corpus, whose tokens are WORD/TAG.

    A word is the token in lower case, "/" and the first two letters of its tag. Other tokens are left out.
    """

    def __init__(self, dirname: Any) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[list[str]]:
        paths = (os.path.join(self.dirname, name) for name in os.listdir(self.dirname))
        for path in filter(os.path.isfile, paths):
            for sentence in LineSentence(path):
                pairs = (token.split("/") for token in sentence if token.count("/") == 1)
                words = [f"{word.lower()}/{tag[:2]}" for word, tag in pairs if tag[:2].isalpha()]
                if words:
                    yield words
