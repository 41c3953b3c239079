"""Rules of a user that decide which words a vocabulary keeps, as in gensim.

In: a function, words and counts. Out: which words are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key

# What a rule returns for a word; the values are gensim's.
RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2

TrimRule: TypeAlias = Callable[[Key, int, int], int]


def apply_rule(
    rule: TrimRule, keys: Iterable[Key], counts: NDArray[np.int64], min_count: int
) -> NDArray[np.bool_]:
    """Return whether each key is kept. rule: a function of (key, count, min_count).

    Raises:
        ValueError: The rule returns something else than one of the three constants.

    >>> def no_digits(word, count, min_count):
    ...     return RULE_DISCARD if word.isdigit() else RULE_DEFAULT
    >>> apply_rule(no_digits, ["7", "seven", "rare"], np.array([9, 9, 1]), 5).tolist()
    [False, True, False]
    """
    kept = counts >= min_count
    for i, (key, count) in enumerate(zip(keys, counts.tolist(), strict=True)):
        decision = rule(key, count, min_count)
        if decision == RULE_KEEP:
            kept[i] = True
        elif decision == RULE_DISCARD:
            kept[i] = False
        elif decision != RULE_DEFAULT:
            raise ValueError(
                f"trim_rule returned {decision!r} for {key!r}: return RULE_KEEP, RULE_DISCARD or RULE_DEFAULT"
            )
    return kept
