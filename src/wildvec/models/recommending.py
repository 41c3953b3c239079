"""Recommendations: the best items of users, similar items and users, and reasons.

In: trained rows. Out: keys or row numbers, and scores.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key
from wildvec.interactions.interactions import Interactions
from wildvec.models.fold_in import fold_in
from wildvec.models.gensim_names import refuse_unknown
from wildvec.models.seen_items import SeenItems
from wildvec.text.vocab import Vocab
from wildvec.vectors import search
from wildvec.vectors.keyedvectors import KeyedVectors
from wildvec.vectors.products import best_products

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Scored = list[tuple[Key, float]]

AT_LEAST_ONE = whole(1)

logger = logging.getLogger(__name__)


class UnknownUserError(KeyError):
    """The model does not have a user. `what`: the message without the remedy, which is one for Python only."""

    def __init__(self, user: Key, hint: str = "") -> None:
        self.what = f"there is no user {user!r:.60}{hint}"
        remedy = "for a new user, call recommend(history=[…]), add_user(user, history), or partial_fit"
        super().__init__(f"{self.what}; {remedy}")


class Recommender(ABC):
    """A model of users and items that recommends.

    Attributes:
        wv: The rows of items by key (KeyedVectors).
        uv: The rows of users by key (KeyedVectors).
        user_counts: int64 (users,): the number of items of each user in all trainings.
    """

    wv: KeyedVectors
    uv: KeyedVectors
    vocab: Vocab
    workers: int
    keep_seen: bool
    user_counts: NDArray[np.int64]
    _seen: SeenItems

    @abstractmethod
    def _scoring(self) -> tuple[Floats, Floats]:
        """Return float32 rows of all users and all items whose dot products are the scores."""

    def _fold_in(self, seen: SeenItems) -> Floats:
        """Return the rows of new users with these items, float32 (users, vector_size)."""
        return fold_in(self.wv.vectors, seen.offsets, seen.ids, _mean_length(self.uv.vectors))

    def _fold_in_item(self, seen: SeenItems) -> Floats:
        """Return the rows of new items that these users have, float32 (items, vector_size)."""
        return fold_in(self.uv.vectors, seen.offsets, seen.ids, _mean_length(self.wv.vectors))

    # -- recommendations ------------------------------------------------------------------------------------------

    @overload
    def recommend(  # type: ignore[overload-overlap]  # a str is an iterable of str too
        self,
        users: Key | None = None,
        n: int = 10,
        *,
        history: Iterable[Key] | None = None,
        exclude_seen: bool = True,
        among: Iterable[Key] | None = None,
    ) -> Scored: ...
    @overload
    def recommend(
        self,
        users: Iterable[Key],
        n: int = 10,
        *,
        exclude_seen: bool = True,
        among: Iterable[Key] | None = None,
    ) -> list[Scored]: ...
    def recommend(
        self,
        users: Key | Iterable[Key] | None = None,
        n: int = 10,
        *,
        history: Iterable[Key] | None = None,
        exclude_seen: bool = True,
        among: Iterable[Key] | None = None,
        **others: Any,
    ) -> Scored | list[Scored]:
        """Return the n items with the highest scores for a user, best first, or such lists for several users.

        Of equal scores, the item with the lower row comes first. A user without interactions gets the items with
        the most users, whose numbers are the scores. For arrays in place of lists, and row numbers in place of keys,
        see `recommend_rows`.

        Args:
            users: One user (str or int) or several.
            n: Number of items; there are fewer if fewer are left.
            history: In place of a user: the items of a new user in any order (see `user_vector`). Items that the
                model does not have are left out, and a warning is logged.
            exclude_seen: Leave out the items that the user has, those of `history` included.
            among: Only these items; None: all.
            others: Arguments of other packages, which are refused with their name here.

        Returns:
            A list of (item, score); for several users a list of such lists.

        Raises:
            KeyError: A user, or an item in `among`, is unknown.
            ValueError: No item of `history` is known; n < 1.
            RuntimeError: exclude_seen=True, but the model was trained with keep_seen=False.
        """
        refuse_unknown(others)
        if hasattr(n, "tocoo"):
            raise TypeError("n is a matrix; leave it out: the model keeps the items of its users")
        allowed = None if among is None else self._item_rows(as_list("among", among))
        if history is not None:
            if users is not None:
                raise TypeError("give users or history, not both")
            seen = self._history(history)
            exclude = seen if exclude_seen else None
            queries, items = self._queries_of_new(seen), self._scoring()[1]
            return self._with_keys(*self._best(queries, items, n, exclude, allowed))[0]
        if users is None:
            raise TypeError("give a user, several users, or history=[items of a new user]")
        one = isinstance(users, (str, int, np.integer))
        rows = self._user_rows([users] if one else as_list("users", users))  # type: ignore[list-item]
        found = self._with_keys(*self.recommend_rows(rows, n, exclude_seen=exclude_seen, among=allowed))
        return found[0] if one else found

    def recommend_rows(
        self,
        users: ArrayLike | None = None,
        n: int = 10,
        *,
        exclude_seen: bool = True,
        exclude: Interactions | None = None,
        among: ArrayLike | None = None,
    ) -> tuple[Rows, Floats]:
        """Return the rows and scores of the best items for users that are given by row: the fast way for many users.

        Args:
            users: Row numbers of users (the places of their keys in `uv.index_to_key`); None: all users.
            n: Number of items.
            exclude_seen: Leave out the items that the user has.
            exclude: Leave out these interactions in place of the seen ones; users and items have the model's numbers.
            among: Only these rows of items.

        Returns:
            int64 row numbers of items and float32 scores, each (users, min(n, items)), best first; -1 and NaN where
            fewer items are left. `wv.index_to_key` has the keys.
        """
        rows = np.arange(len(self.uv)) if users is None else row_numbers("users", users, len(self.uv))
        excluded = None
        if exclude is not None:
            excluded = items_of(exclude, len(self.uv), len(self.wv)).take(rows)
        elif exclude_seen:
            excluded = self._seen_of(rows)
        allowed = None if among is None else row_numbers("among", among, len(self.wv))
        user_rows, item_rows = self._scoring()
        found, scores = self._best(user_rows[rows], item_rows, n, excluded, allowed)
        if len(without := np.flatnonzero(self.user_counts[rows] == 0)):
            part = None if excluded is None else excluded.take(without)
            found[without], scores[without] = self._most_popular(len(without), n, part, allowed)
        return found, scores

    def _best(
        self, queries: Floats, items: Floats, n: int, excluded: SeenItems | None, among: Rows | None
    ) -> tuple[Rows, Floats]:
        """Return rows and scores of the best items for queries; both are rows for scoring, as in `_scoring`."""
        n = checked("n", n, AT_LEAST_ONE)
        exclude = None if excluded is None else (excluded.offsets, excluded.ids)
        return best_products(queries, items, n, exclude=exclude, rows=among, workers=self.workers)

    def _most_popular(
        self, n_users: int, n: int, excluded: SeenItems | None, among: Rows | None
    ) -> tuple[Rows, Floats]:
        """Return the items with the most users for some users, and the numbers of users as scores."""
        queries, counts = np.ones((n_users, 1), np.float32), self.vocab.counts[:, None].astype(np.float32)
        return self._best(queries, counts, n, excluded, among)

    def _queries_of_new(self, seen: SeenItems) -> Floats:
        """Return the rows for scoring of new users, who have `seen` items."""
        return self._fold_in(seen)

    def _with_keys(self, rows: Rows, scores: Floats) -> list[Scored]:
        keys = self.wv.index_to_key
        return [
            [(keys[i], score) for i, score in zip(line, values, strict=True) if i >= 0]
            for line, values in zip(rows.tolist(), scores.tolist(), strict=True)
        ]

    # -- rows of keys ---------------------------------------------------------------------------------------------

    def _user_rows(self, users: Iterable[Key]) -> Rows:
        index = self.uv.key_to_index
        rows = []
        for user in users:
            row = index.get(check_key("user", user))
            if row is None:
                raise UnknownUserError(user, _type_hint("users", self.uv, user))
            rows.append(row)
        return np.array(rows, np.int64)

    def _item_rows(self, items: Iterable[Key]) -> Rows:
        index = self.wv.key_to_index
        rows = []
        for item in items:
            row = index.get(check_key("item", item))
            if row is None:
                hint = _type_hint("items", self.wv, item)
                raise KeyError(
                    f"there is no item {item!r:.60}{hint}; see add_item and partial_fit for new items"
                )
            rows.append(row)
        return np.array(rows, np.int64)

    def _history(self, items: Iterable[Key]) -> SeenItems:
        """Return the known items of one new user. ValueError: there is none."""
        given = as_list("history", items)
        index = self.wv.key_to_index
        known = sorted({index[item] for item in given if item in index})
        if not given:
            raise ValueError("history=[]: give at least one item")
        if not known:
            raise ValueError(f"history={given!r:.60}: the model has none of these {len(given)} items")
        if unknown := [item for item in given if item not in index]:
            logger.warning("history: the model does not have %s; left out", ", ".join(map(repr, unknown[:6])))
        return SeenItems(np.array([0, len(known)]), np.array(known, np.int32))

    def _seen_of(self, rows: Rows) -> SeenItems:
        if not self.keep_seen:
            raise RuntimeError(
                "the model does not keep the items of users (keep_seen=False); give exclude_seen=False, or "
                "exclude=Interactions to recommend_rows"
            )
        return self._seen.take(rows)

    # -- neighbours and reasons -----------------------------------------------------------------------------------

    def similar_items(self, item: Key, n: int = 10, **others: Any) -> Scored:
        """Return the n items whose rows have the highest cosine with that of `item`; KeyError for an unknown one."""
        refuse_unknown(others)
        self._item_rows([item])
        n = checked("n", n, AT_LEAST_ONE)
        return self.wv.most_similar(item, topn=n)

    def similar_users(self, user: Key, n: int = 10, **others: Any) -> Scored:
        """Return the n users whose rows have the highest cosine with that of `user`; KeyError for an unknown one."""
        refuse_unknown(others)
        self._user_rows([user])
        n = checked("n", n, AT_LEAST_ONE)
        return self.uv.most_similar(user, topn=n)

    def explain(self, user: Key, item: Key, n: int = 10) -> Scored:
        """Return which of the user's own items are nearest to an item: the reasons for a recommendation.

        A value is the cosine of the rows of the two items. The item itself is left out.

        Raises:
            KeyError: The user or the item is unknown.
            RuntimeError: The model was trained with keep_seen=False.
        """
        row = int(self._item_rows([item])[0])
        own = self._seen_of(self._user_rows([user])).ids
        own = own[own != row]
        if not len(own):
            return []
        rows, scores = search.top_k(
            self.wv.vectors[[row]], self.wv.vectors, checked("n", n, AT_LEAST_ONE), rows=own
        )
        return self._with_keys(rows, scores)[0]

    def user_vector(self, history: Iterable[Key]) -> Floats:
        """Return the vector of a new user from a list of items, float32 (vector_size,); no row is changed.

        It begins as the mean of the items' rows. Some gradient steps of a softmax loss over all items follow (see
        `fold_in`). On Gowalla, users who were not in the training get 95% of the Recall@20 of trained users or more.
        Items that the model does not have are left out. ValueError: it has none of them.
        """
        vector: Floats = self._fold_in(self._history(history))[0]
        return vector


def as_list(name: str, keys: Any) -> list[Any]:
    """Return keys as a list; TypeError, which names the argument, for a single key.

    >>> as_list("users", "ann")
    Traceback (most recent call last):
    TypeError: users='ann': give a list of them
    """
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Iterable):
        raise TypeError(f"{name}={keys!r:.60}: give a list of them")
    return list(keys)


def check_key(kind: str, key: Any) -> Key:
    """Return a key; TypeError: it is a list, or another object that is no key.

    >>> check_key("item", ["tea"])
    Traceback (most recent call last):
    TypeError: item ['tea']: give one item, str or int
    """
    if not isinstance(key, (str, int, np.integer)):
        raise TypeError(f"{kind} {key!r:.60}: give one {kind}, str or int")
    return key if isinstance(key, str) else int(key)


def _type_hint(kind: str, vectors: KeyedVectors, key: Key) -> str:
    """Return the type of the model's keys, if the key is of the other one."""
    first = next(iter(vectors.index_to_key), key)
    if isinstance(first, str) == isinstance(key, str):
        return ""
    return f" (the {kind} of the model are {type(first).__name__}, and this is {type(key).__name__})"


def _mean_length(rows: Floats) -> float:
    return float(np.linalg.norm(rows, axis=1).mean())


def items_of(exclude: Interactions, n_users: int, n_items: int) -> SeenItems:
    """Return the items of each user; ValueError: the interactions have other numbers of users or items."""
    if (exclude.n_users, exclude.n_items) != (n_users, n_items):
        raise ValueError(
            f"exclude={exclude!r} has other users or items than the model; use its method reindex"
        )
    return SeenItems(exclude.offsets, exclude.item_ids)


def row_numbers(name: str, rows: ArrayLike, n: int) -> Rows:
    """Return row numbers as an array; TypeError, IndexError: they are no integers, or not in 0 … n - 1."""
    array = np.asarray(rows)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(f"{name}: {array.dtype} of shape {array.shape}; give a flat array of row numbers")
    if array.size and not (array.min() >= 0 and array.max() < n):
        raise IndexError(f"{name}: rows from {array.min()} to {array.max()}; the model has {n:,}")
    return array.astype(np.int64)
