"""Random walks on a graph, as arrays. In: a graph and settings. Out: the nodes of each walk.

Training draws the same walks itself and stores none (models/walk_objective.py).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wildvec._graph import Walks
from wildvec.base.checks import Check, checked, number, whole
from wildvec.base.progress import progress_bar
from wildvec.base.threads import StopEvent, check_workers, in_order

if TYPE_CHECKING:
    from wildvec.graph.graph import Graph

STEPS_AT_ONCE = 100_000  # of a call without the GIL
EDGES_AT_ONCE = 1_000_000

WALK_LENGTH: Check = whole(2, 100_000)
NUM_WALKS: Check = whole(1, 1_000_000)
BIAS: Check = number(1e-9, 1e9)


@dataclass(frozen=True)
class WalkSettings:
    """How walks are drawn: at most walk_length nodes, num_walks from each node, and node2vec's p and q."""

    num_walks: int = 10
    walk_length: int = 80
    p: float = 1.0
    q: float = 1.0

    @classmethod
    def checked(cls, num_walks: int, walk_length: int, p: float, q: float) -> WalkSettings:
        """Return the settings. TypeError or ValueError: one of them is out of range."""
        return cls(
            checked("num_walks", num_walks, NUM_WALKS),
            checked("walk_length", walk_length, WALK_LENGTH),
            checked("p", p, BIAS),
            checked("q", q, BIAS),
        )


def make_walks(graph: Graph, settings: WalkSettings, workers: int) -> Walks:
    """Return walks that are ready to be drawn. With weights, they hold alias tables: 8 bytes per neighbour."""
    walks = Walks(
        graph.offsets,
        graph.neighbours,
        graph.weights,
        length=settings.walk_length,
        p=settings.p,
        q=settings.q,
        symmetric=not graph.directed,
    )
    if graph.weights is not None:
        starts = np.arange(0, len(graph.neighbours), EDGES_AT_ONCE)
        bounds = np.unique(np.append(np.searchsorted(graph.offsets[:-1], starts), graph.n_nodes)).tolist()
        ranges = list(zip([0, *bounds[:-1]], bounds, strict=True))
        for _ in in_order([lambda part: walks.build_alias(*part)] * workers, ranges):
            pass
    return walks


def draw_walks(
    graph: Graph, settings: WalkSettings, seed: int, epoch: int, workers: int | None
) -> NDArray[np.int32]:
    """Return the walks of an epoch, int32 (num_walks × nodes, walk_length), -1 behind the end of a walk."""
    n_walks, n_workers = settings.num_walks * graph.n_nodes, check_workers(workers)
    nodes = np.empty((n_walks, settings.walk_length), np.int32)
    if not n_walks:
        return nodes
    walks = make_walks(graph, settings, n_workers)
    at_once = max(1, STEPS_AT_ONCE // settings.walk_length)

    def draw(first: int) -> int:
        part = nodes[first : first + at_once]
        walks.draw(seed % 2**64, epoch, first, part)
        return len(part)

    firsts, stop = (
        range(0, n_walks, at_once),
        StopEvent(walks),
    )  # a step at a node with many neighbours takes long
    with (
        progress_bar(n_walks, "walking", "walks") as bar,
        closing(in_order([draw] * n_workers, firsts, stop, caller_works=False)) as drawn,
    ):
        for n in drawn:
            bar.update(n)
    return nodes
