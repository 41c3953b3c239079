"""Precision and recall of predicted labels. In: predicted labels with scores, and true labels. Out: measures.

Sums over all labels are micro averages. A measure without cases is NaN: the precision of a label that was never
predicted, the recall of a label that no text has.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.ragged import Ragged

FloatArray = NDArray[np.float64]


class TestResult(NamedTuple):
    """The result of `TextClassifier.test`: number of texts, precision and recall over all labels."""

    examples: int
    precision: float
    recall: float


class LabelMetrics:
    """Precision, recall and F1 of predictions, for each label and over all labels.

    Texts without a true label count too; leave them out of the arguments if they should not.

    Args:
        labels: The names of the labels; a label id is a position in this list.
        predicted: Label ids of each text, the best first, each at most once.
        scores: float32, one for each predicted label: usually its probability.
        true: Label ids of each text. A label that a text has twice counts twice, as in fastText.

    Attributes:
        labels: The names of the labels (list).
        n_texts: Number of texts.
        true_counts: How many texts have each label, int64 (labels,).
        predicted_counts: How often each label was predicted, int64 (labels,).
        correct_counts: How often it was predicted for a text that has it, int64 (labels,).
        precisions: correct_counts / predicted_counts, float64 (labels,); NaN for a label that was never predicted.
        recalls: correct_counts / true_counts, float64 (labels,); NaN for a label that no text has.
        f1s: The harmonic mean of both, float64 (labels,); NaN for a label that is neither true nor predicted.
        precision: The same over all labels (float).
        recall: The same over all labels (float). Of one true and one predicted label per text, it is the accuracy.
        f1: The same over all labels (float).

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The numbers of texts or scores differ, an id is not a label, or scores rise within a text.

    >>> predicted = Ragged([0, 1, 1, 0, 1], [0, 2, 4, 5])
    >>> scores = np.array([0.9, 0.1, 0.6, 0.4, 0.7], np.float32)
    >>> metrics = LabelMetrics(["ham", "spam"], predicted, scores, true=Ragged([0, 1, 0], [0, 1, 2, 3]))
    >>> metrics.at(k=1)
    LabelMetrics(3 texts, 2 labels: precision 0.667, recall 0.667, F1 0.667)
    >>> print(metrics.at(k=1).table())
    label     precision  recall  F1     true  predicted
    ham       1.000      0.500   0.667  2     1
    spam      0.500      1.000   0.667  1     2
    over all  0.667      0.667   0.667  3     3
    >>> metrics.precision_at_recall(0.5, "ham"), metrics.recall_at_precision(0.5, "ham")
    (1.0, 0.5)
    """

    def __init__(
        self, labels: Sequence[Hashable], predicted: Ragged, scores: ArrayLike, true: Ragged
    ) -> None:
        self.labels = list(labels)
        self.n_texts = len(predicted)
        self._ids = {label: i for i, label in enumerate(self.labels)}
        self._predicted, self._true = predicted, true
        self._scores = np.asarray(scores, np.float32)
        self._check()
        self._is_correct = self._find_correct()
        n = len(self.labels)
        self.true_counts = np.bincount(true.values, minlength=n)
        self.predicted_counts = np.bincount(predicted.values, minlength=n)
        self.correct_counts = np.bincount(predicted.values[self._is_correct], minlength=n)
        self.precisions = _ratios(self.correct_counts, self.predicted_counts)
        self.recalls = _ratios(self.correct_counts, self.true_counts)
        self.f1s = _ratios(2 * self.correct_counts, self.predicted_counts + self.true_counts)
        n_correct, n_predicted, n_true = int(self._is_correct.sum()), len(predicted.values), len(true.values)
        self.precision = _ratio(n_correct, n_predicted)
        self.recall = _ratio(n_correct, n_true)
        self.f1 = _ratio(2 * n_correct, n_predicted + n_true)

    def _check(self) -> None:
        predicted, true, scores = self._predicted, self._true, self._scores
        if len(self._ids) < len(self.labels):
            raise ValueError("a label occurs twice in labels; the names of labels must be distinct")
        if len(true) != len(predicted):
            raise ValueError(
                f"{len(predicted)} texts have predicted labels and {len(true)} true ones; give both"
            )
        if scores.shape != predicted.values.shape:
            raise ValueError(
                f"scores has the shape {scores.shape}; give one score for each of the {len(predicted.values)} "
                "predicted labels"
            )
        for name, rows in (("predicted", predicted), ("true", true)):
            bad = np.flatnonzero((rows.values < 0) | (rows.values >= len(self.labels)))
            if bad.size:
                raise ValueError(
                    f"{name}.values[{bad[0]}]={rows.values[bad[0]]} is no label id; give 0 to {len(self.labels) - 1}"
                )
        rises = ~(scores[1:] <= scores[:-1])  # true for NaN
        starts = predicted.offsets[1:-1]
        rises[starts[(starts > 0) & (starts < len(scores))] - 1] = False
        if rises.any() or np.isnan(scores).any():
            raise ValueError("give the predicted labels of each text in falling order of scores, without NaN")

    def _find_correct(self) -> NDArray[np.bool_]:
        """Return whether each predicted label is a true label of its text."""
        n = max(1, len(self.labels))
        predicted, true = (_rows_of(r) * n + r.values for r in (self._predicted, self._true))
        return np.isin(predicted, true)

    def at(self, k: int | None = None, threshold: float = 0.0) -> LabelMetrics:
        """Return the measures of the first k predicted labels of each text whose score is at least `threshold`.

        Args:
            k: Number of labels per text; None: all that were predicted.
            threshold: Smallest score.
        """
        if k is not None and k < 0:
            raise ValueError(f"k={k}: give a whole number from 0 up, or None for all predicted labels")
        rows = _rows_of(self._predicted)
        kept = self._scores >= np.float32(threshold)
        if k is not None:
            kept &= np.arange(len(rows)) - self._predicted.offsets[rows] < k
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=self.n_texts))])
        predicted = Ragged(self._predicted.values[kept], offsets)
        return LabelMetrics(self.labels, predicted, self._scores[kept], self._true)

    def by_label(self) -> dict[Any, dict[str, float]]:
        """Return a dict from each label to its "precision", "recall" and "f1"."""
        columns = (x.tolist() for x in (self.precisions, self.recalls, self.f1s))
        return {
            label: {"precision": precision, "recall": recall, "f1": f1}
            for label, precision, recall, f1 in zip(self.labels, *columns, strict=True)
        }

    # -- curves ---------------------------------------------------------------------------------------------------

    def score_vs_true(self, label: Hashable | None = None) -> tuple[NDArray[np.float32], FloatArray]:
        """Return the rising scores of predictions of a label, and 1 for those that are correct, else 0.

        label: A label; None: predictions of all labels. Texts for which the label was not predicted have no entry.
        """
        scores, correct = self._scores, self._is_correct
        if label is not None:
            chosen = self._predicted.values == self._id(label)
            scores, correct = scores[chosen], correct[chosen]
        order = np.lexsort((correct, scores))
        return scores[order], correct[order].astype(np.float64)

    def precision_recall_curve(self, label: Hashable | None = None) -> tuple[FloatArray, FloatArray]:
        """Return precisions and recalls at all thresholds, from the highest score down.

        The curve ends where the recall is 1. The last point, (1, 0), stands for a threshold above all scores. Without
        predictions both arrays are empty.

        label: A label; None: over all labels.
        """
        scores, correct = (values[::-1] for values in self.score_vs_true(label))
        if not len(scores):
            return np.empty(0), np.empty(0)
        n_true = len(self._true.values) if label is None else int(self.true_counts[self._id(label)])
        last_of_equal = np.append(np.flatnonzero(scores[1:] != scores[:-1]), len(scores) - 1)
        n_correct = np.cumsum(correct)[last_of_equal]
        points = slice(int(np.searchsorted(n_correct, n_true)) + 1)
        precisions = (n_correct / (last_of_equal + 1))[points]
        recalls = _ratios(n_correct, np.array(n_true))[points]
        return np.append(precisions, 1.0), np.append(recalls, 0.0)

    def precision_at_recall(self, recall: float, label: Hashable | None = None) -> float:
        """Return the highest precision of the thresholds with at least this recall; 0 if there is none."""
        precisions, recalls = self.precision_recall_curve(label)
        return float(precisions[recalls >= recall].max(initial=0.0))

    def recall_at_precision(self, precision: float, label: Hashable | None = None) -> float:
        """Return the highest recall of the thresholds with at least this precision; 0 if there is none."""
        precisions, recalls = self.precision_recall_curve(label)
        reached = recalls[precisions >= precision]
        return float(reached[~np.isnan(reached)].max(initial=0.0))

    def _id(self, label: Hashable) -> int:
        try:
            return self._ids[label]
        except (KeyError, TypeError):
            known = ", ".join(map(repr, self.labels[:10])) + (", …" if len(self.labels) > 10 else "")
            raise ValueError(f"label={label!r}: the labels are {known}") from None

    # -- text -----------------------------------------------------------------------------------------------------

    def table(self, most: int | None = None) -> str:
        """Return a table of all labels and of their sum, as text. most: number of labels that most texts have."""
        chosen = range(len(self.labels))
        if most is not None and most < len(self.labels):
            chosen = np.sort(np.argsort(-self.true_counts, kind="stable")[:most]).tolist()
        numbers = (self.precisions, self.recalls, self.f1s, self.true_counts, self.predicted_counts)
        rows = [["label", "precision", "recall", "F1", "true", "predicted"]]
        rows += [[str(self.labels[i]), *(_text(x[i]) for x in numbers)] for i in chosen]
        totals = (self.precision, self.recall, self.f1, len(self._true.values), len(self._predicted.values))
        rows += [["over all", *map(_text, totals)]]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self) -> str:
        values = f"precision {self.precision:.3f}, recall {self.recall:.3f}, F1 {self.f1:.3f}"
        return f"LabelMetrics({self.n_texts:,} texts, {len(self.labels):,} labels: {values})"


def _rows_of(ragged: Ragged) -> NDArray[np.int64]:
    """Return the row of each value."""
    return np.repeat(np.arange(len(ragged)), np.diff(ragged.offsets))


def _ratios(numerator: NDArray[Any], denominator: NDArray[Any]) -> FloatArray:
    """Return the ratios; NaN where the denominator is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else float("nan")


def _text(number: Any) -> str:
    return f"{number:.3f}" if isinstance(number, float) else f"{number:,}"
