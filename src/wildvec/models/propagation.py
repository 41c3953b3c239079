"""Propagation: vectors of nodes without walks. In: a graph. Out: vectors by node.

Random rows are propagated over the normalised adjacency matrix and whitened now and then, as in Cleora (Rychalska et
al. 2021) and FastRP (Chen et al. 2019). What they approach are the eigenvectors of the largest eigenvalues of the
normalised adjacency matrix with regularised degrees (Qin & Rohe 2013).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import number, whole
from wildvec.base.keys import Key
from wildvec.graph.graph import Graph, as_graph
from wildvec.io import native, vectors
from wildvec.models.gensim_names import check_arguments
from wildvec.models.graph_model import node_counts, rows_of_nodes
from wildvec.models.propagating import propagate
from wildvec.models.scikit_learn import not_fitted
from wildvec.models.settings import HasSettings, Setting, worker_count
from wildvec.training.matrices import padded_width
from wildvec.vectors.keyedvectors import KeyedVectors

MAX_SIZE = 2048  # the whitening takes vector_size³ operations on one thread


class Propagation(HasSettings):
    """Vectors of the nodes of a graph, from random rows that are propagated along edges.

    With A the adjacency matrix, d the degrees and D = diag(d + regularization · mean(d)), each iteration computes
    X ← (D^-1 A + self_weight) X. After every fourth one X is whitened: XᵀDX = 1. At the end X is whitened,
    X ← D^-1 A X, and each row gets the length `length`. Edges count in both directions, also those of a directed
    graph: (i, j) and (j, i) are then one edge, and their weights are added. Weights are strengths: an edge of
    weight 2 counts as two. The row of a node without edges is 0.

    With `graph` the constructor computes the vectors. The same seed gives the same bits for any number of workers (on
    processors with the same instruction set). Ctrl-C stops within 0.1 s.

    Args:
        graph: A Graph, or what it is made of.
        vector_size: Values in a vector. With more than there are nodes, the last values are 0.
        iterations: Propagations. More of them use longer paths: 40 suits graphs with labels of large groups.
        regularization: Part of the mean degree that is added to each degree, so that nodes in small groups with few
            edges to others do not get dimensions of their own.
        self_weight: Weight of a node's own row in an iteration. 0: eigenvalues count by magnitude, so that nodes with
            the same neighbours are near each other although they are not connected (bipartite structure).
        length: Length of each vector. It changes no cosine; a logistic regression with a penalty depends on it.
        seed: Of the random rows.
        workers: Threads; default: the CPUs that this process may use.
        others: No others are allowed; the message of the error names similar settings.

    Attributes:
        wv: The vectors (KeyedVectors); counts are the degrees of the nodes, at least 1, as in `GraphModel`.

    Raises:
        TypeError: A setting has the wrong type, or there is no such setting.
        ValueError: A setting is out of range, or the graph has no node.
        MemoryError: There is no memory for two matrices of `estimate_memory`.

    >>> ring = np.arange(40), (np.arange(40) + 1) % 40
    >>> model = Propagation(Graph.from_edges(*ring), vector_size=4)
    >>> model
    Propagation(40 nodes × 4)
    >>> sorted(node for node, _ in model.wv.most_similar(7, topn=2))
    [6, 8]
    """

    NAME: ClassVar[str] = "Propagation"

    vector_size = Setting(128, whole(1, MAX_SIZE), "values per vector")
    iterations = Setting(40, whole(1, 100_000), "propagations over the edges")
    regularization = Setting(
        0.1, number(0, 1e6), "part of the mean degree that is added to each degree", metavar="X"
    )
    self_weight = Setting(0.3, number(0, 1e6), "weight of a node's own row in an iteration", metavar="X")
    length = Setting(2.0, number(1e-6, 1e6), "length of each vector", metavar="X")
    seed = Setting(1, whole(), "the same seed gives the same vectors")
    workers = Setting[int](None, worker_count, "number of threads (default: all CPUs)", changeable=True)

    def __init__(
        self,
        graph: Any = None,
        *,
        vector_size: int = 128,
        iterations: int = 40,
        regularization: float = 0.1,
        self_weight: float = 0.3,
        length: float = 2.0,
        seed: int = 1,
        workers: int | None = None,
        **others: Any,
    ) -> None:
        check_arguments(others, self.SETTINGS)
        self._set_settings(locals())
        self.wv = KeyedVectors(self.vector_size)
        if graph is not None:
            self.train(graph)

    def train(self, graph: Any) -> None:
        """Compute the vectors of a graph. Earlier ones are replaced."""
        graph = as_graph(graph)
        if not graph.n_nodes:
            raise ValueError("the graph has no node; give edges or nodes")
        rows = propagate(
            graph,
            self.vector_size,
            iterations=self.iterations,
            regularization=self.regularization,
            self_weight=self.self_weight,
            length=self.length,
            seed=self.seed % 2**64,
            workers=self.workers,
        )
        self.wv = _keyed(graph, rows)

    def fit(self, graph: Any, y: object = None) -> Self:
        """Compute the vectors of a graph and return the model, as scikit-learn's estimators do."""
        self.train(graph)
        return self

    def transform(self, X: Iterable[Key]) -> NDArray[np.float32]:
        """Return the rows of nodes, float32 (nodes, vector_size). X: names of nodes. KeyError: one is unknown."""
        if not len(self.wv):
            raise not_fitted(self)
        return rows_of_nodes(self.wv, X)

    def estimate_memory(self, n_nodes: int, n_edges: int) -> dict[str, int]:
        """Return bytes: of the graph, of the two matrices that an iteration needs, and together.

        n_edges: undirected edges. A directed graph is copied once more.

        >>> Propagation().estimate_memory(5_000_000, 50_000_000)["total"] / 1e9
        5.62
        """
        graph = 8 * n_nodes + 2 * 4 * n_edges
        rows = 2 * 4 * n_nodes * padded_width(self.vector_size)
        scales = 12 * n_nodes
        return {"graph": graph, "matrices": rows, "scales": scales, "total": graph + rows + scales}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write settings and vectors to one file. `KeyedVectors.load` opens it too.

        Raises:
            OSError: The file cannot be written. An existing file is then unchanged.
        """
        settings = {name: value for name, value in self.get_params().items() if name != "workers"}
        tensors = vectors.to_tensors(self.wv.index_to_key, self.wv.vectors, self.wv.counts)
        native.write(path, tensors, {"class": self.NAME, "model": json.dumps(settings)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model that `save` wrote.

        Raises:
            EOFError: The file is cut off.
            ValueError: The file holds something else (then also AttributeError), or is damaged.
        """
        tensors, metadata = vectors.load_native(path, cls.NAME)
        keys, rows, counts = vectors.from_tensors(os.fspath(path), tensors)
        try:
            model = cls(**json.loads(metadata["model"]))
            if rows.shape[1] != model.vector_size:
                raise ValueError(f"vectors of {rows.shape[1]} values, but vector_size={model.vector_size}")
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{os.fspath(path)}: damaged file of a {cls.NAME}: {error}") from error
        model.wv = KeyedVectors.from_arrays(keys, rows, counts)
        return model

    def __repr__(self) -> str:
        if not len(self.wv):
            return self._settings_text()
        return f"{type(self).__name__}({len(self.wv):,} nodes × {self.vector_size})"


def _keyed(graph: Graph, rows: NDArray[np.float32]) -> KeyedVectors:
    return KeyedVectors.from_arrays(graph.nodes, rows, node_counts(graph))
