"""The feed of users and items: pairs, in an order that is drawn for each epoch.

In: the items of each user. Out: one unit for each pair. The order is a random permutation, computed in the C core
(csrc/train/objective/pairs.inc.h), so nothing is stored for it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.base.checksum import checksum
from wildvec.training.feed import Fingerprint


class InteractionFeed:
    """Pairs of users and items; pair p is the unit p.

    offsets: (users + 1) the pairs of each user. item_ids: (pairs) ascending within a user, all different. n_items:
    rows of items. own: offsets and ids of all items of each user, which are never negatives of the user; default:
    those of the pairs.

    >>> feed = InteractionFeed(np.array([0, 2, 2, 3]), np.array([0, 4, 1], dtype=np.int32), n_items=5)
    >>> len(feed.sizes), feed.users.tolist(), feed.n_users
    (3, [0, 0, 2], 3)
    """

    def __init__(
        self,
        offsets: NDArray[np.int64],
        item_ids: NDArray[np.int32],
        n_items: int,
        own: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None,
    ) -> None:
        self.offsets = np.ascontiguousarray(offsets, dtype=np.int64)
        self.item_ids = np.ascontiguousarray(item_ids, dtype=np.int32)
        self.n_items = n_items
        self._own_offsets, self._own_ids = own or (self.offsets, self.item_ids)
        counts = np.diff(self.offsets)
        self.users = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        self._n_trained = len(self.item_ids)

    @property
    def n_users(self) -> int:
        """The number of users, those without items included."""
        return len(self.offsets) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Ones: each pair is as much work as another one."""
        return np.broadcast_to(np.int64(1), len(self.item_ids))

    @property
    def raw_items(self) -> int:
        """The number of pairs."""
        return len(self.item_ids)

    def uses(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the fraction of the pairs that each item has, and each user."""
        n = max(1, len(self.item_ids))
        return np.bincount(self.item_ids, minlength=self.n_items) / n, np.diff(self.offsets) / n

    def fingerprint(self) -> Fingerprint:
        """Return sizes and a checksum."""
        return {
            "users": self.n_users,
            "items": self.n_items,
            "pairs": len(self.item_ids),
            "checksum": checksum(self.offsets) + checksum(self.item_ids),
        }

    def hold_out(self, fraction: float) -> int:
        """Hold out a fraction of the pairs, drawn at random; returns the number of pairs that are trained.

        The units behind this number are held out. The same seed of the task gives the same pairs.

        Raises:
            ValueError: There are not two pairs, so none would be left to train.
        """
        n = len(self.item_ids)
        if fraction and n < 2:
            raise ValueError(f"held_out={fraction}: there are {n} pairs of users and items; give more data")
        self._n_trained = n - max(1, round(fraction * n)) if fraction else n
        return self._n_trained

    def attach(self, task: Task) -> None:
        """Give the task the pairs."""
        task.interactions(self.users, self.item_ids, self._n_trained, self._own_ids, self._own_offsets)
