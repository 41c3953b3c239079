"""gensim.models.word2vec_corpusfile: names of gensim's compiled reader of text files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

CORPUSFILE_VERSION = 1


class CythonLineSentence:
    """Sentences of a file: an iterable of lists of bytes, one per line.

    Args:
        source: Path of a text file.
        offset: Byte of the file at which reading begins.
        max_sentence_length: Longer lines are split, counted in words.
    """

    def __init__(self, source: str, offset: int = 0, max_sentence_length: int = 10_000) -> None:
        self.source = Path(source)
        self.offset = offset
        self.max_sentence_length = max_sentence_length

    def read_sentence(self) -> list[bytes]:
        """Return the words of the line at `offset`."""
        return next(iter(self))

    def __iter__(self) -> Iterator[list[bytes]]:
        with self.source.open("rb") as lines:
            lines.seek(self.offset)
            for line in lines:
                words, size = line.split(), self.max_sentence_length
                for start in range(0, max(len(words), 1), size):
                    yield words[start : start + size]
