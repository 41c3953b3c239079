"""Compressed rows of neighbours. In: arrays. Out: counts, neighbours, edges, other forms of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checksum import checksum
from wildvec.base.keys import Key
from wildvec.graph.csr import sums_of_rows
from wildvec.graph.numbering import PIECE
from wildvec.graph.sparse import import_scipy_sparse


class EdgeArrays(NamedTuple):
    """Edges as arrays: the indices of both ends int32 (n,), and weights float32 (n,) or None."""

    sources: NDArray[np.int32]
    targets: NDArray[np.int32]
    weights: NDArray[np.float32] | None


class Adjacency:
    """The neighbours of each node of a graph; attributes: see `Graph`."""

    nodes: list[Key]
    offsets: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    weights: NDArray[np.float32] | None
    directed: bool

    @property
    def n_nodes(self) -> int:
        """The number of nodes."""
        return len(self.offsets) - 1

    @cached_property
    def n_edges(self) -> int:
        """The number of edges; an undirected edge counts once."""
        if self.directed:
            return len(self.neighbours)
        return (
            len(self.neighbours) + sum(int((rows == columns).sum()) for rows, columns, _ in self._pieces())
        ) // 2

    @cached_property
    def degrees(self) -> NDArray[np.float64]:
        """The sum of the weights of each node's edges (if directed: those that leave it), float64 (n_nodes,)."""
        return sums_of_rows(self.offsets, self.weights)

    @cached_property
    def node_to_index(self) -> dict[Key, int]:
        """The index of each node's name, computed at the first use."""
        return {node: i for i, node in enumerate(self.nodes)}

    def index(self, node: Key) -> int:
        """Return the index of a node. KeyError: the graph does not have it."""
        try:
            return self.node_to_index[node]
        except (KeyError, TypeError):
            kind = f", whose names are {type(self.nodes[0]).__name__}" if self.nodes else ""
            raise KeyError(f"{node!r} is none of the {self.n_nodes:,} nodes of the graph{kind}") from None

    def neighbours_of(self, node: Key) -> list[Key]:
        """Return the names of a node's neighbours; of a directed graph those that its edges lead to."""
        return [self.nodes[i] for i in self._row(node)]

    def degree(self, node: Key) -> float:
        """Return the sum of the weights of a node's edges."""
        return float(self.degrees[self.index(node)])

    def has_edge(self, source: Key, target: Key) -> bool:
        """Return whether there is an edge from source to target. KeyError: a node does not exist."""
        row, column = self._row(source), self.index(target)
        position = int(np.searchsorted(row, column))
        return position < len(row) and int(row[position]) == column

    def _row(self, node: Key) -> NDArray[np.int32]:
        i = self.index(node)
        return self.neighbours[self.offsets[i] : self.offsets[i + 1]]

    def edges(self) -> EdgeArrays:
        """Return all edges as arrays of indices into `nodes`; an undirected edge once, with source <= target.

        >>> from wildvec import Graph
        >>> Graph([(5, 3), (5, 5)]).edges().targets.tolist()
        [1, 1]
        """
        parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]] = []
        for rows, columns, piece in self._pieces():
            kept = np.flatnonzero((rows <= columns) | self.directed)
            parts.append((rows[kept], columns[kept], kept + piece.start))
        if not parts:
            nothing = np.empty(0, np.int32)
            return EdgeArrays(
                nothing, nothing.copy(), None if self.weights is None else np.empty(0, np.float32)
            )
        sources, targets, positions = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return EdgeArrays(sources, targets, None if self.weights is None else self.weights[positions])

    def _pieces(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], slice]]:
        """Yield the rows and columns of some stored neighbours, and where these are."""
        for start in range(0, len(self.neighbours), PIECE):
            end = min(start + PIECE, len(self.neighbours))
            first = int(np.searchsorted(self.offsets, start, "right")) - 1
            last = int(np.searchsorted(self.offsets, end, "left"))
            counts: NDArray[Any] = np.diff(np.clip(self.offsets[first : last + 1], start, end))
            rows = np.repeat(np.arange(first, last, dtype=np.int32), counts)
            yield rows, self.neighbours[start:end], slice(start, end)

    def to_scipy(self) -> Any:
        """Return the adjacency matrix, a csr_array (n_nodes, n_nodes) of float32, rows in the order of `nodes`.

        ImportError: scipy is not installed.
        """
        values = np.ones(len(self.neighbours), np.float32) if self.weights is None else self.weights
        csr_array = import_scipy_sparse().csr_array
        return csr_array((values, self.neighbours, self.offsets), shape=(self.n_nodes, self.n_nodes))

    def to_networkx(self) -> Any:
        """Return a networkx.Graph or DiGraph, with the attribute "weight" if the graph has weights."""
        import networkx

        graph = networkx.DiGraph() if self.directed else networkx.Graph()
        graph.add_nodes_from(self.nodes)
        sources, targets, weights = self.edges()
        pairs = zip((self.nodes[i] for i in sources), (self.nodes[i] for i in targets), strict=True)
        if weights is None:
            graph.add_edges_from(pairs)
        else:
            graph.add_weighted_edges_from(
                (a, b, w) for (a, b), w in zip(pairs, weights.tolist(), strict=True)
            )
        return graph

    def fingerprint(self) -> dict[str, Any]:
        """Return sizes and checksums of the edges, which a resumed training compares. Names do not count."""
        return {
            "nodes": self.n_nodes,
            "directed": int(self.directed),
            "offsets": checksum(self.offsets),
            "neighbours": checksum(self.neighbours),
            "weights": "none" if self.weights is None else checksum(self.weights),
        }

    def __len__(self) -> int:
        """Return the number of nodes."""
        return self.n_nodes

    def __contains__(self, node: object) -> bool:
        """Return whether the graph has a node of this name."""
        return node in self.node_to_index
