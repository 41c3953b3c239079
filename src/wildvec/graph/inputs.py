"""What a graph is made of. In: arrays, files, sparse matrices, networkx graphs, frames. Out: numbered edges."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.graph.edge_files import PLACES, EdgeList, read_edge_list
from wildvec.graph.frame_columns import are_numbered, find_columns
from wildvec.graph.line_forms import SOURCE_NAMES, TARGET_NAMES
from wildvec.graph.numbering import PIECE, Ids, flat_column, number_keys

logger = logging.getLogger(__name__)

ROLES = ("source", "target", "weight")
COLUMN_NAMES = {
    **dict.fromkeys(SOURCE_NAMES, "source"),
    **dict.fromkeys(TARGET_NAMES, "target"),
    **dict.fromkeys(("weight", "weights"), "weight"),
}
KINDS = (
    "an (n, 2) array of edges, a tuple of arrays (sources, targets[, weights]), a path, a scipy.sparse matrix, "
    "a networkx graph, or a frame with the columns source and target"
)


class Edges(NamedTuple):
    """Edges between nodes: names of the nodes, int32 ids of both ends, float32 weights or None."""

    names: list[Key]
    sources: Ids
    targets: Ids
    weights: NDArray[np.float32] | None
    directed: bool


def read_edges(data: Any, weights: Any, nodes: Any, directed: bool | None) -> Edges:
    """Return the edges of any input of `Graph`."""
    nodes = node_names(nodes)
    if isinstance(data, (str, os.PathLike)):
        return _edges_of_file(data, weights, nodes, directed)
    if hasattr(data, "tocoo"):
        return _edges_of_matrix(data, weights, nodes, bool(directed))
    if hasattr(data, "is_directed") and hasattr(data, "edges"):
        return _edges_of_networkx(data, weights, nodes, directed)
    if isinstance(data, dict) and set(data) >= {"source", "target"}:
        columns = [data["source"], data["target"], data.get("weight")]
    elif hasattr(data, "columns") or hasattr(data, "column_names"):
        columns = _columns_of_frame(data, weights)
        weights = None if isinstance(weights, str) or weights is False else weights
    else:
        columns = _columns_of_array(data)
    sources, targets, own_weights = columns
    if own_weights is not None and weights is not None:
        raise ValueError(
            "the edges have a third column of weights, and weights= is given too; give one of them"
        )
    return number_edges(sources, targets, own_weights if weights is None else weights, nodes, bool(directed))


def node_names(nodes: Any) -> Any:
    """Return the argument `nodes` of `Graph` as a column: nothing for None, 0 … n - 1 for a number."""
    if nodes is None:
        return ()
    if not isinstance(nodes, (int, np.integer)):
        return nodes
    if isinstance(nodes, bool) or nodes < 0:
        raise ValueError(f"nodes={nodes!r}: give the number of nodes, 0 or more, or their names")
    return np.arange(nodes)


def number_edges(sources: Any, targets: Any, weights: Any, nodes: Any, directed: bool) -> Edges:
    """Return edges of columns of names. Names that are str are numbered edge by edge, as in a file."""
    ends = [
        flat_column(column, "node", place)
        for column, place in zip((sources, targets), PLACES[1:], strict=True)
    ]
    if len(ends[0]) == len(ends[1]) and all(column.dtype == object for column in ends):
        pairs = np.empty(2 * len(ends[0]), object)
        pairs[0::2], pairs[1::2] = ends
        names, (_, ids) = number_keys([nodes, pairs], "node", ("nodes", "the edges"))
        rows, columns = ids[0::2], ids[1::2]
    else:
        names, (_, rows, columns) = number_keys([nodes, *ends], "node", PLACES)
    return with_weights(EdgeList(names, rows, columns, weights), directed)


def with_weights(edges: EdgeList, directed: Any) -> Edges:
    """Return edges with weights as float32, without those of weight 0.

    ValueError: the lengths differ, or a weight is negative, NaN, infinite or outside the range of float32.
    """
    names, sources, targets, given = edges
    n = len(sources)
    if len(targets) != n:
        raise ValueError(f"{n} sources and {len(targets)} targets; give as many of both")
    if given is None:
        return Edges(names, sources, targets, None, bool(directed))
    given = _numbers(given)
    if given.shape != (n,):
        raise ValueError(f"weights of the shape {given.shape} for {n} edges; give one weight for each edge")
    weights = np.empty(n, np.float32)
    for i in range(0, n, PIECE):
        piece = given[i : i + PIECE]
        with np.errstate(over="ignore"):
            rounded = weights[i : i + PIECE] = piece.astype(np.float32)
        bad = np.flatnonzero(~((rounded > 0) & np.isfinite(rounded)) & ~(piece == 0))
        if len(bad):
            _raise_bad_weight(edges, i + int(bad[0]), piece[bad[0]])
    if weights.all():
        return Edges(names, sources, targets, weights, bool(directed))
    kept = weights > 0
    return Edges(names, sources[kept], targets[kept], weights[kept], bool(directed))


def _numbers(given: Any) -> NDArray[Any]:
    array = np.asarray(given.to_numpy() if hasattr(given, "to_numpy") else given)
    if array.dtype.kind in "biuf":
        return array
    if array.dtype.kind == "c":
        raise TypeError(f"the weights are {array.dtype}; give real numbers")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"the weights are {array.dtype}, not numbers: {error}") from None


def _raise_bad_weight(edges: EdgeList, i: int, weight: Any) -> None:
    source, target = edges.names[edges.sources[i]], edges.names[edges.targets[i]]
    raise ValueError(
        f"the weight {weight} of edge {i} ({source!r} – {target!r}): weights must be positive, finite and in the "
        "range of float32; an edge of weight 0 is left out"
    )


def _edges_of_file(path: Any, weights: Any, nodes: Any, directed: bool | None) -> Edges:
    if weights is not None and not isinstance(weights, bool):
        raise TypeError(
            f"weights={weights!r:.60}: the weights of a file are its third column; give False to leave them out"
        )
    return with_weights(read_edge_list(path, weighted=weights, nodes=nodes), directed)


def _columns_of_array(data: Any) -> list[Any]:
    """Return sources, targets, and weights or None, of an array, a list of edges or a tuple of columns."""
    if isinstance(data, tuple) and len(data) in (2, 3):
        return [*data, *[None] * (3 - len(data))]
    if not isinstance(data, np.ndarray):
        return _columns_of_rows(data)
    if data.ndim == 1 and data.size == 0:
        data = data.reshape(0, 2).astype(np.int32)
    if data.ndim != 2 or data.shape[1] not in (2, 3):
        remedy = (
            "give edges.T"
            if data.ndim == 2 and data.shape[0] in (2, 3)
            else "give a row (source, target) for each edge"
        )
        if data.ndim == 2 and data.shape[0] == data.shape[1]:
            remedy += "; of an adjacency matrix give scipy.sparse.csr_array(matrix)"
        raise ValueError(
            f"edges of the shape {data.shape}; the shape is (n, 2), or (n, 3) with weights: {remedy}"
        )
    return [data[:, 0], data[:, 1], data[:, 2] if data.shape[1] == 3 else None]


def _columns_of_rows(data: Any) -> list[Any]:
    """Return the columns of an iterable of edges."""
    if isinstance(data, (bytes, dict)) or not isinstance(data, Iterable):
        raise TypeError(f"{type(data).__name__} is no graph; give {KINDS}")
    rows = list(data)
    if not rows:
        return [(), (), None]
    size = _length(rows[0], 0)
    for i, row in enumerate(rows):
        if _length(row, i) != size:
            raise ValueError(f"edge {i} has {len(row)} values, but edge 0 has {size}: {row!r}")
    sources, targets, *weights = map(list, zip(*rows, strict=True))
    return [sources, targets, weights[0] if weights else None]


def _length(row: Any, i: int) -> int:
    if isinstance(row, (str, bytes)) or not hasattr(row, "__len__"):
        raise TypeError(
            f"edge {i} is {type(row).__name__} {row!r}; an edge is (source, target) or (source, target, weight)"
        )
    if len(row) not in (2, 3):
        raise ValueError(
            f"edge {i} has {len(row)} values: {row!r}; an edge is (source, target) or (source, target, weight)"
        )
    return len(row)


def _columns_of_frame(frame: Any, weights: Any) -> list[Any]:
    """Return the columns of sources, targets and weights of a frame; None: no weights."""
    labels = list(frame.column_names if hasattr(frame, "column_names") else frame.columns)
    if isinstance(weights, str) and weights not in labels:
        raise ValueError(f"weights={weights!r}: the columns of the frame are {labels}")
    found = _find_ends([label for label in labels if not isinstance(weights, str) or label != weights])
    weight = found.get("weight") if weights is None else weights if isinstance(weights, str) else None
    unused = [label for label in labels if label not in found.values()]
    if weights is None and weight is None and unused:
        logger.warning("not used: the columns %s; weights=%r takes it as the weight", unused, unused[0])
    return [frame[found["source"]], frame[found["target"]], None if weight is None else frame[weight]]


def _find_ends(labels: list[Any]) -> dict[str, Any]:
    """Return the labels of the columns of sources and targets, and of the weights if there are any.

    ValueError: it is not clear which they are.
    """
    if len(labels) in (2, 3) and are_numbered(labels):
        return dict(zip(ROLES, labels, strict=False))
    found = find_columns(labels, COLUMN_NAMES)
    others = [label for label in labels if label != found.get("weight")]
    if not {"source", "target"} & found.keys() and len(others) == 2:
        return found | {"source": others[0], "target": others[1]}
    if not {"source", "target"} <= found.keys():
        raise ValueError(
            f"the frame has the columns {labels}; rename two of them to source and target, and one of "
            "weights to weight"
        )
    return found


def _edges_of_networkx(graph: Any, weights: Any, nodes: Any, directed: bool | None) -> Edges:
    attribute = "weight" if weights is None else weights
    if not isinstance(attribute, (str, bool)):
        raise TypeError(
            f"weights={weights!r:.60}: of a networkx graph give the name of the edges' attribute, or False"
        )
    found = (
        list(graph.edges(data=attribute, default=None))
        if attribute
        else [(*e[:2], None) for e in graph.edges]
    )
    if isinstance(weights, str) and found and all(weight is None for *_, weight in found):
        raise ValueError(f"weights={weights!r}: no edge of the graph has this attribute")
    values = [1 if weight is None else weight for *_, weight in found]
    has_weights = any(weight is not None for *_, weight in found)
    all_nodes = [*nodes, *graph.nodes]
    sources, targets = [edge[0] for edge in found], [edge[1] for edge in found]
    if graph.is_directed() or not directed:
        kind = graph.is_directed() if directed is None else bool(directed)
        return number_edges(sources, targets, values if has_weights else None, all_nodes, kind)
    loops = [a == b for a, b in zip(sources, targets, strict=True)]  # once in a directed graph too
    back = [i for i, loop in enumerate(loops) if not loop]
    both = [*sources, *(targets[i] for i in back)], [*targets, *(sources[i] for i in back)]
    return number_edges(
        *both, [*values, *(values[i] for i in back)] if has_weights else None, all_nodes, True
    )


def _edges_of_matrix(matrix: Any, weights: Any, nodes: Any, directed: bool) -> Edges:
    """Return the entries of a sparse matrix; of a symmetric one those of the upper half."""
    import scipy.sparse

    n = matrix.shape[0]
    if matrix.shape != (n, n):
        raise ValueError(
            f"a matrix of the shape {matrix.shape}; a graph needs a square one (of users and items, see Interactions)"
        )
    if weights not in (None, True, False):
        raise TypeError("weights= of a matrix are its values; give False to leave them out")
    names: list[Key] = list(range(n))
    if len(nodes):
        keys, (ids,) = number_keys([nodes], "node", ["nodes"])
        if len(ids) != n or len(keys) != n:
            raise ValueError(
                f"{len(keys)} distinct nodes for a matrix of {n} rows; give the name of each row"
            )
        names = [keys[i] for i in ids]
    matrix = scipy.sparse.csr_array(matrix)
    matrix.sum_duplicates()
    if not directed:
        matrix = _upper_half(matrix, scipy.sparse)
    entries = matrix.tocoo()
    rows, columns = (np.asarray(ids, np.int32) for ids in (entries.row, entries.col))
    values = None if weights is False or not len(entries.data) or np.all(entries.data == 1) else entries.data
    return with_weights(EdgeList(names, rows, columns, values), directed)


def _upper_half(matrix: Any, sparse: Any) -> Any:
    """Return each undirected edge once. ValueError: the matrix is neither symmetric nor triangular."""
    difference = (matrix != matrix.T).tocoo()
    if difference.nnz == 0:
        return sparse.csr_array(sparse.triu(matrix))
    if sparse.triu(matrix, 1).nnz == 0 or sparse.tril(matrix, -1).nnz == 0:
        return matrix
    i, j = int(difference.row[0]), int(difference.col[0])
    raise ValueError(
        f"the matrix is not symmetric: [{i}, {j}] is {matrix[i, j]}, [{j}, {i}] is {matrix[j, i]}; give "
        "directed=True, or a symmetric matrix such as A.maximum(A.T)"
    )
