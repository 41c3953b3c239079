"""Measures of rankings. In: recommended rows and which are hits. Out: a value for each user or group of items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.evaluate.popularity_groups import ItemGroups

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Hits:
    """The recommendations of users with test items.

    Attributes: `k`; `rows`, int32 (users, at most k), the recommended items, -1 where there are fewer; `is_hit`, bool
    of the same shape; `n_test`, int64 (users,), the number of test items of each user; `test_users` and `test_items`,
    (tests,), the user, from 0, and the item of each test interaction.
    """

    k: int
    rows: NDArray[np.int32]
    is_hit: NDArray[np.bool_]
    n_test: NDArray[np.int64]
    test_users: NDArray[np.int64]
    test_items: NDArray[np.int32]

    def at(self, k: int) -> Hits:
        """Return the first k recommendations."""
        return replace(self, k=k, rows=self.rows[:, :k], is_hit=self.is_hit[:, :k])


@dataclass(frozen=True)
class GroupMeasures:
    """Measures of one group of items.

    Attributes: `n_items`, its items; `n_test`, its test interactions; `recall`, the mean, over the users with
    test items in the group, of the part of these that is recommended, NaN without such users; `recommended`, its part
    of all recommendations; `coverage`, the part of its items that is recommended to at least one user.
    """

    n_items: int
    n_test: int
    recall: float
    recommended: float
    coverage: float

    def __str__(self) -> str:
        return (
            f"{self.n_items:,} items, {self.n_test:,} test interactions: recall {self.recall:.4f}, "
            f"{self.recommended:.1%} of recommendations, coverage {self.coverage:.1%}"
        )


def measure_users(hits: Hits) -> dict[str, Floats]:
    """Return recall, precision, NDCG, hit rate, average precision and reciprocal rank of each user, float64 (users,).

    >>> found = np.array([[True, False, True]])
    >>> hits = Hits(3, np.array([[5, 6, 7]], np.int32), found, np.array([2]), np.zeros(2, int), np.array([5, 7]))
    >>> {name: round(float(values[0]), 3) for name, values in measure_users(hits).items()}
    {'recall': 1.0, 'precision': 0.667, 'ndcg': 0.92, 'hit_rate': 1.0, 'map': 0.833, 'mrr': 1.0}
    """
    is_hit, k = hits.is_hit, hits.k
    ranks = np.arange(1, is_hit.shape[1] + 1)
    gains = 1 / np.log2(ranks + 1)
    best_gains = np.cumsum(1 / np.log2(np.arange(2, k + 2)))
    most = np.minimum(hits.n_test, k)
    n_hits = is_hit.sum(axis=1)
    return {
        "recall": n_hits / hits.n_test,
        "precision": n_hits / k,
        "ndcg": is_hit @ gains / best_gains[most - 1],
        "hit_rate": (n_hits > 0).astype(np.float64),
        "map": (np.cumsum(is_hit, axis=1) * is_hit / ranks).sum(axis=1) / most,
        "mrr": (is_hit / ranks).max(axis=1, initial=0),
    }


def measure_groups(hits: Hits, groups: ItemGroups) -> dict[str, GroupMeasures]:
    """Return the measures of each group of items by its name."""
    n_users = len(hits.rows)
    recommended = np.bincount(hits.rows[hits.rows >= 0], minlength=len(groups.of_item))
    n_recommended = max(1, int(recommended.sum()))
    hit_users, columns = np.nonzero(hits.is_hit)
    hit_items = hits.rows[hit_users, columns]
    measures = {}
    for number, name in enumerate(groups.names):
        inside = groups.of_item == number
        in_test, in_hits = inside[hits.test_items], inside[hit_items]
        n_test = np.bincount(hits.test_users[in_test], minlength=n_users)
        n_hits = np.bincount(hit_users[in_hits], minlength=n_users)
        measures[name] = GroupMeasures(
            n_items=int(inside.sum()),
            n_test=int(n_test.sum()),
            recall=_mean(n_hits[n_test > 0] / n_test[n_test > 0]),
            recommended=int(recommended[inside].sum()) / n_recommended,
            coverage=_mean(recommended[inside] > 0),
        )
    return measures


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")
