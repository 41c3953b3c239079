"""Interactions: which users have which items, as one sparse matrix of users × items.

In: pairs, columns, a sparse matrix, baskets, a data frame or a file. Out: flat arrays that models train on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.checksum import checksum
from wildvec.base.keys import Key, key_bytes
from wildvec.graph.sparse import import_scipy_sparse
from wildvec.interactions import columns, sources, splitting
from wildvec.interactions.merging import merge_pairs

Ids = NDArray[np.int32]


class Interactions:
    """Which users have which items, with optional weights and times.

    Each pair of user and item occurs once. If the data repeats a pair, the weights are added and the latest time is
    kept; without weights, a pair that is repeated is one interaction. A pair of weight 0 is no interaction. The order
    of the data, also of its times, does not matter. Users and items without interactions are those that only `users`
    and `items` name; models give them a row too.

    Args:
        data: One of these:

            - a tuple of columns: (users, items), (users, items, weights) or (users, items, weights, times);
            - an array (n, 2) of integers, or a list of tuples with 2 to 4 values as above;
            - a sparse matrix of scipy, users × items, with weights (see `from_matrix`);
            - a data frame of pandas or polars: its columns "user", "item" and, if they exist, "weight" and "time", or
              usual names for these ("userId", "movie_id", "rating", …; see `read`), in any order; other columns are
              not used. If all columns are numbered, they are taken in this order;
            - a path (see `read`);
            - Interactions.
        users: All users in the order of their ids; None: those of the data, integers in ascending order, names in the
            order of their first appearance.
        items: All items, likewise.

    Attributes:
        users: The user of each row (list of str or int).
        items: The item of each column.
        offsets: int64 (users + 1,): the items of user u are item_ids[offsets[u]:offsets[u + 1]].
        item_ids: int32 (interactions,), ascending within a user.
        weights: float32 (interactions,), or None: all are 1.
        times: float64 (interactions,), or None.
        item_counts: int64 (items,): the number of users of each item.

    Raises:
        TypeError: The data is of another type; a key is neither str nor int, or a column has both.
        ValueError: A weight is negative or not finite; a time is not finite; there are fewer than two columns; a user
            or an item of the data is not among the given ones.

    >>> data = Interactions([("ann", "tea"), ("ann", "milk"), ("bob", "tea")])
    >>> data
    Interactions(2 users × 2 items, 3 interactions)
    >>> data.users, data.items, data.item_counts.tolist()
    (['ann', 'bob'], ['tea', 'milk'], [2, 1])
    """

    users: list[Key]
    items: list[Key]
    offsets: NDArray[np.int64]
    item_ids: Ids
    weights: NDArray[np.float32] | None
    times: NDArray[np.float64] | None

    def __init__(
        self, data: Any, *, users: Iterable[Key] | None = None, items: Iterable[Key] | None = None
    ) -> None:
        if isinstance(data, Interactions):
            if users is None and items is None:
                vars(self).update(vars(data))
                return
            users = data.users if users is None else users
            items = data.items if items is None else items
        self._set_columns(sources.columns_of(data), users, items)

    @classmethod
    def from_columns(
        cls,
        users: Any,
        items: Any,
        weights: Any = None,
        times: Any = None,
        *,
        all_users: Iterable[Key] | None = None,
        all_items: Iterable[Key] | None = None,
    ) -> Self:
        """Return the interactions of columns: one user, item, weight and time for each interaction.

        Args:
            users: Users (n,), str or int.
            items: Items (n,).
            weights: Numbers (n,) from 0 up, for example ratings or how often a song was played.
            times: Numbers or dates (n,), also as text (ISO 8601); dates become seconds since 1970.
            all_users: All users in the order of their ids, as `users` of the constructor.
            all_items: All items, likewise.

        >>> Interactions.from_columns([7, 7, 9], [1, 2, 2], weights=[1, 2, 1]).weights.tolist()
        [1.0, 2.0, 1.0]
        """
        self = cls.__new__(cls)
        self._set_columns(sources.Columns(users, items, weights, times), all_users, all_items)
        return self

    @classmethod
    def from_baskets(cls, baskets: Iterable[Iterable[Key]], *, items: Iterable[Key] | None = None) -> Self:
        """Return the interactions of baskets, sessions or lists of items: basket i is user i.

        >>> Interactions.from_baskets([["tea", "milk"], ["milk", "bread"]])
        Interactions(2 users × 3 items, 4 interactions)
        """
        self = cls.__new__(cls)
        given, n = sources.columns_of_baskets(baskets)
        self._set_columns(given, range(n), items)
        return self

    @classmethod
    def from_matrix(
        cls, matrix: Any, *, users: Iterable[Key] | None = None, items: Iterable[Key] | None = None
    ) -> Self:
        """Return the interactions of a sparse matrix (scipy) or a dense array, users × items.

        Its values are the weights, unless all of them are 1. users, items: the names of its rows and columns; None:
        their numbers.

        >>> Interactions.from_matrix(np.array([[1, 0, 1], [0, 1, 0]]))
        Interactions(2 users × 3 items, 3 interactions)
        """
        self = cls.__new__(cls)
        given, shape = sources.columns_of_matrix(matrix)
        names = [
            columns.check_names(name, size, keys)
            for name, size, keys in zip(("user", "item"), shape, (users, items), strict=True)
        ]
        self._set_ids(names[0], given.users, names[1], given.items, given.weights, None)
        return self

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        *,
        format: str = "columns",
        separator: str | None = None,
        header: bool | None = None,
        users: Iterable[Key] | None = None,
        items: Iterable[Key] | None = None,
    ) -> Self:
        """Read a file, which may be compressed (.gz, .bz2, .xz, .zst).

        Args:
            path: The file.
            format: What a line holds:

                - "columns": user, item and, if they are there, weight and time;
                - "lists": a user and then its items, divided by white space;
                - "baskets": items, divided by white space; the user is the number of the line, from 0.
            separator: Of "columns": ",", ";", a tab, or " " for any number of spaces and tabs. None: the first of
                tab, comma and semicolon that the first line contains, else spaces.
            header: Of "columns": whether the first line names the columns. None: it does if it contains usual names
                ("user", "userId", "item", "movie_id", "product", …), or if only its names are no integers, or only
                its third value is no number.
            users: As for the constructor.
            items: The same.

        A header may name user and item in any order, then weight ("rating", "count", …) and time ("timestamp",
        "date", …) in any order. Columns from the first one with another name on are not read. Times are numbers.
        Empty lines and lines that begin with # or % are skipped, and values may be in quotation marks, as in files of
        edges (see `Graph`). Without a header, the third value is the weight and the fourth the time.

        Raises:
            ValueError: A line has fewer values than the first one, or a value that is no number; user and item are
                not the first columns; or as in the constructor.

        Keys that all are whole numbers become int, others stay str.
        """
        self = cls.__new__(cls)
        given, all_users = sources.read(path, format, separator, header)
        self._set_columns(given, all_users if users is None else users, items)
        return self

    def _set_columns(
        self, given: sources.Columns, users: Iterable[Key] | None, items: Iterable[Key] | None
    ) -> None:
        user_keys, user_ids = columns.number_column("user", given.users, users, given.place)
        item_keys, item_ids = columns.number_column("item", given.items, items, given.place)
        if len(user_ids) != len(item_ids):
            raise ValueError(
                f"{len(user_ids):,} users and {len(item_ids):,} items; give one of each in a row"
            )
        weights = columns.check_weights(given.weights, len(user_ids), given.place)
        times = columns.check_times(given.times, len(user_ids), given.place)
        self._set_ids(user_keys, user_ids, item_keys, item_ids, weights, times)

    def _set_ids(
        self,
        users: list[Key],
        user_ids: Ids,
        items: list[Key],
        item_ids: Ids,
        weights: NDArray[np.float32] | None,
        times: NDArray[np.float64] | None,
    ) -> None:
        self.users, self.items = users, items
        self.offsets, self.item_ids, self.weights, self.times = merge_pairs(
            user_ids, item_ids, weights, times, len(users), len(items)
        )

    # -- what it holds --------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """The number of interactions."""
        return len(self.item_ids)

    @property
    def n_users(self) -> int:
        """The number of users."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """The number of items."""
        return len(self.items)

    @cached_property
    def item_counts(self) -> NDArray[np.int64]:
        """The number of users of each item, int64 (items,)."""
        return np.bincount(self.item_ids, minlength=self.n_items)

    @cached_property
    def user_to_index(self) -> dict[Key, int]:
        """The row of each user."""
        return {key: i for i, key in enumerate(self.users)}

    @cached_property
    def item_to_index(self) -> dict[Key, int]:
        """The column of each item."""
        return {key: i for i, key in enumerate(self.items)}

    @property
    def user_ids(self) -> Ids:
        """The user of each interaction, int32 (interactions,): a new array."""
        return np.repeat(np.arange(self.n_users, dtype=np.int32), np.diff(self.offsets))

    def items_of(self, user: Key) -> list[Key]:
        """Return the items of a user; KeyError for an unknown one.

        >>> Interactions([("ann", "tea"), ("ann", "milk")]).items_of("ann")
        ['tea', 'milk']
        """
        index = self.user_to_index.get(user)
        if index is None:
            raise KeyError(f"there is no user {user!r:.60}; the {self.n_users:,} users are in .users")
        return [self.items[i] for i in self.item_ids[self.offsets[index] : self.offsets[index + 1]].tolist()]

    @property
    def matrix(self) -> Any:
        """A sparse matrix of scipy (csr_matrix, users × items) with the weights, float32; it shares the arrays.

        ImportError: scipy is not installed.
        """
        sparse = import_scipy_sparse()
        values = np.ones(len(self), np.float32) if self.weights is None else self.weights
        return sparse.csr_matrix((values, self.item_ids, self.offsets), shape=(self.n_users, self.n_items))

    def fingerprint(self) -> dict[str, Any]:
        """Return sizes and checksums, which tell whether two objects hold the same data."""
        keys = b"\0".join(key_bytes(key) for side in (self.users, self.items) for key in side)
        arrays = (self.offsets, self.item_ids, self.weights, self.times)
        return {
            "users": self.n_users,
            "items": self.n_items,
            "interactions": len(self),
            "checksum": "".join("" if array is None else checksum(array) for array in arrays),
            "keys": checksum(np.frombuffer(keys, np.uint8)),
        }

    def __repr__(self) -> str:
        more = "".join(f", {name}" for name in ("weights", "times") if getattr(self, name) is not None)
        size = f"{self.n_users:,} users × {self.n_items:,} items, {len(self):,} interactions{more}"
        return f"{type(self).__name__}({size})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Interactions):
            return NotImplemented
        return self.fingerprint() == other.fingerprint()

    __hash__ = None  # type: ignore[assignment]

    # -- parts ----------------------------------------------------------------------------------------------------

    def split(self, fraction: float = 0.2, seed: int = 1, by: str = "random") -> tuple[Self, Self]:
        """Return (train, held out): two parts with the same users and items.

        Args:
            fraction: Fraction of the interactions that is held out.
            seed: The same seed gives the same split.
            by: Which interactions are held out:

                - "random": of each user this fraction, drawn at random; at least one is left for training;
                - "time": the latest of all interactions;
                - "last": the latest interaction of each user that has two or more; `fraction` is not used;
                - "one": of each user that has two or more a random one; `fraction` is not used.

        Raises:
            ValueError: An argument is out of range, or there are no times.

        >>> Interactions([("ann", "tea"), ("ann", "milk"), ("bob", "tea")]).split(by="one")[1]
        Interactions(2 users × 2 items, 1 interactions)
        """
        held_out = splitting.choose_held_out(self.offsets, self.times, fraction, seed, by)
        return self._part(~held_out), self._part(held_out)

    def _part(self, kept: NDArray[np.bool_]) -> Self:
        """Return the interactions of a mask (interactions,), with all users and items."""
        part = type(self).__new__(type(self))
        part.users, part.items = self.users, self.items
        sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept, dtype=np.int64)])
        part.offsets, part.item_ids = sums[self.offsets], self.item_ids[kept]
        part.weights = None if self.weights is None else self.weights[kept]
        part.times = None if self.times is None else self.times[kept]
        return part

    def drop_rare(self, min_user: int = 1, min_item: int = 1) -> Self:
        """Return the interactions between users with at least `min_user` items and items with `min_item` users.

        Users and items with fewer are left out until all that remain have enough (the k-core of the data).

        >>> Interactions([("ann", "tea"), ("ann", "milk"), ("bob", "tea")]).drop_rare(min_item=2)
        Interactions(2 users × 1 items, 2 interactions)
        """
        min_user = checked("min_user", min_user, whole(0))
        min_item = checked("min_item", min_item, whole(0))
        users, kept = self.user_ids, np.ones(len(self), bool)
        while True:
            user_counts = np.bincount(users[kept], minlength=self.n_users)
            item_counts = np.bincount(self.item_ids[kept], minlength=self.n_items)
            enough = (user_counts >= min_user)[users] & (item_counts >= min_item)[self.item_ids]
            if not (kept & ~enough).any():
                break
            kept &= enough
        return self._part(kept)._without(user_counts < min_user, item_counts < min_item)

    def _without(self, users: NDArray[np.bool_], items: NDArray[np.bool_]) -> Self:
        """Return the interactions without some users and items, which have none."""
        new_ids = np.cumsum(~items, dtype=np.int64) - 1
        self.item_ids = new_ids[self.item_ids].astype(np.int32)
        self.offsets = self.offsets[np.concatenate([[True], ~users])]
        self.users = [key for key, out in zip(self.users, users.tolist(), strict=True) if not out]
        self.items = [key for key, out in zip(self.items, items.tolist(), strict=True) if not out]
        return self

    def reindex(self, users: Iterable[Key], items: Iterable[Key]) -> Self:
        """Return the interactions with other lists of users and items; those of other users and items are dropped.

        A test set gets the ids of its training set in this way.

        >>> train = Interactions([("ann", "tea"), ("bob", "milk")])
        >>> Interactions([("bob", "tea"), ("eve", "tea")]).reindex(train.users, train.items)
        Interactions(2 users × 2 items, 1 interactions)
        """
        user_keys, item_keys = columns.check_keys("user", users), columns.check_keys("item", items)
        user_index = {key: i for i, key in enumerate(user_keys)}
        item_index = {key: i for i, key in enumerate(item_keys)}
        user_ids = np.array([user_index.get(key, -1) for key in self.users], np.int32)[self.user_ids]
        item_ids = np.array([item_index.get(key, -1) for key in self.items], np.int32)[self.item_ids]
        kept = (user_ids >= 0) & (item_ids >= 0)
        part = type(self).__new__(type(self))
        weights = None if self.weights is None else self.weights[kept]
        times = None if self.times is None else self.times[kept]
        part._set_ids(user_keys, user_ids[kept], item_keys, item_ids[kept], weights, times)
        return part


def as_interactions(data: Any) -> Interactions:
    """Return data as Interactions, as the constructor takes it."""
    return data if isinstance(data, Interactions) else Interactions(data)
