"""Training on random walks: the feed, which stores no walk, and the objective.

In: a graph and settings. Out: the task of the C core, which draws the walks of each chunk (read_walks.inc.h).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.graph.graph import Graph
from wildvec.graph.walks import WalkSettings, make_walks
from wildvec.models.window_objective import WindowObjective
from wildvec.training.feed import Fingerprint
from wildvec.training.plan import CHUNK_ITEMS

UNITS = 10_000  # about so many units at least, if there are so many walks: held_out and workers divide them


@dataclass(frozen=True)
class WalkFeed:
    """Random walks on a graph. Each epoch draws new ones. A unit is some walks, so that there are not too many units.

    workers: threads that build alias tables, if the graph has weights.
    """

    graph: Graph
    settings: WalkSettings
    workers: int

    @property
    def n_walks(self) -> int:
        """The walks of an epoch."""
        return self.settings.num_walks * self.graph.n_nodes

    @property
    def walks_per_unit(self) -> int:
        """The walks of a unit; the last one may have less."""
        return max(1, min(CHUNK_ITEMS // self.settings.walk_length, self.n_walks // UNITS))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Nodes of the walks of each unit, at most: walks in directed graphs may end early."""
        n, per_unit = self.n_walks, self.walks_per_unit
        starts = np.arange(0, n, per_unit)
        return np.minimum(per_unit, n - starts) * self.settings.walk_length

    @property
    def raw_items(self) -> int:
        """Nodes of all walks of an epoch, at most."""
        return self.n_walks * self.settings.walk_length

    def fingerprint(self) -> Fingerprint:
        """Return sizes and checksums of the graph."""
        return self.graph.fingerprint()

    def attach(self, task: Task) -> None:
        """Give the task the walks."""
        graph, settings = self.graph, self.settings
        walks = make_walks(graph, settings, self.workers)
        task.walks(
            graph.offsets,
            graph.neighbours,
            graph.weights if len(graph.neighbours) else None,
            walks.alias,
            n_walks=self.n_walks,
            per_unit=self.walks_per_unit,
            length=settings.walk_length,
            p=settings.p,
            q=settings.q,
            symmetric=not graph.directed,
        )


class WalkObjective(WindowObjective):
    """Skip-gram or CBOW on walks in place of sentences."""

    @property
    def kernel(self) -> str:
        """The name of the objective in the C core."""
        return "walks" if self.sg else "walks_cbow"
