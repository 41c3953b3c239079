"""Exact nearest rows of a matrix by cosine, on all workers and without a normalised copy.

A score is dot(query, row) / (|query| |row|), worked out in single precision in one scan of the
rows, norms included. A row of zeros scores 0, a row with a NaN never ranks, and of equal scores
the lower row comes first, so that the answer depends neither on the workers nor on how many
queries are asked at once. Rows of float64 are rounded to float32: one with a number beyond its
range (3.4e38) never ranks, numbers below 1e-45 count as 0.

>>> import numpy as np
>>> matrix = np.array([[1, 0], [3, 4], [0, 2]], dtype=np.float32)
>>> rows, scores = top_k([[2.0, 0.0]], matrix, 2)
>>> rows.tolist(), [round(float(score), 3) for score in scores[0]]
([[0, 1]], [1.0, 0.6])
"""

from __future__ import annotations

import functools
import math
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec._search import Best, Queries, choose_isa
from wildvec.base.threads import check_workers

Matrix = NDArray[Any]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Scan = Callable[[int, int], None]

_QUERIES_AT_ONCE = 4096
_HEAPS_AT_ONCE = 1 << 22  # entries of 16 bytes, for each worker
_LEASE_FLOATS = 1 << 19  # 2 MB of rows: read in about 0.05 ms
_LEASE_PRODUCTS = 1 << 27  # even plain C multiplies so many in about 50 ms
_SMALL = 1 << 16  # products that are done before a thread has started

# Asking the processor and the system takes longer than a small search.
_isa = functools.cache(choose_isa)
_workers = functools.cache(check_workers)


def unit(vectors: ArrayLike) -> NDArray[np.float64]:
    """Scale each row of `vectors` (n, dim) to length 1, in double precision; zeros stay zeros."""
    wide = np.asarray(vectors, dtype=np.float64)
    squares = np.einsum("ij,ij->i", wide, wide)
    if squares.size and not (squares.min() > 1e-200 and squares.max() < 1e200):
        return _unit_of_extremes(wide)
    return np.asarray(wide / np.sqrt(squares)[:, None])


def _unit_of_extremes(wide: NDArray[np.float64]) -> NDArray[np.float64]:
    """As `unit`, where squares may overflow; powers of two leave the bits of other rows alone."""
    with np.errstate(all="ignore"):
        _, exponents = np.frexp(np.abs(wide).max(axis=1, initial=0))
        wide = np.ldexp(wide, -exponents[:, None])
        norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))[:, None]
        return np.asarray(wide / np.where(norms > 0, norms, 1))


