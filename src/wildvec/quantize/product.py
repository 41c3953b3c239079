"""Product quantisation (Jégou, Douze, Schmid 2011): each row of a matrix is stored as a few bytes.

In: a float matrix (n, dim). Out: codes, uint8 (n, parts), and codebooks. The columns are divided into parts of `dsub`
columns. Each part has a codebook of 256 centroids, found by k-means, and a code is the number of the nearest
centroid. With `norms`, the directions of rows are quantised, and the length of each row has a code of its own.

The arrays have the layout of fastText's files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wildvec import _quantize
from wildvec.base.checks import checked, whole
from wildvec.base.progress import progress_bar
from wildvec.base.threads import check_workers, in_order

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

CENTROIDS = _quantize.CENTROIDS  # 256: a code is one byte
ITERATIONS = 25  # of k-means
MAX_SAMPLE = 256 * CENTROIDS  # rows that k-means uses
BLOCK_BYTES = 1 << 20  # of rows in a work unit

DSUB = whole(1, _quantize.MAX_DSUB)
SEED = whole(0)


@dataclass(frozen=True, eq=False)
class Codebooks:
    """256 centroids for each part of the columns.

    Attributes:
        dim: number of columns.
        dsub: number of columns in a part; the last part has the rest.
        centroids: float32 (dim × 256,): for each part, 256 centroids one after the other.
    """

    dim: int
    dsub: int
    centroids: Floats

    @property
    def n_parts(self) -> int:
        """Number of parts, which is the number of bytes in the codes of a row."""
        return -(-self.dim // self.dsub)

    def columns(self, part: int) -> slice:
        """Return the columns of a part."""
        return slice(part * self.dsub, min(self.dim, (part + 1) * self.dsub))

    def part(self, part: int) -> Floats:
        """Return the centroids of a part, (256, its number of columns), as a view."""
        columns = self.columns(part)
        flat = self.centroids[columns.start * CENTROIDS : columns.stop * CENTROIDS]
        return flat.reshape(CENTROIDS, -1)

    @classmethod
    def train(
        cls,
        rows: Floats,
        dsub: int = 2,
        *,
        seed: int = 1,
        workers: int | None = None,
        title: str = "quantize",
    ) -> Self:
        """Find centroids by k-means: 25 iterations that begin with 256 rows drawn at random.

        Args:
            rows: float32 (n, dim), at least 256 finite rows. Of more than 65,536, so many are drawn.
            dsub: number of columns in a part, 1 to 64.
            seed: of the draws. The centroids do not depend on the number of workers.
            workers: number of threads; None: all CPUs.
            title: text of the progress bar.

        Raises:
            ValueError: there are fewer than 256 rows.
        """
        if len(rows) < CENTROIDS:
            raise ValueError(
                f"the matrix is too small to be quantized: it has {len(rows)} rows, and k-means needs at least "
                f"{CENTROIDS}"
            )
        dim = rows.shape[1]
        drawn = np.random.default_rng(seed).permutation(len(rows))[:MAX_SAMPLE]
        values = np.ascontiguousarray(rows[drawn].T)
        books = cls(dim, min(checked("dsub", dsub, DSUB), dim), np.empty(dim * CENTROIDS, np.float32))
        parts = range(books.n_parts)
        centroids = [values[books.columns(part), :CENTROIDS].copy() for part in parts]
        isa = _isa()

        def make_step() -> Callable[[int], None]:
            codes = np.empty(len(drawn), np.uint8)
            return lambda part: _quantize.kmeans_step(
                values[books.columns(part)], centroids[part], codes, isa
            )

        steps = [make_step() for _ in range(min(check_workers(workers), len(parts)))]
        with progress_bar(ITERATIONS * len(parts), title, "step") as bar:
            for _ in range(ITERATIONS):
                for _ in in_order(steps, parts):
                    bar.update(1)
        for part in parts:
            books.part(part)[...] = centroids[part].T
        return books

    def encode(self, rows: Floats, codes: Codes) -> None:
        """Set codes (n, parts) to the numbers of the centroids that are nearest to rows (n, dim)."""
        values, isa = np.ascontiguousarray(rows.T), _isa()
        for part in range(self.n_parts):
            centroids = np.ascontiguousarray(self.part(part).T)
            _quantize.find_nearest(values[self.columns(part)], centroids, codes[:, part], isa)

    def decode(self, codes: Codes) -> Floats:
        """Return the float32 rows (n, dim) that codes (n, parts) stand for."""
        rows = np.empty((len(codes), self.dim), np.float32)
        for part in range(self.n_parts):
            rows[:, self.columns(part)] = self.part(part)[codes[:, part]]
        return rows


@dataclass(frozen=True, eq=False)
class QuantizedMatrix:
    """A matrix (n, dim) in codes.

    Attributes:
        codes: uint8 (n, parts).
        codebooks: The centroids of each part.
        norm_codes: uint8 (n,), the codes of the factors of rows; None: all factors are 1.
        norm_codebook: The codebook of these codes, with one column; None: as above.

    >>> rows = np.random.default_rng(0).normal(size=(1000, 6)).astype(np.float32)
    >>> small = QuantizedMatrix.from_rows(rows, norms=True)
    >>> small.shape, small.nbytes < rows.nbytes, bool(abs(small.decode() - rows).mean() < 0.1)
    ((1000, 6), True, True)
    """

    codes: Codes
    codebooks: Codebooks
    norm_codes: Codes | None = None
    norm_codebook: Codebooks | None = None

    @classmethod
    def from_rows(
        cls,
        rows: NDArray[Any],
        dsub: int = 2,
        *,
        norms: bool = False,
        seed: int = 1,
        workers: int | None = None,
        title: str = "quantize",
    ) -> Self:
        """Quantise a float matrix (n, dim) of at least 256 rows. It is not copied.

        Args:
            rows: the matrix.
            dsub: number of columns that share one byte, 1 to 64.
            norms: quantise directions and lengths separately. The factor of a row is the one with the smallest error.
            seed: of the draws of k-means. The result does not depend on the number of workers.
            workers: number of threads; None: all CPUs.
            title: text of the progress bar.

        Raises:
            ValueError: there are fewer than 256 rows, or a value is not finite.
        """
        checked("dsub", dsub, DSUB)
        seed = checked("seed", seed, SEED)
        _check_finite(rows)
        drawn = np.random.default_rng(seed).permutation(len(rows))[:MAX_SAMPLE]
        sample, _ = _directions(rows[drawn], norms)
        books = Codebooks.train(sample, dsub, seed=seed, workers=workers, title=title)
        codes = np.empty((len(rows), books.n_parts), np.uint8)
        factors = np.empty((len(rows), 1), np.float32)

        def encode(block: slice) -> None:
            directions, lengths = _directions(rows[block], norms)
            books.encode(directions, codes[block])
            if norms:
                factors[block, 0] = lengths * _best_factors(directions, books.decode(codes[block]))

        _run_blocks(encode, rows, workers, title)
        if not norms:
            return cls(codes, books)
        norm_book = Codebooks.train(factors, 1, seed=seed, workers=workers, title=title)
        norm_codes = np.empty((len(rows), 1), np.uint8)
        norm_book.encode(factors, norm_codes)
        return cls(codes, books, norm_codes.reshape(-1), norm_book)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self.codes), self.codebooks.dim

    @property
    def nbytes(self) -> int:
        """Bytes of codes and codebooks."""
        books = self.codebooks.centroids.nbytes + self.codes.nbytes
        if self.norm_codes is None or self.norm_codebook is None:
            return books
        return books + self.norm_codes.nbytes + self.norm_codebook.centroids.nbytes

    def decode(self, rows: slice | NDArray[np.int64] = slice(None)) -> Floats:
        """Return rows as float32; without an argument, all rows."""
        decoded = self.codebooks.decode(self.codes[rows])
        if self.norm_codes is not None and self.norm_codebook is not None:
            decoded *= self.norm_codebook.centroids[self.norm_codes[rows], None]
        return decoded


def _isa() -> int:
    return _quantize.choose_isa(os.environ.get("WILDVEC_ISA", ""))


def _blocks(rows: NDArray[Any]) -> Iterator[slice]:
    """Yield slices of about a megabyte of rows."""
    n_rows = max(1, BLOCK_BYTES // max(1, 4 * rows.shape[1]))
    for first in range(0, len(rows), n_rows):
        yield slice(first, first + n_rows)


def _run_blocks(step: Callable[[slice], None], rows: NDArray[Any], workers: int | None, title: str) -> None:
    """Run a step for all blocks of rows, on several threads."""
    steps: Sequence[Callable[[slice], None]] = [step] * check_workers(workers)
    with progress_bar(len(rows), title, "rows") as bar:
        n_rows = (len(rows[block]) for block in _blocks(rows))
        for _ in in_order(steps, _blocks(rows)):
            bar.update(next(n_rows))


def _directions(rows: NDArray[Any], norms: bool) -> tuple[Floats, Floats]:
    """Return rows of length 1 and their lengths; without `norms`, the rows themselves. Zeros stay zeros."""
    rows = np.asarray(rows, np.float32)
    if not norms:
        return rows, np.ones(len(rows), np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    directions = rows / np.where(lengths > 0, lengths, 1)[:, None]
    return directions.astype(np.float32), lengths.astype(np.float32)


def _best_factors(rows: Floats, decoded: Floats) -> Floats:
    """Return the factor of each decoded row with which its squared error is smallest."""
    squares = np.einsum("ij,ij->i", decoded, decoded)
    return np.asarray(np.einsum("ij,ij->i", rows, decoded) / np.where(squares > 0, squares, 1), np.float32)


def _check_finite(rows: NDArray[Any]) -> None:
    if rows.ndim != 2 or not rows.shape[1] or rows.dtype.kind != "f":
        raise ValueError(f"a matrix of shape {rows.shape} and {rows.dtype}; give rows of floats")
    for block in _blocks(rows):
        bad = ~np.isfinite(rows[block]).all(axis=1)
        if bad.any():
            raise ValueError(f"row {block.start + int(bad.argmax())} holds a NaN or infinity; train again")
