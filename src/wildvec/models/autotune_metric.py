"""The measure that `autotune` maximizes. In: its name as in fastText, and scores of labels. Out: one number."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wildvec.base.ragged import Ragged
from wildvec.models.label_metrics import LabelMetrics

AT_BOUND = {"precisionAtRecall": "recall", "recallAtPrecision": "precision"}
FORMS = (
    "'f1', 'f1:label', 'precisionAtRecall:x', 'precisionAtRecall:x:label' or the same with recallAtPrecision"
)


@dataclass(frozen=True)
class Metric:
    """A measure of predictions: F1, the precision at a recall, or the recall at a precision; of one label or of all.

    kind: "f1", "precisionAtRecall" or "recallAtPrecision". bound: the recall, or the precision. label: None for all.
    k: labels that are predicted for each text, for "f1" over all labels.

    >>> Metric.parse("precisionAtRecall:0.9:spam", k=1)
    Metric(kind='precisionAtRecall', bound=0.9, label='spam', k=1)
    """

    kind: str
    bound: float
    label: Hashable | None
    k: int

    @classmethod
    def parse(cls, text: str, k: int) -> Metric:
        """Return the measure that fastText names in this way; ValueError for other text."""
        kind, _, rest = str(text).partition(":")
        bound = "0"
        if kind in AT_BOUND:
            bound, _, rest = rest.partition(":")
        try:
            value = float(bound)
        except ValueError:
            value = math.nan
        if (kind != "f1" and kind not in AT_BOUND) or not 0 <= value <= 1:
            raise ValueError(f"metric={text!r}: give {FORMS}, with x from 0 to 1")
        return cls(kind, value, rest or None, k)

    def for_labels(self, labels: Sequence[Hashable], prefix: str) -> Metric:
        """Return the measure with its label as the model knows it; ValueError if it has no such label.

        prefix: Text before a label in files, which the measure may have too.
        """
        if self.label is None:
            return self
        for name in (str(self.label), str(self.label).removeprefix(prefix)):
            for label in labels:
                if str(label) == name:
                    return replace(self, label=label)
        known = ", ".join(map(repr, labels[:10])) + (", …" if len(labels) > 10 else "")
        raise ValueError(f"metric: no training text has the label {self.label!r}; the labels are {known}")

    def measure(self, scores: NDArray[np.float32], labels: Sequence[Hashable], true: Ragged) -> float:
        """Return the measure, 0 if there is nothing to measure.

        scores: (texts, known labels), finite. labels: the known labels, then those that only `true` has. true: label
            ids of each text.
        """
        metrics = LabelMetrics(labels, *self._predictions(scores, labels), true)
        if self.kind == "precisionAtRecall":
            value = metrics.precision_at_recall(self.bound, self.label)
        elif self.kind == "recallAtPrecision":
            value = metrics.recall_at_precision(self.bound, self.label)
        else:
            value = metrics.f1 if self.label is None else metrics.by_label()[self.label]["f1"]
        return 0.0 if math.isnan(value) else value

    def _predictions(
        self, scores: NDArray[np.float32], labels: Sequence[Hashable]
    ) -> tuple[Ragged, NDArray[np.float32]]:
        """Return the labels whose scores the measure needs: the best k, or for curves the one label, or all."""
        n, n_labels = scores.shape
        if self.kind != "f1" and self.label is not None:
            found = np.full((n, 1), list(labels).index(self.label))
        elif self.kind == "f1" and self.k == 1:
            found = scores.argmax(axis=1)[:, None]
        else:
            k = min(self.k, n_labels) if self.kind == "f1" else n_labels
            found = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        offsets = np.arange(n + 1, dtype=np.int64) * found.shape[1]
        return Ragged(found.ravel().astype(np.int32), offsets), np.take_along_axis(
            scores, found, axis=1
        ).ravel()
