"""Measures of scores of two classes: area under the ROC curve, average precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def roc_auc(scores: NDArray[Any], is_positive: NDArray[np.bool_]) -> float:
    """Return the probability that a positive has a higher score than a negative; equal scores count one half.

    scores, is_positive: (n,). NaN without positives or without negatives. ValueError: a score is NaN.

    >>> roc_auc(np.array([3, 2, 2, 1]), np.array([True, True, False, False]))
    0.875
    """
    positives, negatives = _correct_until(scores, is_positive)
    n_positive, n_negative = int(positives[-1]), int(negatives[-1])
    if not n_positive or not n_negative:
        return float("nan")
    area = np.sum(np.diff(negatives) * (positives[1:] + positives[:-1]) / 2)
    return float(area / n_positive / n_negative)


def average_precision(scores: NDArray[Any], is_positive: NDArray[np.bool_]) -> float:
    """Return the sum of precisions, weighted by the gain of recall, over the thresholds (as scikit-learn does).

    scores, is_positive: (n,). NaN without positives. ValueError: a score is NaN.

    >>> average_precision(np.array([3, 2, 1]), np.array([True, False, True]))
    0.8333333333333333
    """
    positives, negatives = _correct_until(scores, is_positive)
    if not positives[-1]:
        return float("nan")
    precisions = positives[1:] / (positives[1:] + negatives[1:])
    return float(np.sum(np.diff(positives) * precisions) / positives[-1])


def _correct_until(
    scores: NDArray[Any], is_positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many positives and negatives reach each threshold, the highest score first; both begin with 0."""
    if len(bad := np.flatnonzero(np.isnan(scores))):
        raise ValueError(f"score {bad[0]} is NaN; give finite scores")
    order = np.argsort(-scores, kind="stable")
    ordered, positive = scores[order], is_positive[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, len(scores))
    sums = np.concatenate([[0], np.cumsum(positive)])[np.concatenate([[0], ends])].astype(np.float64)
    return sums, np.concatenate([[0], ends]) - sums
