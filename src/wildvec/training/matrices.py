"""Weight matrices: rows padded to cache lines, on huge pages where the system has them."""

from __future__ import annotations

import contextlib
import mmap
import zlib
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from wildvec._train import PAD, init_rows
from wildvec.base.pages import private_pages
from wildvec.base.threads import default_workers, in_order
from wildvec.training.objective import MatrixSpec

FloatRows = NDArray[np.float32]
DRAWN_ROWS = 10_000  # at a time, by one thread


def padded_width(size: int) -> int:
    """`size` rounded up to whole cache lines of floats.

    >>> padded_width(100)
    112
    """
    return -(-size // PAD) * PAD


def allocate(n: int, size: int) -> FloatRows:
    """A zeroed float32 matrix of n rows whose width is `size` rounded up to the padding.

    It starts on a page, so every row starts on a cache line.

    >>> allocate(3, 100).shape
    (3, 112)
    """
    width = padded_width(size)
    if n == 0:
        return np.zeros((0, width), dtype=np.float32)
    try:
        pages = private_pages(n * width * 4)
    except (OSError, OverflowError, ValueError):
        size_text = f"{n:,} × {width:,} float32 ({n * width * 4 / 1e9:,.1f} GB)"
        remedy = "lower vector_size, or keep fewer words by min_count or max_final_vocab"
        raise MemoryError(f"no memory for a matrix of {size_text}; {remedy}") from None
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel may be built without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype=np.float32, count=n * width).reshape(n, width)


def random(n: int, size: int, seed: int) -> FloatRows:
    """`allocate`d rows, uniform in ±1 / size (as gensim's; word2vec.c takes half); row r depends on (seed, r) alone.

    >>> bool((random(2, 8, seed=1)[1] == random(5, 8, seed=1)[1]).all())
    True
    """
    rows = allocate(n, size)

    def draw(first: int) -> None:
        init_rows(rows[: first + DRAWN_ROWS], first, size, seed)

    with closing(in_order([draw] * default_workers(), range(0, n, DRAWN_ROWS))) as drawn:
        for _ in drawn:
            pass
    return rows


def create(spec: MatrixSpec, seed: int) -> FloatRows:
    """Return new padded rows for a matrix of a model.

    Matrices of other names than "vectors" get other random values for the same seed.

    >>> create(MatrixSpec("output_rows", 3, 100, "zeros"), seed=1).shape
    (3, 112)
    """
    if spec.init == "zeros":
        return allocate(spec.rows, spec.size)
    if spec.name != "vectors":
        seed ^= zlib.crc32(spec.name.encode()) << 32
    return random(spec.rows, spec.size, seed % 2**64)


def padded(matrix: NDArray[np.floating]) -> FloatRows:
    """`allocate`d rows that hold a copy of a matrix of shape (n, size)."""
    rows = allocate(*matrix.shape)
    rows[:, : matrix.shape[1]] = matrix
    return rows
