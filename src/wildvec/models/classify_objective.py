"""The objective of `TextClassifier`: the mean of the rows of a bag, and a loss over labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.training.matrices import FloatRows
from wildvec.training.objective import MatrixSpec

LOSSES = ("softmax", "ova", "hs", "ns")


@dataclass(frozen=True)
class BagObjective:
    """Bags of rows of the input matrix, and labels that are rows of the output matrix."""

    n_rows: int
    vector_size: int
    label_counts: NDArray[np.int64]
    loss: str
    negative: int

    @property
    def kernel(self) -> str:
        """The name of the objective in the C core."""
        return "classify"

    def matrices(self, feed: Any) -> tuple[MatrixSpec, ...]:
        """Return the rows of features, and those of labels (loss="hs": of the nodes of their tree)."""
        n_labels = len(self.label_counts)
        return (
            MatrixSpec("input_rows", "input", self.n_rows, self.vector_size, curvature=0.3),
            MatrixSpec(
                "output_rows",
                "output",
                n_labels,
                self.vector_size,
                "zeros",
                uses=np.ones(n_labels),
                curvature=0.3,
                rows_per_item=n_labels,
            ),
        )

    def attach(self, task: Task) -> None:
        """Give the task the settings of the loss."""
        task.compose(average_hidden=True, average_grad=True)

    def probabilities(self, hidden: FloatRows, output_rows: FloatRows) -> FloatRows:
        """Return the probability of each label, (n, n_labels), for texts with the means `hidden`."""
        scores = hidden @ output_rows.T
        if self.loss == "softmax":
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            return np.asarray(scores / scores.sum(axis=1, keepdims=True), np.float32)
        return np.asarray(1 / (1 + np.exp(-scores)), np.float32)
