"""Bags of features with labels, the data of `TextClassifier`, as a feed of the training loop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.base.checksum import checksum
from wildvec.training.feed import Fingerprint

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]


@dataclass(frozen=True)
class BagFeed:
    """Bag b has the features ids[offsets[b]:offsets[b + 1]], rows of the input matrix, and as many lists of labels.

    raw_items: tokens read.
    """

    ids: Ids
    offsets: Offsets
    label_ids: Ids
    label_offsets: Offsets
    raw_items: int

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Features of each bag."""
        return np.diff(self.offsets)

    def uses(self, n_rows: int) -> NDArray[np.float64]:
        """Return how often each row is used in a bag, on average."""
        counts = np.bincount(self.ids, minlength=n_rows)
        return counts / max(1, len(self.offsets) - 1)

    def fingerprint(self) -> Fingerprint:
        """Return sizes and a checksum of all features and labels."""
        arrays = (self.ids, self.offsets, self.label_ids, self.label_offsets)
        return {
            "texts": len(self.offsets) - 1,
            "features": len(self.ids),
            "labels": len(self.label_ids),
            "checksum": "".join(checksum(array) for array in arrays),
        }

    def attach(self, task: Task) -> None:
        """Give a task the features and the labels."""
        task.items(self.ids, self.offsets)
        task.labels(self.label_ids, self.label_offsets)
