"""The objective of models of users and items whose pairs share their negatives.

A block of pairs is trained against one set of items (csrc/train/objective/step_contrast.inc.h).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from wildvec._train import PAD, Task
from wildvec.models.pair_objective import FIRST_SQUARE, PairObjective
from wildvec.training.objective import MatrixSpec

CURVATURE = 0.3


@dataclass(frozen=True)
class SharedNegatives(PairObjective):
    """Pairs of a block share their negatives. Users are rows of "user_vectors", items of "vectors".

    kernel: "ccl", "bsl" (rows of length 1) or "bpr_shared" (rows of any length). block: pairs in a block, rounded up
    to whole cache lines. negative: items that are their negatives; at most all. margin, weight, temperature: of the
    loss. l2: of one use of a row, in "bpr_shared". counts: of items. ns_exponent: negatives are drawn by counts **
    ns_exponent; 0: uniformly.
    """

    kernel: Literal["ccl", "bsl", "bpr_shared"]
    block: int = 128
    negative: int = 256
    margin: float = 0.0
    weight: float = 1.0
    temperature: float = 1.0
    l2: float = 0.0
    ns_exponent: float = 0.0

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
        task.shared_negatives(
            min(self.negative, len(self.counts)),
            block=-(-self.block // PAD) * PAD,
            sampling=self.sampling(self.ns_exponent),
            margin=self.margin,
            weight=self.weight,
            temperature=self.temperature,
        )
