"""Labels of texts as users give them. In: one label or a list of labels for each text. Out: lists, ids, counts."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from wildvec.base.ragged import Ragged

Label = str | int | float | bool
Labels = Iterable[Label | Iterable[Label]]
Ids = NDArray[np.int32]
logger = logging.getLogger(__name__)

MOST_NAMED = 5  # labels in a warning
MISSING = ("NoneType", "NAType", "NaTType")


def array_of_labels(labels: Sequence[Label]) -> NDArray[Any]:
    """Return labels as an array; of objects if they are str and numbers.

    >>> array_of_labels(["a", 1]).tolist()
    ['a', 1]
    """
    kinds = {type(label) for label in labels}
    return np.array(labels, None if len(kinds) == 1 else object)


def lists_of_labels(labels: Labels, n_texts: int) -> list[list[Label]]:
    """Return a list of labels for each text; errors name the text."""
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        raise TypeError(
            f"labels={labels!r:.60}: give a list with one label, or a list of labels, for each text"
        )
    lists = [
        [_label(label, number) for label in given] if _is_list(given) else [_label(given, number)]
        for number, given in enumerate(labels)
    ]
    if len(lists) != n_texts:
        raise ValueError(
            f"{len(lists)} labels for {n_texts} texts; give one, or a list of labels, for each text"
        )
    return lists


def _is_list(given: Any) -> TypeGuard[Iterable[Label]]:
    return isinstance(given, (list, tuple, set, frozenset)) or (
        isinstance(given, np.ndarray) and given.ndim == 1
    )


def _label(label: Any, number: int) -> Label:
    plain = label.item() if isinstance(label, np.generic) else label
    if isinstance(plain, Label) and plain == plain:
        return plain
    if type(plain).__name__ in MISSING or isinstance(plain, float):
        raise TypeError(
            f"the label of text {number} is missing ({label!r}); leave the text out, or give [] for none"
        )
    raise TypeError(f"label {label!r} of text {number} is {type(label).__name__}; give a str or a number")


def encode_labels(
    lists: list[list[Label]], min_count: int
) -> tuple[list[Label], list[int], Ids, NDArray[np.int64]]:
    """Return the labels, most frequent first, their counts, and the label ids of each text."""
    counts = Counter(label for labels in lists for label in labels)
    kept = [(label, n) for label, n in counts.most_common() if n >= min_count]
    ids = {label: i for i, (label, _) in enumerate(kept)}
    encoded = [[ids[label] for label in labels if label in ids] for labels in lists]
    offsets = np.concatenate([[0], np.cumsum([len(of_text) for of_text in encoded])]).astype(np.int64)
    flat = np.array([label for of_text in encoded for label in of_text], np.int32)
    return [label for label, _ in kept], [n for _, n in kept], flat, offsets


def encode_with_known(lists: Iterable[Sequence[Any]], known: Sequence[Any]) -> tuple[list[Any], Ragged]:
    """Return the known labels and then all others, and the label ids of each text.

    >>> encode_with_known([["b"], ["x", "a"]], ["a", "b"])[0]
    ['a', 'b', 'x']
    """
    ids = {label: i for i, label in enumerate(known)}
    encoded = [[ids.setdefault(label, len(ids)) for label in of_text] for of_text in lists]
    return list(ids), ragged_of(encoded)


def ragged_of(lists: Sequence[Sequence[int]]) -> Ragged:
    """Return lists of ids as flat arrays."""
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in lists])]).astype(np.int64)
    return Ragged(np.array([i for ids in lists for i in ids], np.int64), offsets)


def warn_of_unknown(labels: Iterable[Label]) -> None:
    """Warn of labels that no text of the training had, so that they cannot be predicted."""
    unknown = sorted(map(repr, labels))
    if unknown:
        more = ", …" if len(unknown) > MOST_NAMED else ""
        logger.warning(
            "labels that do not occur in training count as missed: %s",
            ", ".join(unknown[:MOST_NAMED]) + more,
        )
