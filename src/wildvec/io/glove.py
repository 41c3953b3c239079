"""GloVe's text vectors: word2vec's lines without the header."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from wildvec.io.rows import RowReader
from wildvec.io.source import LONGEST, Source
from wildvec.io.word2vec import count_values


def load(
    path: str | os.PathLike[str], *, limit: int | None = None, errors: str = "strict"
) -> tuple[list[str], NDArray[np.float32]]:
    r"""Keys and float32 matrix (n, dim) of a GloVe text file; arguments as for word2vec.load.

    The first line says how many values a row has. A key may hold spaces (some of GloVe's own
    files have such): it is what stands before a line's last values.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "glove.txt")
    >>> _ = path.write_text("the 1 2\nat name 3 4\n")
    >>> load(path)[0]
    ['the', 'at name']
    """
    with Source(path) as source:
        return read(source, limit=limit, errors=errors)


def read(
    source: Source, *, limit: int | None = None, errors: str = "strict"
) -> tuple[list[str], NDArray[np.float32]]:
    """`load` from an open source."""
    while b"\n" not in bytes(source.unread) and len(source.unread) < LONGEST and source.more():
        pass
    dim = count_values(bytes(source.unread).partition(b"\n")[0])
    if not dim:
        raise ValueError(f"{source.path}, line 1: not a key and its values, separated by spaces")
    return RowReader(source, dim, limit=limit, spaced_keys=True, errors=errors).read()
