"""The computation of `Propagation`, on all workers. In: a graph, settings. Out: a row for each node.

Units of rows do not depend on the number of workers, and sums over units are added in their order, so the result has
the same bits for any number of workers. No BLAS takes part, whose sums may depend on its threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wildvec._graph import Propagator
from wildvec.base.progress import progress_bar
from wildvec.base.threads import StopEvent, in_order
from wildvec.graph.csr import build_csr, sums_of_rows
from wildvec.graph.graph import Graph
from wildvec.training import matrices

T = TypeVar("T")

WHITEN_EVERY = 4  # iterations: between two whitenings float32 keeps enough of the small directions
UNIT_VALUES = (
    1 << 23
)  # floats that one call reads in a propagation: about 5 ms if they are in cache, 20 ms if not
UNIT_PRODUCTS = 1 << 27  # multiplications of one call for a Gram matrix or a product: about 10 ms
MAX_MEAN = 1e15  # of degrees: beyond it, and below its inverse, weights are divided by the mean
LEAST_VARIANCE = 1e-12  # smaller directions, relative to the largest one, are rounding errors; they become 0


def propagate(
    graph: Graph,
    size: int,
    *,
    iterations: int,
    regularization: float,
    self_weight: float,
    length: float,
    seed: int,
    workers: int,
) -> NDArray[np.float32]:
    """Return the rows (nodes, size) of `Propagation`; see there."""
    offsets, neighbours, weights = _both_directions(graph, workers)
    weights, degrees, mean = _in_usual_units(weights, sums_of_rows(offsets, weights))
    degrees = degrees + (regularization * mean if mean else 1)
    degrees[degrees == 0] = 1
    source, target = matrices.random(graph.n_nodes, size, seed), matrices.allocate(graph.n_nodes, size)
    # Each iteration is divided by 1 + self_weight, so that rows do not grow. Whitening removes the factor.
    scale = (1 / degrees / (1 + self_weight)).astype(np.float32)
    isa = os.environ.get("WILDVEC_ISA", "")
    propagator = Propagator(
        offsets,
        neighbours,
        weights,
        scale,
        (degrees / degrees.mean()).astype(np.float32),
        source,
        target,
        isa,
    )
    work = _Work(propagator, offsets, source.shape[1], size, workers)
    with progress_bar(iterations + 1, "propagating", " iterations") as bar:
        for done in range(1, iterations + 1):
            work.propagate(self_weight / (1 + self_weight))
            if done % WHITEN_EVERY == 0 or done == iterations:
                work.whiten()
            bar.update(1)
        work.propagate(0)
        work.scale(length)
    return work.rows(source, target)[:, :size]


def _in_usual_units(
    weights: NDArray[np.float32] | None, degrees: NDArray[np.float64]
) -> tuple[NDArray[np.float32] | None, NDArray[np.float64], float]:
    """Return weights, degrees and the mean degree of nodes with edges.

    If the mean is so large or small that float32 sums lose values, the weights are copied and divided by it.
    """
    mean = float(degrees.sum()) / max(1, int(np.count_nonzero(degrees)))
    if weights is None or not mean or 1 / MAX_MEAN <= mean <= MAX_MEAN:
        return weights, degrees, mean
    return (weights / np.float64(mean)).astype(np.float32), degrees / mean, 1.0


def _both_directions(
    graph: Graph, workers: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32] | None]:
    """Return the compressed rows of a graph, with each edge of a directed one in both directions."""
    if not graph.directed:
        return graph.offsets, graph.neighbours, graph.weights
    sources = np.repeat(np.arange(graph.n_nodes, dtype=np.int32), np.diff(graph.offsets))
    return build_csr(sources, graph.neighbours, graph.weights, graph.n_nodes, graph.n_nodes, True, workers)


class _Work:
    """The steps of a propagation, each on all workers. Each reads one of two matrices and may write the other."""

    def __init__(
        self, propagator: Propagator, offsets: NDArray[np.int64], width: int, size: int, workers: int
    ) -> None:
        self.propagator, self.size, self.workers = propagator, size, workers
        self.stop = StopEvent(propagator)
        self.is_swapped = False
        n = len(offsets) - 1
        values = (offsets + np.arange(n + 1)) * width  # that are read before each row
        starts = np.searchsorted(values, np.arange(0, values[-1], UNIT_VALUES))
        self.by_edges = np.unique(np.append(starts, n)).tolist()
        rows = max(1, UNIT_PRODUCTS // width**2)
        self.by_rows = [*range(0, n, rows), n]

    def rows(self, source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the one of the two matrices that the next step would read."""
        return target if self.is_swapped else source

    def propagate(self, shift: float) -> None:
        """X ← (diag(scale) A + shift) X."""
        self._run(lambda unit: self.propagator.propagate(*unit, shift), self.by_edges)
        self._swap()

    def whiten(self) -> None:
        """X ← X T with a triangular T, so that Σ degree · row · rowᵀ is 1."""
        gram: NDArray[np.float64] | float = 0.0
        for part in self._results(lambda unit: self.propagator.gram(*unit), self.by_rows):
            gram = gram + part
        factors = np.zeros(np.shape(gram), np.float32)
        factors[: self.size, : self.size] = whitening_factors(np.asarray(gram)[: self.size, : self.size])
        self._run(lambda unit: self.propagator.multiply(*unit, factors), self.by_rows)
        self._swap()

    def scale(self, length: float) -> None:
        """Give all rows a length."""
        self._run(lambda unit: self.propagator.scale_rows(*unit, length), self.by_rows)

    def _swap(self) -> None:
        self.propagator.swap()
        self.is_swapped = not self.is_swapped

    def _results(self, step: Callable[[tuple[int, int]], T], bounds: list[int]) -> Iterator[T]:
        self.stop.clear()
        units = pairwise(bounds)
        with closing(in_order([step] * self.workers, units, self.stop)) as results:
            yield from results

    def _run(self, step: Callable[[tuple[int, int]], None], bounds: list[int]) -> None:
        for _ in self._results(step, bounds):
            pass


def whitening_factors(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an upper triangular T with Tᵀ gram T = 1, by the Gram–Schmidt process. gram: on and above the diagonal.

    Directions without variance get a column of zeros.

    >>> whitening_factors(np.array([[4.0, 2.0], [0.0, 2.0]])).round(1).tolist()[0]
    [0.5, -0.5]
    """
    n = len(gram)
    whole = np.triu(gram) + np.triu(gram, 1).T
    factors = np.zeros((n, n))
    projected = np.zeros((n, n))  # row k: gram × column k of the factors
    least = LEAST_VARIANCE * np.diag(gram).max(initial=0)
    for j in range(n):
        coefficients = projected[:j, j]  # of column j and the directions before it
        column = -(factors[:, :j] * coefficients).sum(1)
        column[j] = 1
        variance = gram[j, j] - np.square(coefficients).sum()
        if variance > least:
            factors[:, j] = column / np.sqrt(variance)
            projected[j] = (whole * factors[:, j]).sum(1)
    return factors
