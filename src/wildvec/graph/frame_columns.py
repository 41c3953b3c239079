"""Which columns of a data frame hold what. In: names of columns, and usual names. Out: a column for each role."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

logger = logging.getLogger(__name__)


def find_columns(labels: Iterable[Any], synonyms: Mapping[str, str]) -> dict[str, Any]:
    """Return {role: label} for the labels that are usual names of roles, in any case.

    synonyms: {usual name in lower case: role}. If several columns have the same role, the one with the role's own
    name is taken, or else the first; a warning is logged.

    >>> find_columns(["Item_ID", "user", "colour"], {"item_id": "item", "user": "user"})
    {'item': 'Item_ID', 'user': 'user'}
    """
    by_role: dict[str, list[Any]] = {}
    for label in labels:
        role = synonyms.get(str(label).casefold())
        if role is not None:
            by_role.setdefault(role, []).append(label)
    found = {}
    for role, given in by_role.items():
        found[role] = role if role in given else given[0]
        if len(given) > 1:
            others = ", ".join(repr(label) for label in given if label != found[role])
            logger.warning("the column %r is taken as the %s; not used: %s", found[role], role, others)
    return found


def are_numbered(labels: Iterable[Any]) -> bool:
    """Return whether labels are numbers, or the names that polars gives to columns without a name.

    >>> are_numbered([0, 1]), are_numbered(["column_1", "column_2"]), are_numbered(["a", "b"])
    (True, True, False)
    """
    return all(not isinstance(label, str) or re.fullmatch(r"column_\d+", label) for label in labels)
