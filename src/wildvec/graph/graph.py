"""Graphs. In: edges. Out: compressed rows of neighbours, and the name of each node."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.keys import Key
from wildvec.base.threads import check_workers
from wildvec.graph.csr import build_csr
from wildvec.graph.numbering import number_keys
from wildvec.graph.walks import WalkSettings, draw_walks


class Graph:
    """A graph in compressed rows.

    Attributes:
        nodes: The name of each node, str or int.
        offsets: int64 (n_nodes + 1,). Node i has the neighbours ``neighbours[offsets[i]:offsets[i + 1]]``.
        neighbours: int32 (m,), rising within a node, each once. An undirected edge is stored at both of its nodes, a
            self-loop once.
        weights: float32 (m,); None: all are 1.
        directed: Whether edges have a direction.
    """

    nodes: list[Key]
    offsets: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    weights: NDArray[np.float32] | None
    directed: bool

    @classmethod
    def from_edges(
        cls,
        sources: ArrayLike,
        targets: ArrayLike,
        weights: ArrayLike | None = None,
        nodes: Any = None,
        directed: bool = False,
        *,
        workers: int | None = None,
    ) -> Graph:
        """Make a graph of arrays of edges."""
        columns: list[Any] = [sources, targets] if nodes is None else [nodes, sources, targets]
        names, ids = number_keys(columns, "node")
        values = None if weights is None else np.ascontiguousarray(weights, np.float32)
        graph = cls.__new__(cls)
        graph.nodes, graph.directed = names, bool(directed)
        rows, cols = (np.ascontiguousarray(x) for x in ids[-2:])
        n = len(names)
        graph.offsets, graph.neighbours, graph.weights = build_csr(
            rows, cols, values, n, n, not directed, check_workers(workers)
        )
        return graph

    @property
    def n_nodes(self) -> int:
        """The number of nodes."""
        return len(self.offsets) - 1

    @property
    def n_edges(self) -> int:
        """The number of edges; an undirected edge counts once."""
        if self.directed:
            return len(self.neighbours)
        rows = np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.offsets))
        return (len(self.neighbours) + int(np.count_nonzero(rows == self.neighbours))) // 2

    def walks(
        self,
        num_walks: int = 10,
        walk_length: int = 80,
        p: float = 1.0,
        q: float = 1.0,
        seed: int = 1,
        workers: int | None = None,
    ) -> NDArray[np.int32]:
        """Return random walks, int32 (num_walks × n_nodes, walk_length): indices of nodes, -1 behind the end of a walk.

        They are the walks on which `Node2Vec` with these settings trains in its first epoch. In each of num_walks
        passes, one walk begins at each node, in random order. A walk ends early at a node without out-edges; from an
        isolated node it has one node.

        Args:
            num_walks: Walks from each node.
            walk_length: Nodes of a walk, at most; 2 or more.
            p: See `Node2Vec`; 1 and q = 1: the next node depends on the weights of edges only.
            q: See `Node2Vec`.
            seed: The same seed gives the same walks, with any number of workers.
            workers: Threads; default: the CPUs that this process may use.

        >>> Graph.from_edges([0, 1, 2], [1, 2, 0], directed=True).walks(1, 4)[:, 0].tolist()
        [1, 0, 2]
        """
        return draw_walks(self, WalkSettings.checked(num_walks, walk_length, p, q), seed, 0, workers)

    @cached_property
    def degrees(self) -> NDArray[np.float64]:
        """The sum of the weights of each node's (outgoing) edges, float64 (n_nodes,)."""
        if self.weights is None:
            return np.diff(self.offsets).astype(np.float64)
        sums = np.zeros(self.n_nodes)
        filled = np.flatnonzero(np.diff(self.offsets))
        if len(filled):
            sums[filled] = np.add.reduceat(self.weights, self.offsets[filled], dtype=np.float64)
        return sums

    @cached_property
    def node_to_index(self) -> dict[Key, int]:
        """The index of each node's name, computed at the first use."""
        return {node: i for i, node in enumerate(self.nodes)}


def as_graph(data: Any, **options: Any) -> Graph:
    """Return a graph as it is, and a graph made of other data."""
    return data if isinstance(data, Graph) else Graph.from_edges(*data, **options)
