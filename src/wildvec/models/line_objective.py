"""The objective of `LINE`: edges that are drawn at random, with negative sampling.

In: a graph. Out: the task of the C core.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._train import TILE, Task
from wildvec.graph.graph import Graph
from wildvec.graph.walks import WalkSettings, make_walks
from wildvec.text.vocab import Vocab
from wildvec.training.alias import AliasTable, make_alias_table
from wildvec.training.feed import Feed, Fingerprint
from wildvec.training.objective import MatrixSpec

UNITS = 10_000  # about so many units, if there are so many edges: held_out and workers divide them
CURVATURE = {"hidden": 0.14, "target": 0.33}  # as in window_objective, for one pair of a use


@dataclass(frozen=True)
class EdgeFeed:
    """Edges of a graph, drawn by weight and with replacement: as many in an epoch as the graph stores neighbours.

    An undirected edge is stored at both of its nodes, so it is drawn twice on average, once from each node.
    workers: threads that build alias tables, if the graph has weights.
    """

    graph: Graph
    workers: int

    @property
    def raw_items(self) -> int:
        """Edges of an epoch."""
        return len(self.graph.neighbours)

    @property
    def per_unit(self) -> int:
        """Edges of a unit; the last one may have less."""
        return int(np.clip(self.raw_items // UNITS, 1, 1_000))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Edges of each unit."""
        return np.minimum(self.per_unit, self.raw_items - np.arange(0, self.raw_items, self.per_unit))

    def fingerprint(self) -> Fingerprint:
        """Return sizes and checksums of the graph."""
        return self.graph.fingerprint()

    def attach(self, task: Task) -> None:
        """Give the task the graph and the alias tables."""
        graph = self.graph
        alias = None if graph.weights is None else make_walks(graph, WalkSettings(), self.workers).alias
        task.edges(
            graph.offsets,
            graph.neighbours,
            self._sources(),
            graph.weights,
            alias,
            n_edges=self.raw_items,
            per_unit=self.per_unit,
        )

    def _sources(self) -> AliasTable:
        """Return the alias table of the first nodes of edges, (nodes, 2)."""
        degrees = self.graph.degrees
        table = make_alias_table(degrees)
        table[degrees == 0, 0] = 0  # rounding may give such a node a small probability
        without = (degrees == 0) & (degrees[table[:, 1]] == 0)
        table[without, 1] = degrees.argmax()
        return table


@dataclass(frozen=True)
class LineObjective:
    """First-order or second-order proximity, or both; the fields are the settings of `LINE`."""

    vocab: Vocab
    vector_size: int
    order: Any
    negative: int
    ns_exponent: float

    kernel = "line"

    @property
    def is_both(self) -> bool:
        """Whether vectors are halves of both orders."""
        return bool(self.order == "both")

    def shapes(self, n_nodes: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for n nodes, without use counts."""
        size, rows = self.vector_size // (2 if self.is_both else 1), 2 + self.negative
        first = "second_rows" if self.is_both else "vectors"
        specs = [MatrixSpec(first, "input", n_nodes, size, rows_per_item=rows)]
        if self.order != 1:
            specs.append(MatrixSpec("output_rows", "output", n_nodes, size, "zeros", rows_per_item=rows))
        if self.is_both:
            specs.append(MatrixSpec("first_rows", "documents", n_nodes, size, rows_per_item=rows))
        return tuple(specs)

    def matrices(self, feed: Feed) -> tuple[MatrixSpec, ...]:
        """Return the rows of nodes, and for the second order those of nodes as context."""
        edges = self.vocab.counts / max(1, self.vocab.total)
        noise = self.vocab.noise_weights(self.ns_exponent)
        targets = edges + noise / noise.sum() * (self.negative / TILE)
        pairs = 1 + self.negative
        both_uses = 2 + self.negative / TILE  # of one edge: as hidden and as target row
        as_hidden = CURVATURE["hidden"] * pairs
        as_target = CURVATURE["target"] * pairs / (both_uses - 1)
        first_order = (as_hidden + as_target * (both_uses - 1)) / both_uses
        uses = {"output_rows": (targets, as_target), "second_rows": (edges, as_hidden)}
        uses["vectors"] = (edges + targets, first_order) if self.order == 1 else (edges, as_hidden)
        uses["first_rows"] = (edges + targets, first_order)
        return tuple(
            MatrixSpec(
                *(spec.name, spec.role, spec.rows, spec.size, spec.init),
                uses=uses[spec.name][0],
                curvature=float(np.float32(uses[spec.name][1])),
                rows_per_item=spec.rows_per_item,
            )
            for spec in self.shapes(len(self.vocab))
        )

    def attach(self, task: Task) -> None:
        """Give the task the negatives and the order."""
        task.line(self._noise_table, self.negative, 3 if self.is_both else self.order)

    @cached_property
    def _noise_table(self) -> AliasTable:
        """The alias table of negatives, (nodes, 2)."""
        return make_alias_table(self.vocab.noise_weights(self.ns_exponent))
