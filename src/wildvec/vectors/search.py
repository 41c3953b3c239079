"""Exact nearest rows of a matrix by cosine, with several threads and without a normalised copy.

In: a matrix (n, dim) of floats and query vectors. Out: row numbers and scores.

A score is dot(query, row) / (|query| |row|), in single precision, computed with the norms in one pass
over the rows. A row of zeros scores 0. A row with a NaN is never found. Of equal scores the lower row
comes first. So the result depends neither on the number of threads nor on the number of queries in one
call. Rows of float64 are rounded to float32: a row with a number beyond the range of float32 (3.4e38) is
never found, and numbers below 1e-45 count as 0.

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
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec._search import Best, Queries, choose_isa
from wildvec.base.threads import check_workers, default_workers

Matrix = NDArray[Any]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Scan = Callable[[int, int], None]  # scan(first, stop) scans the rows first … stop - 1

_QUERIES_PER_PASS = 4096
_ENTRIES_PER_PASS = 1 << 22  # heap entries of 16 bytes, for each worker
_UNIT_FLOATS = 1 << 19  # a work unit of one query: 2 MB of rows, about 0.05 ms
_UNIT_PRODUCTS = 1 << 27  # a work unit of many queries: at most 50 ms, also in plain C
EPSILON = np.float32(1e-6)  # of 3CosMul: a divisor is never 0
_SMALL = 1 << 16  # products that take less time than starting a thread

# Both are cached, because reading the properties of the CPU takes longer than a small search.
_isa = functools.cache(choose_isa)
_cpus = functools.cache(default_workers)


def unit(vectors: ArrayLike) -> NDArray[np.float64]:
    """Scale each row of `vectors` (n, dim) to length 1, in double precision; zeros stay zeros."""
    wide = np.asarray(vectors, dtype=np.float64)
    squares = np.einsum("ij,ij->i", wide, wide)
    if squares.size and not (squares.min() > 1e-200 and squares.max() < 1e200):
        return _unit_of_extremes(wide)
    return np.asarray(wide / np.sqrt(squares)[:, None])


def _unit_of_extremes(wide: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the same as `unit` where squares may overflow. Scaling by a power of two rounds nothing."""
    with np.errstate(all="ignore"):
        _, exponents = np.frexp(np.abs(wide).max(axis=1, initial=0))
        wide = np.ldexp(wide, -exponents[:, None])
        norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))[:, None]
        return np.asarray(wide / np.where(norms > 0, norms, 1))


def cosine(a: Matrix, b: Matrix) -> float:
    """Return the cosine of two vectors in double precision; exactly 1 for equal vectors, 0 for zeros."""
    first, second = unit(np.stack([a, b]))
    norms = math.sqrt(float(first @ first) * float(second @ second))  # the root of a square is exact
    return max(min(float(first @ second) / norms, 1.0), -1.0) if norms else 0.0


@functools.cache
def _pool() -> ThreadPoolExecutor:
    """Return the threads of all searches: one less than the CPUs, as the calling thread works too.

    The pool starts a thread when a search needs it, and keeps it: waking a thread takes a fourth of the
    time that starting one takes.
    """
    return ThreadPoolExecutor(max(1, _cpus() - 1), "wildvec-search")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # the threads do not exist in the child


def _run_units(first: int, stop: int, step: int, scans: Sequence[Scan]) -> None:
    """Divide the rows first … stop into work units of `step` rows, and run them with one thread per scan.

    The first scan runs in the calling thread, which handles Ctrl-C between two units (at most about
    50 ms). An exception in one thread ends all of them and is raised here.
    """
    units = deque(range(first, stop, step))

    def drain(scan: Scan) -> None:
        try:
            while units:
                try:
                    unit = units.popleft()
                except IndexError:  # another thread took the last one
                    return
                scan(unit, min(unit + step, stop))
        except BaseException:
            units.clear()
            raise

    n_helpers = min(len(scans), len(units)) - 1
    helpers: list[Future[None]] = []
    try:
        with suppress(RuntimeError):  # no thread can start, for example while Python exits
            helpers.extend(_pool().submit(drain, scan) for scan in scans[1 : n_helpers + 1])
        drain(scans[0])
    finally:
        units.clear()
        helpers = [helper for helper in helpers if not helper.cancel()]
        if helpers:
            wait(helpers)
    for helper in helpers:
        helper.result()


