"""Files of vectors: native, word2vec's two, GloVe's; functions of (keys, matrix) only."""

from __future__ import annotations

from wildvec.io.vectors import Kind, load, save, save_native_vectors

__all__ = ["Kind", "load", "save", "save_native_vectors"]
