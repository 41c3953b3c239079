"""Link prediction, the protocol of node2vec (Grover and Leskovec 2016): tell held-out edges from non-edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, choice, whole
from wildvec.base.progress import progress_bar
from wildvec.base.rows import unit_rows
from wildvec.evaluate.binary_metrics import average_precision, roc_auc
from wildvec.evaluate.edge_splits import EdgeSplit
from wildvec.evaluate.logistic import POSITIVE, fit_logistic, predict_scores
from wildvec.evaluate.node_classification import finite_rows, vectors_of

Floats = NDArray[np.float32]

OPERATORS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "average": lambda a, b: (a + b) * np.float32(0.5),
    "hadamard": lambda a, b: a * b,
    "l1": lambda a, b: np.abs(a - b),
    "l2": lambda a, b: (a - b) ** 2,
}
SIMILARITIES = ("dot", "cosine")

_BLOCK = 1 << 15  # pairs whose features are in memory at once


@dataclass(frozen=True)
class LinkPredictionResult:
    """The result of `link_prediction`.

    Attributes:
        auc: For each operator, and for "dot" and "cosine", the area under the ROC curve: the probability that an edge
            has a higher score than a non-edge.
        average_precision: The same of the area under the curve of precision and recall.
        n_test: The number of test edges; there are as many non-edges.
        n_classifier: The number of held-out edges that trained the classifiers, with as many non-edges.
    """

    auc: dict[str, float]
    average_precision: dict[str, float]
    n_test: int
    n_classifier: int

    @property
    def best(self) -> str:
        """The operator or similarity with the highest AUC."""
        return max(self.auc, key=self.auc.__getitem__)

    def __str__(self) -> str:
        rows = (
            f"{name}: AUC {auc:.4f}, AP {self.average_precision[name]:.4f}" for name, auc in self.auc.items()
        )
        return "\n".join([*rows, f"{self.n_test:,} edges and as many non-edges"])


def link_prediction(
    wv: Any,
    split: EdgeSplit,
    *,
    operators: Sequence[str] = tuple(OPERATORS),
    classifier_edges: int = 50_000,
    l2: float = 1.0,
) -> LinkPredictionResult:
    """Tell held-out edges from non-edges by the vectors of their two nodes (Grover and Leskovec 2016).

    Half of the held-out edges and non-edges (at most `classifier_edges` of each) train a logistic regression for each
    operator; the others are the test. Its features are scaled to mean 0 and variance 1. "dot" and "cosine" of the two
    vectors need no classifier.

    Args:
        wv: KeyedVectors, or a model with the attribute `wv`, trained on `split.train`.
        split: From `split_edges`.
        operators: How the vectors of two nodes become features: "average", "hadamard" (products), "l1" (absolute
            differences), "l2" (their squares).
        classifier_edges: The most held-out edges that train classifiers.
        l2: Strength of the penalty of the logistic regressions (1 / C of scikit-learn).

    Raises:
        ImportError: scipy is not installed: ``pip install wildvec[scipy]``.
        KeyError: A node has no vector.
        TypeError: `split` is no EdgeSplit, or `operators` is no list.
        ValueError: An operator is unknown, fewer than two edges are held out, or a vector is not finite.

    >>> import wildvec
    >>> from wildvec import Graph, KeyedVectors
    >>> line = np.arange(49)
    >>> graph = Graph.from_edges(np.r_[line, line[:-1]], np.r_[line + 1, line[:-1] + 2])
    >>> split = wildvec.evaluate.split_edges(graph, 0.4)
    >>> wv = KeyedVectors(2)
    >>> wv.add_vectors(graph.nodes, np.stack([np.arange(50), np.ones(50)], axis=1))
    >>> result = link_prediction(wv, split, operators=["l1"])
    >>> result.best, result.auc["l1"] > 0.9
    ('l1', True)
    """
    if not isinstance(split, EdgeSplit):
        raise TypeError(f"split is {type(split).__name__}; give the result of split_edges(graph)")
    if isinstance(operators, str):
        raise TypeError(f"operators={operators!r}: give a list, for example [{operators!r}]")
    for name in operators:
        checked("operators", name, choice(*OPERATORS))
    checked("classifier_edges", classifier_edges, whole(1))
    checked("l2", l2, POSITIVE)
    if len(split.edges) < 2:
        raise ValueError(f"{len(split.edges)} edge is held out; two are needed. Give a larger fraction")
    vectors = _vectors_of_nodes(wv, split)
    n_train = min(classifier_edges, len(split.edges) // 2)
    train = np.concatenate([split.edges[:n_train], split.non_edges[:n_train]])
    test = np.concatenate([split.edges[n_train:], split.non_edges[n_train:]])
    scores = {name: _similarity(vectors, test, name) for name in SIMILARITIES}
    with progress_bar(len(operators), "link prediction", "operator") as bar:
        for name in operators:
            scores[name] = _classify(vectors, train, test, OPERATORS[name], l2)
            bar.update(1)
    is_edge = np.arange(len(test)) < len(test) // 2
    order = [*operators, *SIMILARITIES]
    return LinkPredictionResult(
        {name: roc_auc(scores[name], is_edge) for name in order},
        {name: average_precision(scores[name], is_edge) for name in order},
        len(test) // 2,
        n_train,
    )


def _vectors_of_nodes(wv: Any, split: EdgeSplit) -> Floats:
    """Return the vectors of all nodes, float32 (nodes, dim), in the order of the graph."""
    vectors = vectors_of(wv)
    index = vectors.key_to_index
    rows = [index.get(node, -1) for node in split.train.nodes]
    if -1 in rows:
        node = split.train.nodes[rows.index(-1)]
        raise KeyError(f"node {node!r:.60} has no vector; train on split.train, with all of its nodes")
    return finite_rows(vectors, rows)


def _similarity(vectors: Floats, pairs: NDArray[np.int32], name: str) -> Floats:
    if name == "cosine":
        vectors = unit_rows(vectors)
    blocks = [pairs[first : first + _BLOCK] for first in range(0, len(pairs), _BLOCK)]
    return np.concatenate([np.einsum("ij,ij->i", vectors[b[:, 0]], vectors[b[:, 1]]) for b in blocks])


def _classify(
    vectors: Floats,
    train: NDArray[np.int32],
    test: NDArray[np.int32],
    operator: Callable[[Floats, Floats], Floats],
    l2: float,
) -> Floats:
    """Return the scores of the test pairs. The first half of `train` (n, 2) is edges."""
    features = operator(vectors[train[:, 0]], vectors[train[:, 1]])
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1
    is_edge = np.arange(len(train)) < len(train) // 2
    weights = fit_logistic((features - mean) / scale, is_edge[:, None], l2)
    scores = []
    for first in range(0, len(test), _BLOCK):
        a, b = test[first : first + _BLOCK].T
        features = (operator(vectors[a], vectors[b]) - mean) / scale
        scores.append(predict_scores(features, weights)[:, 0])
    return np.concatenate(scores)
