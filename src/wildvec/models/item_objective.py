"""The objective of models of users and items whose pairs share their negatives.

A block of pairs is trained against one set of items (csrc/train/objective/step_contrast.inc.h).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wildvec._train import PAD, Task
from wildvec.models.pair_objective import FIRST_SQUARE, PairObjective
from wildvec.training.objective import MatrixSpec

CURVATURE = 0.3
OWN, PROJECTION = "own_vectors", "projection"  # names of matrices of models with features


@dataclass(frozen=True)
class SharedNegatives(PairObjective):
    """Pairs of a block share their negatives. Users are rows of "user_vectors", items of "vectors".

    With features, the row of an item is its row of "own_vectors" plus features · "projection". The kernel composes it
    for each block; "vectors" is then a matrix that the model composes and the kernel does not use.

    kernel: "ccl", "bsl" (rows of length 1) or "bpr_shared" (rows of any length). block: pairs in a block, rounded up
    to whole cache lines. negative: items that are their negatives; at most all. margin, weight, temperature: of the
    loss. l2: of one use of a row that may have any length. counts: of items. ns_exponent: negatives are drawn by
    counts ** ns_exponent; 0: uniformly. features: (items, F).
    """

    kernel: Literal["ccl", "bsl", "bpr_shared"]
    block: int = 128
    negative: int = 256
    margin: float = 0.0
    weight: float = 1.0
    temperature: float = 1.0
    l2: float = 0.0
    ns_exponent: float = 0.0
    features: NDArray[np.float32] | None = None

    def shapes(self, n_items: int, n_users: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for numbers of items and users; "vectors" first."""
        trained = self._trained(n_items, n_users)
        if self.features is None:
            return trained
        return replace(trained[0], name="vectors"), *trained

    def _trained(self, n_items: int, n_users: int) -> tuple[MatrixSpec, ...]:
        has_features = self.features is not None
        items = MatrixSpec(
            OWN if has_features else "vectors",
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
        users = replace(items, name="user_vectors", role="output", rows=n_users, rows_per_item=1)
        if self.features is None:
            return items, users
        n_features = self.features.shape[1]
        return (
            items,
            users,
            replace(items, name=PROJECTION, role="nodes", rows=n_features, rows_per_item=n_features),
        )

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
        if self.features is not None:
            task.item_features(self.features)
