"""How a Word2Vec reads its text: its arguments and settings as those of `Corpus.read`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from wildvec.text.corpus import Corpus
from wildvec.text.files import Paths
from wildvec.text.vocab import Vocab

Source = Any  # whatever Corpus.read takes


def read(model: Any, sentences: Source, corpus_file: Source, vocab: Vocab | None) -> Corpus:
    """The one that is given of sentences and corpus_file; vocab: None makes one of it."""
    if (sentences is None) == (corpus_file is None):
        raise TypeError("give either sentences or corpus_file")
    return Corpus.read(
        _as_paths(corpus_file) if sentences is None else sentences,
        vocab=vocab,
        min_count=model.min_count,
        max_vocab_size=model.max_vocab_size,
        max_final_vocab=model.max_final_vocab,
        sorted_vocab=bool(model.sorted_vocab),
        workers=model.workers,
        lowercase=model.lowercase,
        tokenizer=model.tokenizer,
        errors=model.errors,
        max_sentence_length=model.max_sentence_length,
        cache_dir=model.cache_dir,
    )


def _as_paths(corpus_file: Source) -> Source:
    """A corpus_file is a path, also where a list of str would else be sentences."""
    if isinstance(corpus_file, (bytes, bytearray)) or hasattr(corpus_file, "read"):
        return corpus_file
    if not isinstance(corpus_file, Iterable) and not isinstance(corpus_file, os.PathLike):
        raise TypeError(f"corpus_file={corpus_file!r}: give a path or a list of paths")
    return Paths(corpus_file)
