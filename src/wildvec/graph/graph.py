"""Graphs. In: edges. Out: compressed rows of neighbours, and the name of each node."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.keys import Key
from wildvec.base.threads import check_workers
from wildvec.graph.adjacency import Adjacency
from wildvec.graph.csr import build_csr
from wildvec.graph.edge_files import read_edge_list
from wildvec.graph.inputs import Edges, node_names, read_edges, with_weights
from wildvec.graph.numbering import PIECE
from wildvec.graph.walks import WalkSettings, draw_walks

STORED = ("nodes", "offsets", "neighbours", "weights", "directed")


class Graph(Adjacency):
    """A graph: nodes with names, and edges between them, in compressed rows (CSR). It does not change.

    What counts as an edge:

    - Undirected (the default): an edge is stored at both of its nodes, and (a, b) is the same edge as (b, a).
    - A self-loop is kept, once.
    - Parallel edges are one edge. With weights, its weight is their sum, in float64 rounded to float32; without, it
      counts once.
    - An edge of weight 0 is left out; its nodes stay. Negative, infinite or NaN weights are errors.
    - Isolated nodes are those that only `nodes` names. A graph may have no edges, or no nodes.
    - A graph whose weights are all 1 is the same as one without weights.

    Memory: 8 bytes a node, and 4 bytes (with weights 8) for each stored neighbour: twice that for an undirected edge.
    100 million undirected edges without weights need 0.8 GB. Building needs no more, beside the arrays that are
    given.

    Args:
        data: One of these.
            A numpy array (n, 2) of edges, or (n, 3) with weights; or a list of edges (source, target[, weight]).
            A tuple of columns: (sources, targets) or (sources, targets, weights).
            A path of an edge list (.csv, .tsv, .txt, compressed too), see `read`.
            A scipy.sparse matrix: an undirected graph needs a symmetric one, or one half of it.
            A networkx graph, also a directed one or a multigraph.
            A frame of pandas, polars or pyarrow with the columns source, target and perhaps weight, or usual names of
            these ("src", "from", "u", "dst", "to", "v", …), in any order; or with two columns of any name. Other
            columns are not used, unless ``weights`` names one.
        weights: One weight per edge. Of a frame also the name of a column; of a networkx graph the name of an
            attribute (default "weight"; edges without it have weight 1). False leaves out the weights of a file, a
            matrix or a networkx graph.
        nodes: Names of nodes that may have no edges; a number n stands for 0 … n - 1. Of a matrix: the name of
            each row.
        directed: Whether edges have a direction. None: as a networkx graph says; others are undirected.
        workers: Threads; None: all CPUs. The graph has the same bits for any number of them.

    Names of nodes are all str or all int (64 bits), the keys of vectors. Integers need not be consecutive, and are in
    ascending order; str are in the order of first use. Map other objects, such as tuples, to
    str first (``networkx.relabel_nodes(graph, str)``).

    Attributes:
        nodes: The name of each node.
        offsets: int64 (n_nodes + 1,). Node i has the neighbours ``neighbours[offsets[i]:offsets[i + 1]]``.
        neighbours: int32 (m,), rising within a node, each once; of a directed graph the targets of its edges.
        weights: float32 (m,); None: all are 1.
        directed: Whether edges have a direction.

    Raises:
        TypeError: `data` is no graph; or a name is neither str nor int, or names of both types occur.
        ValueError: Lengths or shapes do not fit, a weight is not allowed, a matrix is not symmetric.

    >>> graph = Graph([("a", "b"), ("b", "c")], nodes=["d"])
    >>> graph
    Graph(4 nodes, 2 edges)
    >>> graph.neighbours_of("b"), graph.degree("d")
    (['a', 'c'], 0.0)
    """

    def __init__(
        self,
        data: Any,
        *,
        weights: Any = None,
        nodes: Any = None,
        directed: bool | None = None,
        workers: int | None = None,
    ) -> None:
        self._build(read_edges(data, weights, nodes, directed), workers)

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
        """Make a graph of columns of edges; the same as ``Graph((sources, targets, weights), …)``.

        >>> Graph.from_edges([1, 1], [2, 3], weights=[0.5, 2]).weights
        array([0.5, 2. , 0.5, 2. ], dtype=float32)
        """
        return cls((sources, targets, weights), nodes=nodes, directed=directed, workers=workers)

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        *,
        separator: str | None = None,
        header: bool | None = None,
        weighted: bool | None = None,
        nodes: Any = None,
        directed: bool = False,
        workers: int | None = None,
    ) -> Graph:
        """Read an edge list: a text file with an edge "source target" or "source target weight" on each line.

        Further values are skipped, and so are empty lines and lines that begin with # or %. Names are int if all of
        them are integers as Python writes them, otherwise str. The file may be compressed (gzip, bzip2, xz, zstd).

        Args:
            path: The file; the str ``-`` is standard input.
            separator: "," or ";" or a tab, or " " for any number of spaces and tabs. None: chosen from the first
                line.
            header: Whether the first line names the columns. None: it does if it contains usual names such as
                "source", or if only its names are no integers.
            weighted: Whether the third value is a weight. None: it is, if the first line has one.
            nodes: As for `Graph`.
            directed: As for `Graph`.
            workers: As for `Graph`.

        Raises:
            ValueError: A line has no target or no weight, or a weight is no number; the text names the line.
            OSError: The file cannot be read.
        """
        edges = read_edge_list(path, separator, header, weighted, node_names(nodes))
        return cls._of(with_weights(edges, directed), workers)

    @classmethod
    def _of(cls, edges: Edges, workers: int | None = None) -> Graph:
        graph = cls.__new__(cls)
        graph._build(edges, workers)
        return graph

    def _build(self, edges: Edges, workers: int | None) -> None:
        n = len(edges.names)
        rows, columns = np.ascontiguousarray(edges.sources), np.ascontiguousarray(edges.targets)
        csr = build_csr(rows, columns, edges.weights, n, n, not edges.directed, check_workers(workers))
        self.nodes, self.directed = edges.names, edges.directed
        self.offsets, self.neighbours, self.weights = csr
        if self.weights is not None and not _are_finite(self.weights):
            raise ValueError(
                "the weights of parallel edges add up beyond float32; divide all weights by a number"
            )
        if self.weights is not None and _are_ones(self.weights):
            self.weights = None
        for array in (self.offsets, self.neighbours, self.weights):
            if array is not None:
                array.flags.writeable = False

    def walks(
        self,
        num_walks: int = 10,
        walk_length: int = 80,
        p: float = 1.0,
        q: float = 1.0,
        seed: int = 1,
        workers: int | None = None,
    ) -> NDArray[np.int32]:
        """Return random walks, int32 (num_walks × n_nodes, walk_length): indices of nodes, -1 behind the end.

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

        >>> Graph.from_edges([0, 1, 2], [1, 2, 0], directed=True).walks(1, 4).tolist()
        [[0, 1, 2, 0], [1, 2, 0, 1], [2, 0, 1, 2]]
        """
        return draw_walks(self, WalkSettings.checked(num_walks, walk_length, p, q), seed, 0, workers)

    def subgraph(self, nodes: Iterable[Key]) -> Graph:
        """Return the graph of some nodes and the edges between them. The nodes keep their order.

        KeyError: a node does not exist.

        >>> Graph([(1, 2), (2, 3)]).subgraph([3, 2]).nodes
        [2, 3]
        """
        kept = np.zeros(self.n_nodes, bool)
        kept[[self.index(node) for node in nodes]] = True
        new_index = np.cumsum(kept, dtype=np.int32) - np.int32(1)
        sources, targets, weights = self.edges()
        inside = kept[sources] & kept[targets]
        names = [self.nodes[i] for i in np.flatnonzero(kept)]
        weights = None if weights is None else weights[inside]
        return Graph._of(
            Edges(names, new_index[sources[inside]], new_index[targets[inside]], weights, self.directed)
        )

    def without_edges(self, sources: ArrayLike, targets: ArrayLike) -> Graph:
        """Return the graph with all nodes, but without some edges.

        sources, targets: indices of nodes, (n,) each; of an undirected graph in any order. Pairs without an edge have
        no effect. IndexError: an index is not in 0 … n_nodes - 1.

        >>> Graph([(1, 2), (2, 3)]).without_edges([1], [0])
        Graph(3 nodes, 1 edges)
        """
        removed = self._pair_numbers(np.asarray(sources, np.int64), np.asarray(targets, np.int64))
        rows, columns, weights = self.edges()
        kept = ~np.isin(self._pair_numbers(rows.astype(np.int64), columns.astype(np.int64)), removed)
        weights = None if weights is None else weights[kept]
        return Graph._of(Edges(self.nodes, rows[kept], columns[kept], weights, self.directed))

    def _pair_numbers(self, sources: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a number for each pair, the same for (a, b) and (b, a) if the graph is undirected."""
        for ids in (sources, targets):
            if len(ids) and not (ids.min() >= 0 and ids.max() < self.n_nodes):
                bad = ids[(ids < 0) | (ids >= self.n_nodes)][0]
                raise IndexError(f"{bad} is not the index of a node; there are {self.n_nodes:,} nodes")
        if not self.directed:
            sources, targets = np.minimum(sources, targets), np.maximum(sources, targets)
        return sources * self.n_nodes + targets

    def __eq__(self, other: object) -> bool:
        """Return whether the other graph has the same nodes in the same order, and the same edges and weights."""
        if not isinstance(other, Graph):
            return NotImplemented
        return (
            self.directed == other.directed
            and self.nodes == other.nodes
            and np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.neighbours, other.neighbours)
            and _are_equal(self.weights, other.weights)
        )

    def __repr__(self) -> str:
        kind = ", directed" * self.directed + ", weighted" * (self.weights is not None)
        return f"Graph({self.n_nodes:,} nodes, {self.n_edges:,} edges{kind})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in STORED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for array in (self.offsets, self.neighbours, self.weights):
            if array is not None:
                array.flags.writeable = False


def as_graph(data: Any, **options: Any) -> Graph:
    """Return a graph as it is, and a graph made of other data with the options of `Graph`.

    TypeError: there are options, but `data` is a graph already.

    >>> as_graph([(1, 2)])
    Graph(2 nodes, 1 edges)
    """
    if not isinstance(data, Graph):
        return Graph(data, **options)
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise TypeError(
            f"{given[0]}={options[given[0]]!r:.40}: the data is a Graph already; give this to Graph(…)"
        )
    return data


def _are_equal(a: NDArray[np.float32] | None, b: NDArray[np.float32] | None) -> bool:
    return a is b if a is None or b is None else np.array_equal(a, b)


def _are_finite(weights: NDArray[np.float32]) -> bool:
    return all(bool(np.isfinite(weights[i : i + PIECE]).all()) for i in range(0, len(weights), PIECE))


def _are_ones(weights: NDArray[np.float32]) -> bool:
    return all(bool((weights[i : i + PIECE] == 1).all()) for i in range(0, len(weights), PIECE))
