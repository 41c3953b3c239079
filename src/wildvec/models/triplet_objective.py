"""The objective of models of users and items in which each pair has negatives of its own.

A pair of a user and an item is trained together with an item that the user does not have
(csrc/train/objective/step_bpr.inc.h).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from wildvec._train import Task
from wildvec.models.pair_objective import FIRST_SQUARE, PairObjective
from wildvec.training.objective import MatrixSpec

CURVATURE = 0.3  # 0.3 times the pairs in which one use of a row takes part
SQUARES, BIAS = 0, 1  # columns behind the values of a row


@dataclass(frozen=True)
class Triplets(PairObjective):
    """Users, items that they have, and items that they do not have; users are rows of "user_vectors".

    kernel: "bpr" or "warp". counts: of items. negative: draws of each pair. margin: of "warp". l2: of one use of a
    row. item_bias: items have a bias. ns_exponent: negatives are drawn by counts ** ns_exponent; 0: uniformly.
    """

    kernel: Literal["bpr", "warp"]
    negative: int = 1
    margin: float = 1.0
    l2: float = 0.0
    item_bias: bool = False
    ns_exponent: float = 0.0

    def shapes(self, n_items: int, n_users: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for numbers of items and users."""
        items = MatrixSpec(
            "vectors",
            "input",
            n_items,
            self.vector_size,
            has_private_rows=False,
            curvature=CURVATURE,
            rows_per_item=1 + self.negative,
            l2=self.l2,
            extra=(("squares", FIRST_SQUARE), ("bias", 0.0)),
        )
        return items, replace(items, name="user_vectors", role="output", rows=n_users, rows_per_item=1)

    def attach(self, task: Task) -> None:
        """Give the task the settings of the loss and the distribution of negatives."""
        task.triplets(
            min(self.negative, len(self.counts)),
            sampling=self.sampling(self.ns_exponent),
            margin=self.margin,
            item_bias=self.item_bias,
        )
