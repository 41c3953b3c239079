"""Groups of items for measures by popularity. In: a number of groups or a dict. Out: the group of each item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, whole
from wildvec.base.keys import Key

_NAMES = {1: ["all"], 2: ["head", "tail"], 3: ["head", "middle", "tail"]}


@dataclass(frozen=True)
class ItemGroups:
    """Names of groups, and int64 (items,): the number of each item's group, -1 for none."""

    names: list[str]
    of_item: NDArray[np.int64]


def make_groups(groups: Any, items: Sequence[Key], counts: NDArray[np.int64]) -> ItemGroups:
    """Return groups of items: by popularity for a number of groups, or those of a dict {item: name}.

    counts: int64 (items,), the interactions of each item in training. Of equal counts, the item with the lower row
    comes first. Items that a dict does not name are in no group.

    >>> make_groups(2, list("abcd"), np.array([1, 6, 3, 2])).of_item.tolist()
    [1, 0, 1, 1]
    """
    if isinstance(groups, Mapping):
        rows = {item: row for row, item in enumerate(items)}
        unknown = [item for item in groups if item not in rows]
        if unknown:
            raise ValueError(f"groups: there is no item {unknown[0]!r:.60}")
        names = {name: number for number, name in enumerate(dict.fromkeys(groups.values()))}
        of_item = np.full(len(items), -1, np.int64)
        for item, name in groups.items():
            of_item[rows[item]] = names[name]
        return ItemGroups([str(name) for name in names], of_item)
    n = checked("groups", groups, whole(1, len(items)))
    order = np.argsort(-counts, kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    of_item = np.empty(len(items), np.int64)
    of_item[order] = np.minimum(before * n // max(1, int(counts.sum())), n - 1)
    return ItemGroups(_NAMES.get(n) or [f"popularity {i + 1} of {n}" for i in range(n)], of_item)
