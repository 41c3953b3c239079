"""Ranking of held-out items over the whole catalogue: Recall, NDCG, HitRate, MAP and MRR at k.

This is the protocol of the published tables (LightGCN, SimpleX, BSL): each user's items of the training are left out,
all other items are ranked, and a measure is the mean over the users with test items.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key
from wildvec.base.progress import progress_bar
from wildvec.evaluate.popularity_groups import ItemGroups, make_groups
from wildvec.evaluate.ranking_metrics import GroupMeasures, Hits, measure_groups, measure_users
from wildvec.interactions.interactions import Interactions, as_interactions

logger = logging.getLogger(__name__)

_BLOCK = 4096  # users whose recommendations are in memory at once


class Ranker(Protocol):
    """What `ranking` needs, besides the keys of users and items: an ItemModel, `Popularity` or `ItemCosine`.

    The keys are `uv.index_to_key` and `wv.index_to_key` of a model, or else the attributes `users` and `items`.
    """

    def recommend_rows(
        self,
        users: NDArray[np.int64],
        n: int,
        *,
        exclude_seen: bool = ...,
        exclude: Interactions | None = ...,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return rows and scores of the best items (users, n), best first; rows of -1 at the end where there is none.

        exclude_seen: leave out the items of each user's training; exclude: leave out these interactions instead.
        """


@dataclass(frozen=True, repr=False)
class RankingResult:
    """The result of `ranking` for one k. All measures are means over the users with test items.

    Attributes:
        k: The number of recommended items.
        recall: The part of a user's test items among the first k.
        precision: The part of the first k that is test items.
        ndcg: The sum of 1 / log2(rank + 1) of the hits, divided by the sum for min(k, test items) hits at the top.
        hit_rate: The part of the users with at least one hit.
        map: Mean average precision: the mean of the precisions at the ranks of hits, with 0 for missed test items;
            divided by min(k, number of test items).
        mrr: 1 / rank of the first hit, 0 without one.
        coverage: The part of all items that is recommended to at least one of these users.
        n_users: The number of users with test items.
        n_unknown: The number of test interactions whose user or item the model does not have; they are left out.
        groups: Recall and more by group of items; empty without `groups`.
    """

    k: int
    recall: float
    precision: float
    ndcg: float
    hit_rate: float
    map: float
    mrr: float
    coverage: float
    n_users: int
    n_unknown: int
    groups: dict[str, GroupMeasures] = field(default_factory=dict)

    def __repr__(self) -> str:
        values = vars(self).items()
        texts = (
            f"{name}={value:.4f}" if isinstance(value, float) else f"{name}={value!r}"
            for name, value in values
        )
        return f"{type(self).__name__}({', '.join(texts)})"

    def __str__(self) -> str:
        k = self.k
        first = (
            f"{self.n_users:,} users: Recall@{k} {self.recall:.4f}, NDCG@{k} {self.ndcg:.4f}, HitRate@{k} "
            f"{self.hit_rate:.4f}, MAP@{k} {self.map:.4f}, MRR@{k} {self.mrr:.4f}, coverage {self.coverage:.1%}"
        )
        return "\n".join([first, *(f"  {name}: {group}" for name, group in self.groups.items())])


@overload
def ranking(
    model: Ranker, test: Any, *, k: int = ..., train: Any = ..., groups: Any = ...
) -> RankingResult: ...
@overload
def ranking(
    model: Ranker, test: Any, *, k: Sequence[int], train: Any = ..., groups: Any = ...
) -> dict[int, RankingResult]: ...


def ranking(
    model: Ranker, test: Any, *, k: int | Sequence[int] = 20, train: Any = None, groups: Any = None
) -> RankingResult | dict[int, RankingResult]:
    """Rank all items for each user with test items, and measure where the test items are.

    Args:
        model: A model of users and items, or a baseline: `Popularity`, `ItemCosine`.
        test: The held-out Interactions, or anything that Interactions takes.
        k: The number of recommended items, or several such numbers.
        train: Interactions that are left out of the recommendations; None: those that the model was trained on. A
            test interaction that is among them can never be a hit.
        groups: Also measure by group of items. A number of groups: items by popularity in training, most popular
            first, so that the groups have about equally many training interactions each (3: "head", "middle",
            "tail"); or {item: name of its group}.

    Returns:
        The result; a dict from each k to its result for several k.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: k or groups is out of range; no interaction of the test, or of `train`, has a user and an item of
            the model; or the model does not keep its training interactions, and `train` is missing.

    >>> from wildvec import Interactions
    >>> from wildvec.evaluate import Popularity
    >>> train = Interactions([(1, "tea"), (1, "milk"), (2, "tea"), (3, "tea"), (3, "milk"), (3, "jam")])
    >>> print(ranking(Popularity(train), Interactions([(2, "milk"), (1, "jam")]), k=1))
    2 users: Recall@1 1.0000, NDCG@1 1.0000, HitRate@1 1.0000, MAP@1 1.0000, MRR@1 1.0000, coverage 66.7%
    """
    several = isinstance(k, (Sequence, np.ndarray))
    ks = [checked("k", value, whole(1)) for value in (k if several else [k])]  # type: ignore[union-attr]
    if not ks:
        raise ValueError("k=[]: give at least one number")
    if not hasattr(model, "recommend_rows"):
        raise TypeError(
            f"{type(model).__name__} has no method recommend_rows; give a model of users and items"
        )
    users, items = keys_of(model)
    given = as_interactions(test)
    held_out = _aligned(given, users, items)
    rows = np.flatnonzero(np.diff(held_out.offsets))
    if not len(rows):
        raise ValueError(f"test={given!r}: no interaction has a user and an item of the model")
    exclude = _excluded(model, train, users, items)
    chosen = None if groups is None else make_groups(groups, items, _item_counts(model, exclude))
    _warn_of_seen(model, held_out, exclude)
    hits = _find_hits(model, held_out, rows, max(ks), exclude)
    n_unknown = len(given) - len(held_out)
    results = {value: _result(hits.at(value), len(items), n_unknown, chosen) for value in ks}
    return results if several else results[ks[0]]


