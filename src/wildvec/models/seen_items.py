"""The items that users already have: for `exclude_seen`, and as items that are never negatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.interactions.merging import merge_pairs

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]
OFFSETS, IDS = "seen.offsets", "seen.items"  # names of the tensors in files


@dataclass(frozen=True)
class SeenItems:
    """The items of each user: those of user u are ids[offsets[u]:offsets[u + 1]], ascending."""

    offsets: Offsets
    ids: Ids

    @classmethod
    def empty(cls, n_users: int = 0) -> Self:
        """Return users without items."""
        return cls(np.zeros(n_users + 1, np.int64), np.empty(0, np.int32))

    def __len__(self) -> int:
        """The number of users."""
        return len(self.offsets) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of items of each user, int64 (users,)."""
        return np.diff(self.offsets)

    def of(self, user: int) -> Ids:
        """Return the items of one user."""
        return self.ids[self.offsets[user] : self.offsets[user + 1]]

    def take(self, users: NDArray[np.int64]) -> Self:
        """Return the items of some users, in the order of `users`.

        >>> SeenItems(np.array([0, 2, 3]), np.array([4, 5, 6], np.int32)).take(np.array([1, 1])).ids.tolist()
        [6, 6]
        """
        starts, counts = self.offsets[users], self.counts[users]
        offsets = np.zeros(len(users) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        places = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)
        return type(self)(offsets, self.ids[places])

    def joined(self, other: SeenItems, n_users: int, n_items: int) -> Self:
        """Return the items that a user has here or in `other`; each may have fewer than n users."""
        for seen, none in ((self, other), (other, self)):
            if not len(none.ids):
                return type(self)(
                    np.append(seen.offsets, np.full(n_users - len(seen), len(seen.ids))), seen.ids
                )
        users = [np.repeat(np.arange(len(seen), dtype=np.int32), seen.counts) for seen in (self, other)]
        ids = np.concatenate([self.ids, other.ids])
        offsets, merged, _, _ = merge_pairs(np.concatenate(users), ids, None, None, n_users, n_items)
        return type(self)(offsets, merged)

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Return the tensors of a file."""
        return {OFFSETS: self.offsets, IDS: self.ids}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], n_users: int, n_items: int) -> Self:
        """Return what `to_tensors` got; no items if the file holds none. ValueError: the tensors are damaged."""
        if OFFSETS not in tensors:
            return cls.empty(n_users)
        offsets, ids = tensors[OFFSETS], tensors.get(IDS, np.empty(0, np.int32))
        if offsets.shape != (n_users + 1,) or offsets.dtype != np.int64 or ids.dtype != np.int32:
            raise ValueError(f"{OFFSETS} must be int64 ({n_users + 1},) and {IDS} int32")
        if offsets[0] != 0 or offsets[-1] != len(ids) or (np.diff(offsets) < 0).any():
            raise ValueError(f"{OFFSETS} do not divide the {len(ids):,} {IDS}")
        if len(ids) and not (ids.min() >= 0 and ids.max() < n_items):
            raise ValueError(f"{IDS} must be from 0 to {n_items - 1}")
        inside = np.ones(len(ids), bool)
        inside[offsets[:-1][np.diff(offsets) > 0]] = False
        if (np.diff(ids, prepend=-1)[inside] <= 0).any():
            raise ValueError(f"{IDS} of a user must be ascending")
        return cls(offsets, ids)
