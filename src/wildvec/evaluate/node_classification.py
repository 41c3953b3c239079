"""Node classification, the protocol of DeepWalk (Perozzi et al. 2014).

Some of the labelled nodes train one logistic regression for each label; the others are predicted from their vectors.
The number of labels of each test node is given: the labels with the highest scores are predicted. This is repeated
for several random splits.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, number, whole
from wildvec.base.progress import progress_bar
from wildvec.base.rows import unit_rows
from wildvec.evaluate.logistic import POSITIVE, fit_logistic, predict_scores
from wildvec.evaluate.node_labels import NodeLabels, read_node_labels
from wildvec.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)

VALIDATION_FRACTION = 0.2  # of the training nodes
_FRACTION = number(1e-9, 1 - 1e-9)


@dataclass(frozen=True, repr=False)
class NodeClassificationResult:
    """The result of `node_classification` for one fraction of training nodes.

    Attributes:
        train_fraction: The part of the labelled nodes that trained the classifiers.
        micro_f1s: F1 over all pairs of a node and a label, float64 (shuffles,). Of nodes with one label each, it is
            the accuracy.
        macro_f1s: The mean of F1 over the labels, float64 (shuffles,). A label that no test node has and that is not
            predicted counts as 0.
        n_nodes: The number of labelled nodes with a vector.
        n_labels: The number of labels.
        n_unknown: The number of labelled nodes without a vector. They are left out.
    """

    train_fraction: float
    micro_f1s: NDArray[np.float64]
    macro_f1s: NDArray[np.float64]
    n_nodes: int
    n_labels: int
    n_unknown: int

    @property
    def micro_f1(self) -> float:
        """The mean of `micro_f1s`."""
        return float(self.micro_f1s.mean())

    @property
    def macro_f1(self) -> float:
        """The mean of `macro_f1s`."""
        return float(self.macro_f1s.mean())

    @property
    def micro_f1_sd(self) -> float:
        """The standard deviation of `micro_f1s` over the shuffles; NaN for one shuffle."""
        return _spread(self.micro_f1s)

    @property
    def macro_f1_sd(self) -> float:
        """The standard deviation of `macro_f1s` over the shuffles; NaN for one shuffle."""
        return _spread(self.macro_f1s)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(micro_f1={self.micro_f1:.4f}, macro_f1={self.macro_f1:.4f}, "
            f"train_fraction={self.train_fraction:g}, shuffles={len(self.micro_f1s)}, n_nodes={self.n_nodes}, "
            f"n_labels={self.n_labels}, n_unknown={self.n_unknown})"
        )

    def __str__(self) -> str:
        return (
            f"{self.train_fraction:.0%} of {self.n_nodes:,} nodes, {self.n_labels} labels: "
            f"micro-F1 {self.micro_f1:.4f} ± {self.micro_f1_sd:.4f}, "
            f"macro-F1 {self.macro_f1:.4f} ± {self.macro_f1_sd:.4f}"
        )


@overload
def node_classification(
    wv: Any,
    labels: Any,
    *,
    train_fraction: float = ...,
    shuffles: int = ...,
    seed: int = ...,
    l2: float = ...,
    normalize: bool = ...,
    validation: bool = ...,
) -> NodeClassificationResult: ...
@overload
def node_classification(
    wv: Any,
    labels: Any,
    *,
    train_fraction: Sequence[float],
    shuffles: int = ...,
    seed: int = ...,
    l2: float = ...,
    normalize: bool = ...,
    validation: bool = ...,
) -> list[NodeClassificationResult]: ...


def node_classification(
    wv: Any,
    labels: Any,
    *,
    train_fraction: float | Sequence[float] = 0.5,
    shuffles: int = 10,
    seed: int = 1,
    l2: float = 1.0,
    normalize: bool = False,
    validation: bool = False,
) -> NodeClassificationResult | list[NodeClassificationResult]:
    """Predict the labels of nodes from their vectors (Perozzi et al. 2014) and return micro-F1 and macro-F1.

    Args:
        wv: KeyedVectors, or a model with the attribute `wv`.
        labels: {node: label or list of labels}, pairs (node, label), an array or a data frame with two such columns,
            a series of pandas whose index has the nodes, or the path of a file with "node label" in each line. A node
            may have several labels.
        train_fraction: The part of the labelled nodes for training, between 0 and 1; or several such parts.
        shuffles: The number of random splits.
        seed: The seed of the splits. The splits depend on it and on the order of the labelled nodes only.
        l2: Strength of the penalty of the logistic regressions (1 / C of scikit-learn).
        normalize: Scale the vectors to length 1 before.
        validation: Predict a fifth of the training nodes, which then do not train, in place of the test nodes: for
            the choice of settings, in which test nodes must take no part.

    Returns:
        The result; a list of results for several fractions.

    Raises:
        ImportError: scipy is not installed: ``pip install wildvec[scipy]``.
        TypeError: An argument has the wrong type.
        ValueError: A setting is out of range, no labelled node has a vector, there is only one label, or a vector is
            not finite.

    >>> from wildvec import KeyedVectors
    >>> wv = KeyedVectors(2)
    >>> wv.add_vectors(list("abcdef"), [[1, 0], [2, 0], [3, 0], [0, 1], [0, 2], [0, 3]])
    >>> groups = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2, "f": 2}
    >>> print(node_classification(wv, groups, train_fraction=0.67, shuffles=3).micro_f1)
    1.0
    """
    several = isinstance(train_fraction, (Sequence, np.ndarray))
    given = train_fraction if several else [train_fraction]
    fractions = [checked("train_fraction", f, _FRACTION) for f in given]  # type: ignore[union-attr]
    checked("shuffles", shuffles, whole(1))
    checked("seed", seed, whole(0))
    checked("l2", l2, POSITIVE)
    vectors = vectors_of(wv)
    found = read_node_labels(labels, vectors.key_to_index)
    if found.unknown:
        logger.warning("%d labelled nodes have no vector and are left out", len(found.unknown))
    features = finite_rows(vectors, found.rows)
    features = unit_rows(features) if normalize else features
    results = []
    with progress_bar(len(fractions) * shuffles, "classifying", "split") as bar:
        for fraction in fractions:
            scores = []
            for train, test in _splits(len(features), fraction, shuffles, seed, validation):
                weights = fit_logistic(features[train], found.has_label[train], l2)
                predicted = predict_labels(predict_scores(features[test], weights), found.has_label[test])
                scores.append(f1_scores(predicted, found.has_label[test]))
                bar.update(1)
            results.append(_result(fraction, scores, found))
    return results if several else results[0]


def vectors_of(wv: Any) -> KeyedVectors:
    """Return KeyedVectors, or those of a model. Raises TypeError for anything else."""
    vectors = getattr(wv, "wv", wv)
    if not isinstance(vectors, KeyedVectors):
        raise TypeError(f"{type(wv).__name__}: give KeyedVectors, or a model with the attribute wv")
    return vectors


def predict_labels(scores: NDArray[np.float32], has_label: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the k labels with the highest scores for each row, where k is the number of its true labels.

    scores, has_label: (n, labels). Of equal scores, the first label comes first.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    predicted = np.zeros_like(has_label)
    chosen = np.arange(scores.shape[1]) < has_label.sum(axis=1)[:, None]
    np.put_along_axis(predicted, order, chosen, axis=1)
    return predicted


def f1_scores(predicted: NDArray[np.bool_], true: NDArray[np.bool_]) -> tuple[float, float]:
    """Return micro-F1 and macro-F1 of arrays (n, labels), as scikit-learn computes them.

    >>> f1_scores(np.array([[True, False], [True, False]]), np.array([[True, False], [False, True]]))
    (0.5, 0.3333333333333333)
    """
    correct = (predicted & true).sum(axis=0)
    both = predicted.sum(axis=0) + true.sum(axis=0)
    micro = 2 * correct.sum() / max(1, both.sum())
    return float(micro), float(np.mean(2 * correct / np.maximum(1, both)))


def finite_rows(vectors: KeyedVectors, rows: Any) -> NDArray[np.float32]:
    """Return some rows of vectors, float32; ValueError, which names the node: a value is not finite."""
    chosen = np.asarray(vectors.vectors[rows], np.float32)
    bad = np.flatnonzero(~np.isfinite(chosen).all(axis=1))
    if bad.size:
        key = vectors.index_to_key[int(rows[bad[0]])]
        raise ValueError(
            f"the vector of node {key!r} has a value that is not finite; train with a smaller alpha"
        )
    return chosen


def _splits(
    n: int, fraction: float, shuffles: int, seed: int, validation: bool
) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return (training, test) positions of n nodes for each shuffle; a shuffle is the same for all fractions.

    validation: the training nodes are divided in place of all nodes.
    """
    n_train = round(fraction * n)
    if not 0 < n_train < n or (validation and n_train < 2):
        raise ValueError(
            f"train_fraction={fraction} leaves {n_train} of {n} nodes for training and {n - n_train} for the test; "
            "both need one, and a validation needs two for training"
        )
    orders = [np.random.default_rng([seed, shuffle]).permutation(n) for shuffle in range(shuffles)]
    if validation:
        orders = [order[:n_train] for order in orders]
        n_train -= max(1, round(n_train * VALIDATION_FRACTION))
    return [(order[:n_train], order[n_train:]) for order in orders]


def _result(
    fraction: float, scores: list[tuple[float, float]], found: NodeLabels
) -> NodeClassificationResult:
    micro, macro = np.array(scores).T
    return NodeClassificationResult(
        fraction, micro, macro, len(found.rows), len(found.names), len(found.unknown)
    )


def _spread(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")
