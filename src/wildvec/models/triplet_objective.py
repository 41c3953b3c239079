"""The objective of models of users and items in which each pair has negatives of its own.

A pair of a user and an item is trained together with an item that the user does not have
(csrc/train/objective/step_bpr.inc.h).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.text.vocab import noise_weights
from wildvec.training.alias import make_alias_table
from wildvec.training.feed import Feed
from wildvec.training.interaction_feed import InteractionFeed
from wildvec.training.objective import MatrixSpec

FIRST_SQUARE = (
    1e-8  # of the sums of squared gradients: the first change of a row is as large as the rate allows
)
CURVATURE = 0.3  # 0.3 times the pairs in which one use of a row takes part
SQUARES, BIAS = 0, 1  # columns behind the values of a row


@dataclass(frozen=True)
class Triplets:
    """Users, items that they have, and items that they do not have; users are rows of "user_vectors".

    kernel: "bpr" or "warp". counts: of items. negative: draws of each pair. margin: of "warp". l2: of one use of a
    row. item_bias: items have a bias. ns_exponent: negatives are drawn by counts ** ns_exponent; 0: uniformly.
    """

    kernel: Literal["bpr", "warp"]
    n_users: int
    vector_size: int
    counts: NDArray[np.int64]
    negative: int = 1
    margin: float = 1.0
    l2: float = 0.0
    item_bias: bool = False
    ns_exponent: float = 0.0

    def matrices(self, feed: Feed | None) -> tuple[MatrixSpec, ...]:
        """Return the rows of items and of users."""
        specs = self.shapes(len(self.counts), self.n_users)
        if not isinstance(feed, InteractionFeed):
            return specs
        return tuple(replace(spec, uses=uses) for spec, uses in zip(specs, feed.uses(), strict=True))

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
        sampling = None
        if self.ns_exponent:
            sampling = make_alias_table(noise_weights(np.maximum(self.counts, 1), self.ns_exponent))
        task.triplets(
            min(self.negative, len(self.counts)),
            sampling=sampling,
            margin=self.margin,
            item_bias=self.item_bias,
        )
