"""gensim.models.doc2vec: Doc2Vec with gensim's internals, and tagged documents."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wildvec.compat.gensim.keyedvectors import Doc2VecKeyedVectors, KeyedVectors
from wildvec.compat.gensim.word2vec import FAST_VERSION, Word2Vec
from wildvec.models import doc2vec
from wildvec.text.files import open_file
from wildvec.text.tagged import TaggedDocument, TaggedLineDocument
from wildvec.text.tags import GivenTags, TagTable
from wildvec.vectors import keyedvectors

__all__ = [
    "CORPUSFILE_VERSION",
    "FAST_VERSION",
    "Doc2Vec",
    "Doc2VecKeyedVectors",
    "Doctag",
    "TaggedBrownCorpus",
    "TaggedDocument",
    "TaggedLineDocument",
]

CORPUSFILE_VERSION = 1  # corpus_file is supported
WORD_AND_CLASS = 2  # parts of a token of the Brown corpus


class Doc2Vec(Word2Vec, doc2vec.Doc2Vec):
    """wildvec's Doc2Vec with gensim's internals as attributes."""

    def _make_dv(self) -> keyedvectors.KeyedVectors:
        dv = KeyedVectors.from_arrays(self._tags.keys, self._document_vectors)
        # As in gensim, an int tag is a row number and no key.
        dv.key_to_index = {key: row for row, key in enumerate(self._tags.keys) if key != row}
        return dv

    @property
    def layer1_size(self) -> int:
        """The size of the hidden row."""
        n = self.dm_tag_count + 2 * self.window if self.dm and self.dm_concat else 1
        return n * self.vector_size

    def build_vocab(
        self, corpus_iterable: Any = None, corpus_file: Any = None, *args: Any, **others: Any
    ) -> None:
        """Build the vocabulary; if no word is left, the model still has the tags of documents."""
        super().build_vocab(corpus_iterable, corpus_file, *args, **others)
        documents = corpus_iterable if corpus_iterable is not None else others.get("documents")
        if not len(self.vocab) and documents is not None:
            self._set_tags(TagTable.of(GivenTags(list(document.tags) for document in documents)))

    @property
    def docvecs(self) -> keyedvectors.KeyedVectors:
        """The same as dv; deprecated."""
        _warn("docvecs", "dv")
        return self.dv

    @docvecs.setter
    def docvecs(self, value: keyedvectors.KeyedVectors) -> None:
        _warn("docvecs", "dv")
        self.dv = value

    def init_sims(self, replace: bool = False) -> None:
        """Scale all vectors of tags to length 1 if `replace` is true; deprecated."""
        _warn("init_sims", "nothing: no norms are stored")
        if replace:
            self.dv.unit_normalize_all()

    @staticmethod
    def _get_offsets_and_start_doctags_for_corpusfile(
        corpus_file: str | os.PathLike[str], workers: int
    ) -> tuple[list[int], list[int]]:
        """Return the byte and the line at which each worker of gensim begins: the line at i / workers of the file."""
        lines = Path(corpus_file).read_bytes().splitlines(keepends=True)
        starts = np.cumsum([0, *map(len, lines)])
        first = [
            int(np.searchsorted(starts, starts[-1] // workers * i, side="right")) - 1 for i in range(workers)
        ]
        return [int(starts[line]) for line in first], first


def _warn(name: str, current: str) -> None:
    warnings.warn(f"{name} is deprecated; use {current}", DeprecationWarning, stacklevel=3)


@dataclass
class Doctag:
    """The documents and words of a tag, as in gensim 3.

    doc_count: Documents with the tag. index: Its row. word_count: Words of these documents.
    """

    doc_count: int
    index: int
    word_count: int

    @property
    def count(self) -> int:
        """The same as doc_count."""
        return self.doc_count

    @count.setter
    def count(self, value: int) -> None:
        self.doc_count = value


class TaggedBrownCorpus:
    """The sentences of the Brown corpus as documents.

    dirname: The folder of its files, in which a line is a sentence and a token is `word/class`. Words become
    `word/cl`, in lower case and with the first two letters of the class; tokens of other classes (punctuation) are
    left out, and so are sentences without a word. The tag is "<file>_SENT_<line>".
    """

    def __init__(self, dirname: str | os.PathLike[str]) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[TaggedDocument]:
        for path in sorted(Path(self.dirname).iterdir()):
            if not path.is_file():
                continue
            with open_file(str(path)) as (lines, _):
                for number, line in enumerate(lines):
                    if words := _brown_words(line.decode()):
                        yield TaggedDocument(words, [f"{path}_SENT_{number}"])


def _brown_words(line: str) -> list[str]:
    pairs = [parts for token in line.split() if len(parts := token.split("/")) == WORD_AND_CLASS]
    return [f"{word.lower()}/{kind[:2]}" for word, kind in pairs if kind[:2].isalpha()]
