"""What the objectives of pairs of users and items have in common: matrices with use counts, and sampled negatives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wildvec.text.vocab import noise_weights
from wildvec.training.alias import AliasTable, make_alias_table
from wildvec.training.feed import Feed
from wildvec.training.interaction_feed import InteractionFeed
from wildvec.training.objective import MatrixSpec

# of the sums of squared gradients: the first change of a row is as large as the rate allows
FIRST_SQUARE = 1e-8


@dataclass(frozen=True)
class PairObjective(ABC):
    """Users are rows of "user_vectors", items of "vectors". kernel: a name of the C core. counts: of items."""

    kernel: str
    n_users: int
    vector_size: int
    counts: NDArray[np.int64]

    def matrices(self, feed: Feed | None) -> tuple[MatrixSpec, ...]:
        """Return the rows of items and of users, and further matrices that the kernel trains."""
        items, users, *others = self._trained(len(self.counts), self.n_users)
        if not isinstance(feed, InteractionFeed):
            return items, users, *others
        of_items, of_users = feed.uses()
        return replace(items, uses=of_items), replace(users, uses=of_users), *others

    @abstractmethod
    def shapes(self, n_items: int, n_users: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for numbers of items and users."""

    def _trained(self, n_items: int, n_users: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices that the kernel trains: those of items and of users first."""
        return self.shapes(n_items, n_users)

    def sampling(self, ns_exponent: float) -> AliasTable | None:
        """Return the table that draws negatives by counts ** ns_exponent; None: uniformly."""
        if not ns_exponent:
            return None
        return make_alias_table(noise_weights(np.maximum(self.counts, 1), ns_exponent))
