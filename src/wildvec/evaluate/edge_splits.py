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
    targets = whole_graph.neighbours.astype(np.int64)
    codes = np.unique(_codes(sources, targets, n)[sources != targets])
    removable = _without_forest(codes, n, random)
    wanted = round(fraction * len(codes))
    if not 0 < wanted <= len(removable):
        raise ValueError(_why_not_held_out(fraction, wanted, len(codes), len(removable)))
    held_out = random.permutation(removable)[:wanted]
    non_edges = _draw_non_edges(codes, n, wanted, random)
    edges = _pairs(held_out, n)
    both_ways = np.concatenate([edges, edges[:, ::-1]]) if whole_graph.directed else edges
    return EdgeSplit(whole_graph.without_edges(*both_ways.T), edges, _pairs(non_edges, n))


def _why_not_held_out(fraction: float, wanted: int, n_edges: int, n_removable: int) -> str:
    if not n_edges:
        return "no edge can be held out: the graph has none between two nodes"
    kept = f"{n_edges - n_removable:,} of {n_edges:,} edges keep the graph connected"
    if not n_removable:
        return f"no edge can be held out: {kept}; give a graph with cycles"
    least, most = -(-1000 // n_edges) / 1000, int(1000 * n_removable / n_edges) / 1000
    between = f"between {least:g} and {most:g}" if least <= most else f"near {1 / n_edges:.2g}"
    return f"fraction={fraction}: {wanted:,} edges cannot be held out; give one {between}, because {kept}"


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
