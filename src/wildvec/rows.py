"""Weight matrices: rows padded to cache lines, on huge pages where the system has them."""

from __future__ import annotations

import mmap

import numpy as np
from numpy.typing import NDArray

from wildvec._kernels import PAD, init_rows

FloatRows = NDArray[np.float32]


def allocate(n: int, size: int) -> FloatRows:
    """A zeroed float32 matrix of n rows whose width is `size` rounded up to the padding.

    It starts on a page, so every row starts on a cache line.

    >>> allocate(3, 100).shape
    (3, 112)
    """
    width = -(-size // PAD) * PAD
    if n == 0:
        return np.zeros((0, width), dtype=np.float32)
    pages = mmap.mmap(-1, n * width * 4)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype=np.float32).reshape(n, width)


def random(n: int, size: int, seed: int) -> FloatRows:
    """`allocate`d rows, uniform in ±0.5 / size; row r depends on (seed, r) alone.

    >>> bool((random(2, 8, seed=1)[1] == random(5, 8, seed=1)[1]).all())
    True
    """
    rows = allocate(n, size)
    init_rows(rows, 0, size, seed)
    return rows


def padded(matrix: NDArray[np.floating]) -> FloatRows:
    """`allocate`d rows that hold a copy of a matrix of shape (n, size)."""
    rows = allocate(*matrix.shape)
    rows[:, : matrix.shape[1]] = matrix
    return rows
