"""fastText's measures of a model on a test file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wildvec.models.label_metrics import LabelMetrics

Floats = NDArray[np.float64]


class _Meter:
    """Precision and recall at all thresholds, over all labels or for one label (with its prefix)."""

    def __init__(self, metrics: LabelMetrics) -> None:
        self.m = metrics

    def score_vs_true(self, label: str) -> tuple[Floats, Floats]:
        """Return the rising scores of a label, and 1 where it is a true label, else 0."""
        scores, correct = self.m.score_vs_true(label)
        return scores.astype(np.float64), correct

    def precision_recall_curve(self, label: str | None = None) -> tuple[Floats, Floats]:
        """Return precisions and recalls at all thresholds."""
        return self.m.precision_recall_curve(label)

    def precision_at_recall(self, recall: float, label: str | None = None) -> float:
        """Return the highest precision with at least this recall."""
        return self.m.precision_at_recall(recall, label)

    def recall_at_precision(self, precision: float, label: str | None = None) -> float:
        """Return the highest recall with at least this precision."""
        return self.m.recall_at_precision(precision, label)
