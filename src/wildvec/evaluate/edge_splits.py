"""Edges for a test of link prediction. In: a graph. Out: a graph without some edges, these edges, non-edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, number, whole
from wildvec.graph.graph import Graph, as_graph

Pairs = NDArray[np.int32]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class EdgeSplit:
    """The result of `split_edges`. Pairs are positions in `train.nodes`, the smaller one first.

    Attributes:
        train: The graph without the held-out edges. It has all nodes, and as many connected components as before.
        edges: int32 (n, 2), the pairs of nodes whose edges are held out, in random order.
        non_edges: int32 (n, 2), as many different pairs of nodes without an edge in the whole graph.
    """

    train: Graph
    edges: Pairs
    non_edges: Pairs

    def __repr__(self) -> str:
        kept = f"{self.train.n_edges:,} edges for training"
        return f"EdgeSplit({kept}, {len(self.edges):,} pairs held out, {len(self.non_edges):,} non-edges)"


def split_edges(graph: Any, fraction: float = 0.5, *, seed: int = 1) -> EdgeSplit:
    """Hold out edges for a test of link prediction (Grover and Leskovec 2016).

    A random spanning forest stays in the training graph, so that a connected graph stays connected (a directed one
    weakly). The other edges are held out at random. Both directions of a pair are held out together; self-loops and
    the weights of the other edges stay.

    Args:
        graph: A Graph, or anything that Graph takes.
        fraction: The part of the pairs with an edge that is held out, self-loops not counted.
        seed: The seed of the spanning forest, of the held-out edges and of the non-edges.

    Raises:
        ImportError: scipy is not installed: ``pip install wildvec[scipy]``.
        ValueError: So many edges cannot be held out without a new component, or there are too few non-edges.

    >>> from wildvec import Graph
    >>> ring = Graph.from_edges([0, 1, 2, 3, 4], [1, 2, 3, 4, 0])
    >>> split_edges(ring, 0.2)
    EdgeSplit(4 edges for training, 1 pairs held out, 1 non-edges)
    """
    whole_graph = as_graph(graph)
    checked("fraction", fraction, number(0, 1))
    checked("seed", seed, whole(0))
    random = np.random.default_rng(seed)
    n = whole_graph.n_nodes
    sources = np.repeat(np.arange(n, dtype=np.int64), np.diff(whole_graph.offsets))
    of_edge = _codes(sources, whole_graph.neighbours.astype(np.int64), n)
    is_loop = sources == whole_graph.neighbours
    codes = np.unique(of_edge[~is_loop])
    removable = _without_forest(codes, n, random)
    wanted = round(fraction * len(codes))
    if not 0 < wanted <= len(removable):
        raise ValueError(
            f"fraction={fraction}: {wanted:,} of {len(codes):,} edges cannot be held out; give a fraction between "
            f"{1 / max(1, len(codes)):.2g} and {len(removable) / max(1, len(codes)):.3f}, because "
            f"{len(codes) - len(removable):,} edges keep the graph connected"
        )
    held_out = random.permutation(removable)[:wanted]
    non_edges = _draw_non_edges(codes, n, wanted, random)
    stays = is_loop | ~_is_in(of_edge, np.sort(held_out))
    return EdgeSplit(_part(whole_graph, sources, stays), _pairs(held_out, n), _pairs(non_edges, n))


def _codes(a: Codes, b: Codes, n: int) -> Codes:
    """Return one number for each pair of nodes, the same for both directions."""
    return np.minimum(a, b) * n + np.maximum(a, b)


def _pairs(codes: Codes, n: int) -> Pairs:
    return np.stack(np.divmod(codes, n), axis=1).astype(np.int32)


def _is_in(codes: Codes, ordered: Codes) -> NDArray[np.bool_]:
    """Return whether each code is among rising codes, of which there is at least one."""
    places = np.minimum(np.searchsorted(ordered, codes), len(ordered) - 1)
    return np.asarray(ordered[places] == codes)


def _without_forest(codes: Codes, n: int, random: np.random.Generator) -> Codes:
    """Return the codes of the edges outside a random spanning forest: the minimum one for random weights."""
    if not len(codes):
        return codes
    try:
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import minimum_spanning_tree
    except ImportError as error:
        raise ImportError("split_edges needs scipy: pip install 'wildvec[scipy]'") from error
    weights = random.permutation(len(codes)) + 1.0  # 0 would be no edge
    tree = minimum_spanning_tree(coo_matrix((weights, np.divmod(codes, n)), shape=(n, n)).tocsr()).tocoo()
    in_forest = _codes(tree.row.astype(np.int64), tree.col.astype(np.int64), n)
    return codes[~_is_in(codes, np.sort(in_forest))]


def _draw_non_edges(codes: Codes, n: int, wanted: int, random: np.random.Generator) -> Codes:
    """Return different codes of pairs of two nodes that are not in the rising `codes`, in random order."""
    n_pairs = n * (n - 1) // 2
    free = n_pairs - len(codes)
    if wanted > free:
        raise ValueError(
            f"{wanted:,} non-edges are needed, but the graph has {free:,}; give a smaller fraction"
        )
    if n_pairs <= 4 * (wanted + len(codes)):  # a dense graph: list all pairs
        lower, upper = np.triu_indices(n, 1)
        all_codes = _codes(lower.astype(np.int64), upper.astype(np.int64), n)
        return random.permutation(all_codes[~_is_in(all_codes, codes)])[:wanted]
    found = np.empty(0, np.int64)
    while len(found) < wanted:
        a, b = random.integers(n, size=(2, 2 * (wanted - len(found)) + 16))
        drawn = _codes(a, b, n)[a != b]
        found = np.unique(np.concatenate([found, drawn[~_is_in(drawn, codes)]]))
    return random.permutation(found)[:wanted]


def _part(graph: Graph, sources: Codes, stays: NDArray[np.bool_]) -> Graph:
    """Return the graph with only the stored edges of a mask, and all nodes."""
    part = Graph.__new__(Graph)
    part.nodes, part.directed = graph.nodes, graph.directed
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(stays, dtype=np.int64)])
    part.offsets, part.neighbours = sums[graph.offsets], graph.neighbours[stays]
    part.weights = None if graph.weights is None else graph.weights[stays]
    return part