def cosine(a: Matrix, b: Matrix) -> float:
    """The cosine of two vectors, in double precision: 1 exactly for a vector with itself, 0 with zeros."""
    first, second = unit(np.stack([a, b]))
    norms = math.sqrt(float(first @ first) * float(second @ second))  # the root of a square is exact
    return max(min(float(first @ second) / norms, 1.0), -1.0) if norms else 0.0


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that wait for work: waking one takes a fourth of the time that starting one does."""
    return ThreadPoolExecutor(threads, "wildvec-search")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of the threads


def _share(first: int, stop: int, step: int, scans: Sequence[Scan]) -> None:
    """Let each scan, in a thread of its own, take leases of `step` rows until none are left.

    The first one runs in the calling thread, which between two leases (at most about 50 ms) sees
    Ctrl-C; whatever is raised in one thread ends all of them.
    """
    leases = deque(range(first, stop, step))

    def drain(scan: Scan) -> None:
        try:
            while leases:
                try:
                    lease = leases.popleft()
                except IndexError:  # another thread took the last one
                    return
                scan(lease, min(lease + step, stop))
        except BaseException:
            leases.clear()
            raise

    n_helpers = min(len(scans), len(leases)) - 1
    helpers = [_pool(n_helpers).submit(drain, scan) for scan in scans[1 : n_helpers + 1]]
    try:
        drain(scans[0])
    finally:
        leases.clear()
        helpers = [helper for helper in helpers if not helper.cancel()]
        if helpers:
            wait(helpers)
    for helper in helpers:
        helper.result()


class _Target:
    """The rows that a search may choose from: a stretch of a matrix, or any of its rows."""

    def __init__(self, matrix: Matrix, start: int, stop: int | None, rows: ArrayLike | None) -> None:
        if matrix.ndim != 2 or matrix.dtype.kind != "f":
            raise TypeError(f"matrix of {matrix.ndim} dimensions and {matrix.dtype}; wanted rows of floats")
        self.matrix = matrix
        self.rows = None if rows is None else np.asarray(rows, dtype=np.int64)
        if self.rows is not None and self.rows.size:
            low, high = int(self.rows.min()), int(self.rows.max())
            if low < 0 or high >= len(matrix):
                raise IndexError(f"rows from {low} to {high} asked for, of a matrix of {len(matrix)} rows")
        n = len(matrix) if self.rows is None else len(self.rows)
        self.start, self.stop, _ = slice(start, stop).indices(n)
        self.stop = max(self.start, self.stop)
        self.direct = (
            self.rows is None
            and matrix.dtype == np.float32
            and matrix.flags.aligned
            and matrix.strides[1] == 4
            and matrix.strides[0] % 4 == 0
        )

    def __len__(self) -> int:
        return self.stop - self.start

    def floats(self, first: int, stop: int) -> Floats:
        """Rows first to stop as the kernels take them: a view if possible."""
        part = self.matrix[first:stop] if self.rows is None else self.matrix[self.rows[first:stop]]
        if self.direct:
            return part
        with np.errstate(over="ignore"):
            return np.require(part, dtype=np.float32, requirements=["C", "A"])

    def plan(self, n_queries: int, workers: int | None) -> tuple[int, int]:
        """How many workers, and how many rows each of them takes at a time."""
        dim = self.matrix.shape[1]
        if len(self) * dim * n_queries <= _SMALL:
            return 1, max(1, len(self))
        step = min(_LEASE_FLOATS // dim, _LEASE_PRODUCTS // (dim * n_queries))
        return _workers(workers), max(128, step // 128 * 128)


def _prepare(queries: ArrayLike, target: _Target) -> Floats:
    rows = unit(queries).astype(np.float32)
    if rows.ndim != 2 or rows.shape[1] != target.matrix.shape[1]:
        raise ValueError(f"queries of shape {rows.shape} for a matrix of {target.matrix.shape[1]} columns")
    return rows


def top_k(
    queries: ArrayLike,
    matrix: Matrix,
    k: int,
    *,
    start: int = 0,
    stop: int | None = None,
    rows: ArrayLike | None = None,
    workers: int | None = None,
) -> tuple[Rows, Floats]:
    """Find the k rows of `matrix` nearest to each query.

    queries: (n_queries, dim) of any length. matrix: (n, dim) of floats; float32 rows without gaps
    between their numbers are read where they are, other ones in converted blocks. start, stop:
    search only matrix[start:stop]. rows: search only these rows, in ascending order (start and
    stop then count in this list). workers: threads, by default the CPUs this process may use.

    Returns (rows, scores), each (n_queries, min(k, rows searched)), best first; -1 and NaN stand
    where fewer rows rank. Raises ValueError if the widths differ or k < 1.
    """
    target = _Target(matrix, start, stop, rows)
    prepared = _prepare(queries, target)
    if k < 1:
        raise ValueError(f"k={k}; at least 1 row must be asked for")
    k = min(k, len(target))
    found = np.empty((len(prepared), k), dtype=np.int64)
    scores = np.empty((len(prepared), k), dtype=np.float32)
    if k == 0:
        return found, scores
    at_once = max(1, min(_QUERIES_AT_ONCE, _HEAPS_AT_ONCE // k))
    for first in range(0, len(prepared), at_once):
        part = slice(first, first + at_once)
        _top_k(prepared[part], target, workers, scores[part], found[part])
    if target.rows is not None:
        found = np.where(found < 0, -1, target.rows[found])
    return found, scores


def _top_k(queries: Floats, target: _Target, workers: int | None, scores: Floats, found: Rows) -> None:
    shared = Queries(queries, _isa(os.environ.get("WILDVEC_ISA", "")))
    n_workers, step = target.plan(len(queries), workers)
    bests = [Best(shared, scores.shape[1]) for _ in range(n_workers)]

    def scan_into(best: Best) -> Scan:
        return lambda first, stop: best.scan(target.floats(first, stop), first)

    _share(target.start, target.stop, step, [scan_into(best) for best in bests])
    for other in bests[1:]:
        bests[0].merge(other)
    bests[0].write(scores, found)


def cosines(
    queries: ArrayLike,
    matrix: Matrix,
    *,
    start: int = 0,
    stop: int | None = None,
    rows: ArrayLike | None = None,
    workers: int | None = None,
) -> Floats:
    """Return every score, (n_queries, rows searched); the arguments are those of `top_k`.

    They are the same bits that `top_k` ranks. `rows` may stand in any order here.
    """
    target = _Target(matrix, start, stop, rows)
    prepared = _prepare(queries, target)
    out = np.empty((len(prepared), len(target)), dtype=np.float32)
    if out.size:
        shared = Queries(prepared, _isa(os.environ.get("WILDVEC_ISA", "")))
        n_workers, step = target.plan(len(prepared), workers)

        def scan(first: int, stop: int) -> None:
            shared.cosines(target.floats(first, stop), out, first - target.start)

        _share(target.start, target.stop, step, [scan] * n_workers)
    return out


def products(positive: Matrix, negative: Matrix, matrix: Matrix, **limits: Any) -> Floats:
    """Return the 3CosMul score of every row searched, (rows,); `limits` are the options of `cosines`.

    It is the product of (1 + cosine) / 2 over `positive` (n, dim), divided by that over `negative` (m, dim) plus
    1e-6 each.
    """
    shifted = (1 + cosines(np.concatenate([positive, negative]), matrix, **limits)) / 2
    n = len(positive)
    return np.asarray(shifted[:n].prod(axis=0) / (shifted[n:] + np.float32(1e-6)).prod(axis=0))


def top_of(scores: Floats, k: int) -> tuple[Rows, Floats]:
    """Find the k largest of `scores` (n,), as `top_k` does: (places, scores), NaN never ranks."""
    k = min(k, len(scores))
    found, best_scores = np.empty((1, k), dtype=np.int64), np.empty((1, k), dtype=np.float32)
    if k > 0:
        best = Best(Queries(np.ones((1, 1), dtype=np.float32), 0), k)
        best.offer(np.ascontiguousarray(scores, dtype=np.float32), 0)
        best.write(best_scores, found)
    ranks = found[0] >= 0
    return found[0][ranks], best_scores[0][ranks]
