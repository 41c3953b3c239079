"""Files of vectors: native, word2vec text and binary, GloVe text. In and out: keys, matrix, counts."""

from __future__ import annotations

from wildvec.io.vectors import Kind, load, save

__all__ = ["Kind", "load", "save"]
