"""The objective and the feed of Item2Vec: skip-gram or CBOW over baskets, whose items have no order.

In: settings and interactions. Out: matrices, and the task of the C core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.interactions.interactions import Interactions
from wildvec.models.seen_items import SeenItems
from wildvec.models.window_objective import WindowObjective
from wildvec.training.feed import Fingerprint
from wildvec.training.objective import MatrixSpec


@dataclass(frozen=True)
class BasketObjective(WindowObjective):
    """Skip-gram or CBOW with windows over the shuffled items of a basket."""

    SHUFFLES: ClassVar[bool] = True

    def shapes(self, n_words: int, n_users: int | None = None) -> tuple[MatrixSpec, ...]:
        """Return the matrices for a number of items, and the rows of users, which the C core does not train."""
        specs = super().shapes(n_words)
        if n_users is None:
            return specs
        return (*specs, MatrixSpec("user_vectors", "documents", n_users, self.vector_size, "zeros"))


@dataclass(frozen=True)
class BasketFeed:
    """The items of each user. seen: the items that each user has in all trainings."""

    interactions: Interactions
    seen: SeenItems

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Items of each user."""
        return np.diff(self.interactions.offsets)

    @property
    def raw_items(self) -> int:
        """All interactions."""
        return len(self.interactions)

    def fingerprint(self) -> Fingerprint:
        """Return sizes and checksums of the interactions."""
        return self.interactions.fingerprint()

    def attach(self, task: Task) -> None:
        """Give the task the items."""
        task.items(self.interactions.item_ids, self.interactions.offsets)
