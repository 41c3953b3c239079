"""The objective of models of users and items whose pairs share their negatives.

A block of pairs is trained against one set of items (csrc/train/objective/step_contrast.inc.h).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wildvec._train import PAD, Task
from wildvec.text.vocab import noise_weights
from wildvec.training.alias import make_alias_table
from wildvec.training.feed import Feed
from wildvec.training.interaction_feed import InteractionFeed
from wildvec.training.objective import MatrixSpec

FIRST_SQUARE = (
    1e-8  # of the sums of squared gradients: the first change of a row is as large as the rate allows
)
CURVATURE = 0.3


@dataclass(frozen=True)
class SharedNegatives:
    """Pairs of a block share their negatives. Users are rows of "user_vectors", items of "vectors".

    kernel: "ccl", "bsl" (rows of length 1) or "bpr_shared" (rows of any length). block: pairs in a block, rounded up
    to whole cache lines. negative: items that are their negatives; at most all. margin, weight, temperature: of the
    loss. l2: of one use of a row, in "bpr_shared". counts: of items. ns_exponent: negatives are drawn by counts **
    ns_exponent; 0: uniformly.
    """

    kernel: Literal["ccl", "bsl", "bpr_shared"]
    n_users: int
    vector_size: int
    counts: NDArray[np.int64]
    block: int = 128
    negative: int = 256
    margin: float = 0.0
    weight: float = 1.0
    temperature: float = 1.0
    l2: float = 0.0
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
            "uniform" if self.kernel == "bpr_shared" else "unit",
            has_private_rows=False,
            curvature=CURVATURE,
            rows_per_item=n_items,
            l2=self.l2,
            extra=(("squares", FIRST_SQUARE),),
        )
        return items, replace(items, name="user_vectors", role="output", rows=n_users, rows_per_item=1)

    def attach(self, task: Task) -> None:
        """Give the task the settings of the loss and the distribution of negatives."""
        sampling = None
        if self.ns_exponent:
            sampling = make_alias_table(noise_weights(np.maximum(self.counts, 1), self.ns_exponent))
        task.shared_negatives(
            min(self.negative, len(self.counts)),
            block=-(-self.block // PAD) * PAD,
            sampling=sampling,
            margin=self.margin,
            weight=self.weight,
            temperature=self.temperature,
        )
