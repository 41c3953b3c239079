"""Simple recommenders to compare with: the most popular items, and items that occur with the user's items."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, number, whole
from wildvec.base.keys import Key
from wildvec.interactions.interactions import Interactions, as_interactions
from wildvec.models.recommending import items_of, row_numbers
from wildvec.vectors.products import best_products

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

_BLOCK = 256  # users or items whose scores of all items are in memory at once


class _Baseline:
    """Users, items and training interactions of a baseline."""

    def __init__(self, train: Any) -> None:
        self.train = as_interactions(train)
        if not self.train.n_items:
            raise ValueError(f"{self.train!r}: there are no items to recommend")

    @property
    def users(self) -> list[Key]:
        """The keys of the users."""
        return self.train.users

    @property
    def items(self) -> list[Key]:
        """The keys of the items."""
        return self.train.items

    @property
    def item_counts(self) -> NDArray[np.int64]:
        """The training interactions of each item, int64 (items,)."""
        return self.train.item_counts

    def _excluded(
        self, users: Any, exclude_seen: bool, exclude: Interactions | None
    ) -> tuple[Rows, tuple[Rows, NDArray[np.int32]] | None]:
        """Return the users as rows, and the offsets and rows of the items that are left out for each."""
        n_users = self.train.n_users
        rows = np.arange(n_users) if users is None else row_numbers("users", users, n_users)
        data = exclude if exclude is not None else self.train if exclude_seen else None
        if data is None:
            return rows, None
        items = items_of(data, n_users, self.train.n_items).take(rows)
        return rows, (items.offsets, items.ids)


class Popularity(_Baseline):
    """Recommend the items with the most interactions, the same to everybody.

    train: Interactions, or anything that Interactions takes.

    >>> rows, scores = Popularity([(1, "tea"), (1, "milk"), (2, "tea")]).recommend_rows([1], 2)
    >>> rows.tolist(), scores.tolist()
    ([[1, -1]], [[1.0, nan]])
    """

    def recommend_rows(
        self,
        users: Any = None,
        n: int = 10,
        *,
        exclude_seen: bool = True,
        exclude: Interactions | None = None,
    ) -> tuple[Rows, Floats]:
        """Return rows and scores (counts) of the best items for rows of users; see `ItemModel.recommend_rows`."""
        rows, excluded = self._excluded(users, exclude_seen, exclude)
        counts = self.item_counts.astype(np.float32)[:, None]
        n = checked("n", n, whole(1))
        return best_products(np.ones((len(rows), 1), np.float32), counts, n, exclude=excluded)


class ItemCosine(_Baseline):
    """Recommend the items that occur together with those of the user: ItemKNN with cosines (Sarwar et al. 2001).

    The similarity of two items is the cosine of their columns of users, times n / (n + shrink) for n common users.
    The score of an item for a user is the sum of its similarities with the user's items.

    Args:
        train: Interactions, or anything that Interactions takes. Weights are not used.
        neighbours: The most similar items that are kept of each item; None: all.
        shrink: Common users at which a similarity is halved; 0: not at all.

    Raises:
        ImportError: scipy is not installed: ``pip install wildvec[scipy]``.

    >>> baseline = ItemCosine([(1, "tea"), (1, "milk"), (2, "tea"), (2, "jam"), (3, "tea"), (3, "milk"), (4, "milk")])
    >>> rows, _ = baseline.recommend_rows([3], 1)
    >>> baseline.items[rows[0, 0]]
    'tea'
    """

    def __init__(self, train: Any, *, neighbours: int | None = 200, shrink: float = 0.0) -> None:
        super().__init__(train)
        self.neighbours = checked("neighbours", neighbours, whole(1, none="all items"))
        self.shrink = checked("shrink", shrink, number(0, 1e9))
        self._matrix = self.train.matrix
        self._matrix.data = np.ones_like(self._matrix.data)
        self._similarities = self._find_similarities()

    def _find_similarities(self) -> Any:
        """Return the similarities of items as a sparse matrix (items, items) without its diagonal."""
        from scipy import sparse

        by_item = self._matrix.T.tocsr()
        lengths = np.sqrt(np.maximum(self.item_counts, 1)).astype(np.float32)
        blocks = []
        for first in range(0, self.train.n_items, _BLOCK):
            common = (by_item[first : first + _BLOCK] @ self._matrix).tocsr()
            rows = first + np.repeat(np.arange(common.shape[0]), np.diff(common.indptr))
            values = common.data / (lengths[rows] * lengths[common.indices])
            values *= common.data / (common.data + np.float32(self.shrink))
            values[rows == common.indices] = 0
            common.data = values
            blocks.append(_keep_largest(common, self.neighbours))
        return sparse.vstack(blocks).tocsr().T.tocsr()

    def recommend_rows(
        self,
        users: Any = None,
        n: int = 10,
        *,
        exclude_seen: bool = True,
        exclude: Interactions | None = None,
    ) -> tuple[Rows, Floats]:
        """Return rows and scores of the best items for rows of users; see `ItemModel.recommend_rows`."""
        rows, excluded = self._excluded(users, exclude_seen, exclude)
        width = min(checked("n", n, whole(1)), self.train.n_items)
        found, scores = np.empty((len(rows), width), np.int64), np.empty((len(rows), width), np.float32)
        for first in range(0, len(rows), _BLOCK):
            part = slice(first, first + _BLOCK)
            of_all = (self._matrix[rows[part]] @ self._similarities).toarray()
            if excluded is not None:
                offsets, ids = excluded
                sizes = np.diff(offsets[first : first + len(of_all) + 1])
                place = slice(offsets[first], offsets[first + len(of_all)])
                of_all[np.repeat(np.arange(len(of_all)), sizes), ids[place]] = -np.inf
            found[part], scores[part] = _best_of(of_all, width)
        return found, scores


def _keep_largest(matrix: Any, n: int | None) -> Any:
    """Return a sparse matrix (csr) with the n largest values of each row."""
    sizes = np.diff(matrix.indptr)
    if n is not None and sizes.max(initial=0) > n:
        rows = np.repeat(np.arange(len(sizes)), sizes)
        order = np.lexsort((-matrix.data, rows))
        rank = np.arange(len(order)) - np.repeat(matrix.indptr[:-1], sizes)
        matrix.data[order[rank >= n]] = 0
    matrix.eliminate_zeros()
    return matrix


def _best_of(scores: Floats, n: int) -> tuple[Rows, Floats]:
    """Return the columns and values of the n highest scores of each row, best first; -1 and NaN in place of -inf."""
    columns = np.argpartition(-scores, n - 1, axis=1)[:, :n] if n < scores.shape[1] else None
    candidates = (
        np.sort(columns, axis=1)
        if columns is not None
        else np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    )
    values = np.take_along_axis(scores, candidates, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    found = np.take_along_axis(candidates, order, axis=1).astype(np.int64)
    best = np.take_along_axis(values, order, axis=1)
    is_none = np.isneginf(best)
    return np.where(is_none, -1, found), np.where(is_none, np.float32(np.nan), best)
