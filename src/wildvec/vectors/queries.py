"""What a user asks and is answered with: keys, vectors and weights to one query; rows found back to keys.

>>> weighted(["king", ("woman", 0.5)], "man", None)
(['king', 'woman', 'man'], array([ 1. ,  0.5, -1. ]))
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypeGuard, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.keys import Key
from wildvec.vectors import search

Vector: TypeAlias = NDArray[Any]
Scored: TypeAlias = list[tuple[Key, float]]
Item: TypeAlias = Key | Vector | tuple[Key | Vector, float]
Items: TypeAlias = Key | Vector | Iterable[Item] | None

KEY_TYPES = (str, int, np.integer)


def is_key(item: object) -> TypeGuard[Key]:
    """Whether it is of a key's type."""
    return isinstance(item, KEY_TYPES)


def same_length(a_name: str, a: Any, b_name: str, b: Any) -> None:
    """Raise ValueError unless there is one of `b` for each of `a`."""
    if len(a) != len(b):
        raise ValueError(f"{len(a)} {a_name} but {len(b)} {b_name}; wanted one for one")


def some(keys: Sequence[Key], name: str) -> Sequence[Key]:
    """Return the keys; ValueError if there are none."""
    if len(keys) == 0:
        raise ValueError(f"no {name}; at least one is needed")
    return keys


def listed(items: Items) -> list[Item]:
    """Return a list of items from what stands for one: a key, a vector, a matrix, None."""
    if items is None:
        return []
    if is_key(items) or (isinstance(items, np.ndarray) and items.ndim == 1):
        return [items]
    return list(cast("Iterable[Item]", items))


def weighted(
    positive: Items, negative: Items, weights: ArrayLike | None
) -> tuple[list[Key | Vector], NDArray[np.float64]]:
    """Split the items into keys or vectors and their weights, 1 or -1 where none is given."""
    positives, negatives = listed(positive), listed(negative)
    items = positives + negatives
    if not items:
        raise ValueError("no input; give at least one key or vector")
    factors = np.repeat([1.0, -1.0], [len(positives), len(negatives)])
    bare: list[Key | Vector] = []
    for place, item in enumerate(items):
        if isinstance(item, tuple):
            item, factors[place] = item
        bare.append(item)
    if weights is not None:
        factors = np.asarray(weights, dtype=np.float64)
        same_length("keys and vectors", items, "weights", factors)
    return bare, factors


def mean(vectors: Vector, weights: NDArray[np.float64], pre_normalize: bool, post_normalize: bool) -> Vector:
    """The weighted mean (dim,) of rows; the divisor is the sum of the weights' absolute values."""
    total = weights @ (search.unit(vectors) if pre_normalize else vectors)
    result: Vector = total / (np.abs(weights).sum() or 1)
    return search.unit(result[None])[0] if post_normalize else result


def nearest(
    keys: Sequence[Key],
    matrix: Vector,
    queries: Vector,
    given: Sequence[set[int]],
    topn: int,
    limits: dict[str, Any],
    workers: int | None,
) -> list[Scored]:
    """Answer each query with the topn best rows that are not among those given for it.

    limits: start, stop and rows, as `search.top_k` takes them.
    """
    topn = operator.index(topn)
    if topn < 1 or not len(queries) or not len(keys):
        return [[] for _ in queries]
    most = topn + max(map(len, given))
    found, scores = search.top_k(queries, matrix, most, workers=workers, **limits)
    answers = zip(given, found.tolist(), scores.tolist(), strict=True)
    return [_named(keys, rows, best, out, topn) for out, rows, best in answers]


def best_of(
    keys: Sequence[Key], scores: NDArray[np.float32], given: set[int], topn: int, limits: dict[str, Any]
) -> Scored:
    """Name the topn best of scores (n,) of the rows that `limits` bound, without the rows given."""
    topn = max(operator.index(topn), 0)
    rows = limits.get("rows", range(*slice(limits.get("start"), limits.get("stop")).indices(len(keys))))
    places, best = search.top_of(scores, topn + len(given) if topn else 0)
    return _named(keys, [int(rows[place]) for place in places.tolist()], best.tolist(), given, topn)


def _named(keys: Sequence[Key], rows: list[int], scores: list[float], given: set[int], topn: int) -> Scored:
    """The first topn rows with their keys; -1, which stands where none ranks, and those given are left out."""
    ranked = zip(rows, scores, strict=True)
    return [(keys[row], score) for row, score in ranked if row >= 0 and row not in given][:topn]
