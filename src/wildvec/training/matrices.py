"""Weight matrices: rows padded to cache lines, on huge pages where the system has them."""

from __future__ import annotations

import contextlib
import mmap
import zlib
from collections.abc import Mapping
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from wildvec._train import PAD, init_rows
from wildvec.base.pages import private_pages
from wildvec.base.rows import unit_rows
from wildvec.base.threads import default_workers, in_order
from wildvec.training.objective import MatrixSpec

FloatRows = NDArray[np.float32]
ADAGRAD = ".adagrad"  # end of the tensor name of the sums of squared gradients
ROWS_AT_ONCE = 10_000  # drawn by one thread in one call


def row_width(spec: MatrixSpec) -> int:
    """Return the columns of a padded matrix: with AdaGrad twice as many as without.

    >>> row_width(MatrixSpec("vectors", "input", 3, 100, adagrad=1.0))
    224
    """
    return value_width(spec) * (1 if spec.adagrad is None else 2)


def value_width(spec: MatrixSpec) -> int:
    """Return the columns of values, extra columns and padding.

    >>> value_width(MatrixSpec("vectors", "input", 3, 100, extra=(("bias", 0.0),)))
    112
    """
    return padded_width(spec.size + len(spec.extra))


def padded_width(size: int) -> int:
    """Return `size` rounded up to whole cache lines of floats.

    >>> padded_width(100)
    112
    """
    return -(-size // PAD) * PAD


def allocate(n: int, size: int, adagrad: float | None = None) -> FloatRows:
    """Return a zeroed float32 matrix of n rows, with `size` rounded up to whole cache lines.

    It starts on a page, so every row starts on a cache line. adagrad: if given, rows are twice as wide, and the
    second half holds sums of squared gradients, all `adagrad` at first.

    >>> allocate(3, 100).shape, allocate(3, 100, adagrad=1.0).shape
    ((3, 112), (3, 224))
    """
    width = padded_width(size) * (1 if adagrad is None else 2)
    if n == 0:
        return np.zeros((0, width), dtype=np.float32)
    try:
        pages = private_pages(n * width * 4)
    except (OSError, OverflowError, ValueError):
        size_text = f"{n:,} × {width:,} float32 ({n * width * 4 / 1e9:,.1f} GB)"
        raise MemoryError(
            f"no memory for a matrix of {size_text}; lower vector_size, or train fewer keys"
        ) from None
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # some kernels are built without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    rows = np.frombuffer(pages, dtype=np.float32, count=n * width).reshape(n, width)
    if adagrad is not None:
        rows[:, width // 2 :] = adagrad
    return rows


def random(n: int, size: int, seed: int, adagrad: float | None = None) -> FloatRows:
    """Return allocated rows, uniform in ±1 / size; row r depends on (seed, r) only.

    gensim uses the same range, word2vec.c half of it.

    >>> bool((random(2, 8, seed=1)[1] == random(5, 8, seed=1)[1]).all())
    True
    """
    return _draw(allocate(n, size, adagrad), size, padded_width(size), seed)


def _draw(rows: FloatRows, size: int, width: int, seed: int, first: int = 0) -> FloatRows:
    """Draw the values of the rows from `first` on; columns from size to width become zero."""

    def draw(start: int) -> None:
        init_rows(rows[: start + ROWS_AT_ONCE], start, size, seed, width)

    with closing(in_order([draw] * default_workers(), range(first, len(rows), ROWS_AT_ONCE))) as drawn:
        for _ in drawn:
            pass
    return rows


def create(spec: MatrixSpec, seed: int) -> FloatRows:
    """Return the new padded rows of a matrix.

    Matrices of other names than "vectors" get other random values for the same seed.

    >>> create(MatrixSpec("output_rows", "output", 3, 100, "zeros"), seed=1).shape
    (3, 112)
    """
    rows = _allocate(spec)
    return _draw_new(rows, spec, seed, first=0)


def grow(spec: MatrixSpec, old: FloatRows, seed: int) -> FloatRows:
    """Return the padded rows of a matrix: a copy of its old rows, and new ones after them as `create` makes them.

    >>> spec = MatrixSpec("vectors", "input", 3, 8)
    >>> rows = grow(spec, create(spec, seed=1)[:2] * 2, seed=1)
    >>> bool((rows[2] == create(spec, seed=1)[2]).all())
    True
    """
    rows = _allocate(spec)
    rows[: len(old)] = old
    return _draw_new(rows, spec, seed, first=len(old))


def _draw_new(rows: FloatRows, spec: MatrixSpec, seed: int, first: int) -> FloatRows:
    """Set the first values of the rows from `first` on, as the matrix needs them."""
    if spec.init == "zeros":
        return rows
    _draw(rows, spec.size, spec.size, _seed_of(spec, seed), first)
    if spec.init == "unit":
        values = rows[first:, : spec.size]
        values[...] = unit_rows(values)
    return rows


def _seed_of(spec: MatrixSpec, seed: int) -> int:
    return (seed if spec.name == "vectors" else seed ^ zlib.crc32(spec.name.encode()) << 32) % 2**64


def _allocate(spec: MatrixSpec) -> FloatRows:
    """Return rows whose values are zero, with the first values of extra columns and sums of squared gradients."""
    rows = allocate(spec.rows, spec.size + len(spec.extra), spec.adagrad)
    for k, (_, first) in enumerate(spec.extra):
        rows[:, spec.size + k] = first
    return rows


def padded(matrix: NDArray[np.floating]) -> FloatRows:
    """Return allocated rows with a copy of a matrix of shape (n, size)."""
    rows = allocate(*matrix.shape)
    rows[:, : matrix.shape[1]] = matrix
    return rows


def views(spec: MatrixSpec, rows: FloatRows) -> dict[str, FloatRows]:
    """Return views without padding, by tensor name.

    They are the values, each extra column (rows,) and, with AdaGrad, the sums of squared gradients.
    """
    parts = {spec.name: rows[:, : spec.size]}
    for k, (name, _) in enumerate(spec.extra):
        parts[f"{spec.name}.{name}"] = rows[:, spec.size + k]
    if spec.adagrad is not None:
        width = value_width(spec)
        parts[spec.name + ADAGRAD] = rows[:, width : width + spec.size]
    return parts


def from_views(spec: MatrixSpec, parts: Mapping[str, NDArray[np.floating]]) -> FloatRows:
    """Return padded rows with a copy of what `views` returned; parts that are missing have their first value.

    >>> spec = MatrixSpec("vectors", "input", 2, 3, adagrad=0.5)
    >>> from_views(spec, {"vectors": np.ones((2, 3))})[1, [0, 3, 16]].tolist()
    [1.0, 0.0, 0.5]
    """
    rows = _allocate(spec)
    for name, view in views(spec, rows).items():
        if name in parts:
            view[...] = parts[name]
    return rows