class _Target:
    """The rows that are searched: a slice of a matrix, or any of its rows."""

    def __init__(self, matrix: Matrix, start: int, stop: int | None, rows: ArrayLike | None) -> None:
        if matrix.ndim != 2 or matrix.dtype.kind != "f":
            raise TypeError(f"matrix of {matrix.ndim} dimensions and {matrix.dtype}; give rows of floats")
        self.matrix = matrix
        self.rows = None if rows is None else np.asarray(rows, dtype=np.int64)
        if self.rows is not None and self.rows.size:
            low, high = int(self.rows.min()), int(self.rows.max())
            if low < 0 or high >= len(matrix):
                raise IndexError(f"rows from {low} to {high} are not in a matrix of {len(matrix)} rows")
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
        """Return the rows first … stop as float32: a view if possible, or else a copy."""
        part = self.matrix[first:stop] if self.rows is None else self.matrix[self.rows[first:stop]]
        if self.direct:
            return part
        with np.errstate(over="ignore"):
            return np.require(part, dtype=np.float32, requirements=["C", "A"])

    def plan(self, n_queries: int, workers: int | None) -> tuple[int, int]:
        """Return the number of threads, at most one per CPU, and the rows in a work unit."""
        dim = self.matrix.shape[1]
        if len(self) * dim * n_queries <= _SMALL:
            return 1, max(1, len(self))
        step = min(_UNIT_FLOATS // dim, _UNIT_PRODUCTS // (dim * n_queries))
        n_workers = _cpus() if workers is None else min(check_workers(workers), _cpus())
        return n_workers, max(128, step // 128 * 128)


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

    queries: (n_queries, dim), scaled to length 1 here. matrix: (n, dim) of floats. Rows of float32 whose
    numbers are contiguous are read in place; other rows are converted block by block. start, stop:
    search only matrix[start:stop]. rows: search only these rows, given in ascending order; start and
    stop then refer to this list. workers: number of threads, by default and at most the CPUs that this
    process may use.

    Returns (rows, scores), each (n_queries, min(k, rows searched)), best first. They end with -1 and NaN
    where fewer rows are found. Raises ValueError if the widths differ or k < 1.
    """
    target = _Target(matrix, start, stop, rows)
    found, scores = _top_k(_prepare(queries, target), target, k, workers)
    if target.rows is not None and found.size:
        found = np.where(found < 0, -1, target.rows[found])
    return found, scores


def top_products(
    queries: Floats,
    matrix: Floats,
    k: int,
    longest: float,
    *,
    exclude: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None,
    workers: int | None = None,
) -> tuple[Rows, Floats]:
    """Find the k rows with the largest dot products; see `products.best_products`.

    queries: contiguous float32 (queries, dim). longest: at least the largest length of a row of `matrix`.
    """
    target = _Target(matrix, 0, None, None)
    if queries.ndim != 2 or queries.shape[1] != matrix.shape[1]:
        raise ValueError(f"queries of shape {queries.shape} for a matrix of {matrix.shape[1]} columns")
    return _top_k(queries, target, k, workers, longest, exclude)


def _top_k(
    queries: Floats,
    target: _Target,
    k: int,
    workers: int | None,
    longest: float | None = None,
    exclude: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None,
) -> tuple[Rows, Floats]:
    """Search for some thousand queries at once. longest: as in `Queries`. Rows are numbered from the target's first."""
    if k < 1:
        raise ValueError(f"k={k}; give at least 1")
    k = min(k, len(target))
    found = np.empty((len(queries), k), dtype=np.int64)
    scores = np.empty((len(queries), k), dtype=np.float32)
    if k == 0:
        return found, scores
    isa = _isa(os.environ.get("WILDVEC_ISA", ""))
    per_pass = max(1, min(_QUERIES_PER_PASS, _ENTRIES_PER_PASS // k))

    def search_part(first: int, stop: int, n_workers: int, interrupt: list[bool]) -> None:
        shared = Queries(queries[first:stop], isa, longest)
        bests = [Best(shared, k) for _ in range(n_workers)]
        for best in bests if exclude is not None else ():
            best.exclude(exclude[0][first : stop + 1], exclude[1])
        _scan_and_write(bests, target, step, scores[first:stop], found[first:stop], interrupt)

    n_workers, step = target.plan(min(len(queries), per_pass), workers)
    if len(queries) < per_pass * n_workers:
        for first in range(0, len(queries), per_pass):
            search_part(first, min(first + per_pass, len(queries)), n_workers, [])
    else:
        _search_parts(search_part, len(queries), per_pass, n_workers)
    return found, scores


def _search_parts(
    search_part: Callable[[int, int, int, list[bool]], None], n: int, step: int, n_workers: int
) -> None:
    """Search for parts of n queries, each with one thread, which fills fewer heaps than several threads do."""
    interrupt: list[bool] = []

    def scan(first: int, stop: int) -> None:
        try:
            search_part(first, stop, 1, interrupt)
        except BaseException:
            interrupt.append(True)
            raise

    _run_units(0, n, step, [scan] * n_workers)


def _scan_and_write(
    bests: list[Best], target: _Target, step: int, scores: Floats, found: Rows, interrupt: list[bool]
) -> None:
    """Scan the rows with one thread for each of `bests`, and write the best ones of all.

    interrupt: another thread appends to it to end the search.
    """

    def scan_into(best: Best) -> Scan:
        def scan(first: int, stop: int) -> None:
            if not interrupt:
                best.scan(target.floats(first, stop), first)

        return scan

    _run_units(target.start, target.stop, step, [scan_into(best) for best in bests])
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
    """Return all scores, (n_queries, rows searched). The arguments are those of `top_k`.

    The scores have the same bits as in `top_k`. Here `rows` may be in any order.
    """
    target = _Target(matrix, start, stop, rows)
    prepared = _prepare(queries, target)
    out = np.empty((len(prepared), len(target)), dtype=np.float32)
    if out.size:
        shared = Queries(prepared, _isa(os.environ.get("WILDVEC_ISA", "")))
        n_workers, step = target.plan(len(prepared), workers)

        def scan(first: int, stop: int) -> None:
            shared.cosines(target.floats(first, stop), out, first - target.start)

        _run_units(target.start, target.stop, step, [scan] * n_workers)
    return out


def products(positive: Matrix, negative: Matrix, matrix: Matrix, **limits: Any) -> Floats:
    """Return the 3CosMul score (Levy and Goldberg, 2014) of each row searched, (rows,).

    The score is the product of (1 + cosine) / 2 over `positive` (n, dim), divided by the product of
    (1 + cosine) / 2 + 1e-6 over `negative` (m, dim). `limits` are the options of `cosines`.
    """
    shifted = (1 + cosines(np.concatenate([positive, negative]), matrix, **limits)) / 2
    n = len(positive)
    return np.asarray(shifted[:n].prod(axis=0) / (shifted[n:] + EPSILON).prod(axis=0))


def top_of(scores: Floats, k: int) -> tuple[Rows, Floats]:
    """Return (positions, scores) of the k largest of `scores` (n,), largest first, without NaN."""
    k = min(k, len(scores))
    found, best_scores = np.empty((1, k), dtype=np.int64), np.empty((1, k), dtype=np.float32)
    if k > 0:
        best = Best(Queries(np.ones((1, 1), dtype=np.float32), 0), k)
        best.offer(np.ascontiguousarray(scores, dtype=np.float32), 0)
        best.write(best_scores, found)
    is_found = found[0] >= 0
    return found[0][is_found], best_scores[0][is_found]


