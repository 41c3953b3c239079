"""Feeds: what is trained on, as flat arrays in units (sentences, walks, rows of cells, bags)."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task

Fingerprint = dict[str, Any]


class Feed(Protocol):
    """Training data. A unit is trained as a whole; a chunk is some consecutive units."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Items of each unit (tokens of a sentence, cells of a row, features of a bag): its amount of work."""

    @property
    def raw_items(self) -> int:
        """Items as they were read, those outside the vocabulary included: the unit of speed and progress."""

    def fingerprint(self) -> Fingerprint:
        """Sizes and a checksum, so that a resumed training can check that the data is the same."""

    def attach(self, task: Task) -> None:
        """Give the task the items; its matrices are set."""
