"""Tags in files: those of native models, and vectors of words and tags in word2vec's format."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wildvec.io import keys as packed
from wildvec.text.tags import TagTable
from wildvec.training.matrices import FloatRows

if TYPE_CHECKING:
    from wildvec.models.doc2vec import Doc2Vec

BYTES_PER_TAG = 200  # gensim's estimate: a key, and its places in a list, a dict and two arrays
PREFIX = "documents."
DOC_COUNTS, WORD_COUNTS, FACTORS = (f"{PREFIX}{name}" for name in ("doc_counts", "word_counts", "lockf"))


def to_tensors(tags: TagTable, factors: FloatRows | None) -> dict[str, NDArray[Any]]:
    """Return the tensors of a file for tags. factors: of the changes of their rows; None: all 1."""
    tensors = {PREFIX + name: array for name, array in packed.pack(tags.keys).items()}
    tensors |= {DOC_COUNTS: tags.doc_counts, WORD_COUNTS: tags.word_counts}
    return tensors if factors is None else tensors | {FACTORS: factors}


def from_tensors(tensors: Mapping[str, NDArray[Any]]) -> TagTable:
    """Return the tags that `to_tensors` got. ValueError: the tensors do not fit each other."""
    parts = {name.removeprefix(PREFIX): array for name, array in tensors.items() if name.startswith(PREFIX)}
    keys = packed.unpack(parts)
    if len(set(keys)) != len(keys):
        raise ValueError("a tag occurs twice in the file")
    for name in (DOC_COUNTS, WORD_COUNTS):
        counts = tensors.get(name)
        if counts is None or counts.shape != (len(keys),) or counts.dtype != np.int64:
            raise ValueError(f"{name} must be int64 ({len(keys)},), one for each tag")
    return TagTable(keys, tensors[DOC_COUNTS], tensors[WORD_COUNTS])


def save_word2vec_format(
    model: Doc2Vec,
    fname: str | os.PathLike[str],
    doctag_vec: bool,
    word_vec: bool,
    prefix: str,
    fvocab: str | os.PathLike[str] | None,
    binary: bool,
) -> None:
    """Write vectors; arguments as in `Doc2Vec.save_word2vec_format`."""
    if not doctag_vec and not word_vec:
        raise ValueError(
            "doctag_vec and word_vec are False: nothing would be written; set one of them to True"
        )
    both = doctag_vec and word_vec
    if word_vec:
        total = len(model.wv) + len(model.dv) if both else None
        model.wv.save_word2vec_format(fname, fvocab, binary, total_vec=total)
    if doctag_vec:
        vocab = None if word_vec else fvocab
        model.dv.save_word2vec_format(fname, vocab, binary, prefix=prefix, write_header=not both, append=both)