def _excluded(model: Any, train: Any, users: list[Key], items: list[Key]) -> Interactions | None:
    """Return the interactions that are left out; None: those that the model keeps."""
    if train is None:
        if not getattr(model, "keep_seen", True):
            raise ValueError(
                "the model does not keep its training interactions (keep_seen=False); give train=interactions"
            )
        return None
    given = as_interactions(train)
    aligned = _aligned(given, users, items)
    if len(given) and not len(aligned):
        raise ValueError(f"train={given!r}: no interaction has a user and an item of the model")
    return aligned


def _warn_of_seen(model: Any, held_out: Interactions, exclude: Interactions | None) -> None:
    """Log a warning if test interactions are among those that are left out."""
    own = getattr(model, "_seen", None) or getattr(model, "train", None)
    left_out = exclude if exclude is not None else own
    if left_out is None:
        return
    ids = left_out.item_ids if isinstance(left_out, Interactions) else left_out.ids
    codes = _codes(held_out.offsets, held_out.item_ids, held_out.n_items)
    n_seen = np.isin(codes, _codes(left_out.offsets, ids, held_out.n_items), assume_unique=True).sum()
    if n_seen:
        logger.warning(
            "%d of %d test interactions are in the training, whose items are left out, so they cannot be hits; test "
            "on held-out interactions (Interactions.split), or give train=[] to leave out nothing",
            n_seen,
            len(codes),
        )


def _codes(offsets: NDArray[np.int64], items: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    """Return user * n_items + item of each interaction: ascending numbers."""
    users = np.repeat(np.arange(len(offsets) - 1, dtype=np.int64), np.diff(offsets))
    return users * n_items + items


def keys_of(model: Any) -> tuple[list[Key], list[Key]]:
    """Return the keys of users and items in the order of the model's rows."""
    if hasattr(model, "uv") and hasattr(model, "wv"):
        return model.uv.index_to_key, model.wv.index_to_key
    return model.users, model.items


def _aligned(data: Interactions, users: list[Key], items: list[Key]) -> Interactions:
    return data if (data.users, data.items) == (users, items) else data.reindex(users, items)


def _item_counts(model: Any, train: Interactions | None) -> NDArray[np.int64]:
    """Return how often each item occurs in training."""
    if train is not None:
        return train.item_counts
    counts = model.vocab.counts if hasattr(model, "vocab") else model.item_counts
    return np.asarray(counts, np.int64)


def _find_hits(
    model: Ranker, held_out: Interactions, rows: NDArray[np.int64], k: int, exclude: Interactions | None
) -> Hits:
    """Return which recommendations are test items."""
    n_items = held_out.n_items
    codes = _codes(held_out.offsets, held_out.item_ids, n_items)
    shape = len(rows), min(k, n_items)
    found, is_hit = np.empty(shape, np.int32), np.empty(shape, np.bool_)
    options: dict[str, Any] = {} if exclude is None else {"exclude": exclude}
    with progress_bar(len(rows), "ranking", "user") as bar:
        for first in range(0, len(rows), _BLOCK):
            block = rows[first : first + _BLOCK]
            part = slice(first, first + len(block))
            found[part] = model.recommend_rows(block, k, **options)[0]
            wanted = block[:, None] * n_items + found[part]
            places = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
            is_hit[part] = (codes[places] == wanted) & (found[part] >= 0)
            bar.update(len(block))
    sizes = np.diff(held_out.offsets)[rows]
    of_user = np.repeat(np.arange(len(rows)), sizes)
    return Hits(k, found, is_hit, sizes, of_user, held_out.item_ids)


def _result(hits: Hits, n_items: int, n_unknown: int, groups: ItemGroups | None) -> RankingResult:
    means = {name: float(values.mean()) for name, values in measure_users(hits).items()}
    recommended = np.bincount(hits.rows[hits.rows >= 0], minlength=n_items)
    by_group = {} if groups is None else measure_groups(hits, groups)
    return RankingResult(
        hits.k,
        **means,
        coverage=float(np.count_nonzero(recommended) / n_items),
        n_users=len(hits.rows),
        n_unknown=n_unknown,
        groups=by_group,
    )
