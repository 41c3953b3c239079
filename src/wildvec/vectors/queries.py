"""Arguments of the methods of KeyedVectors, and results of a search.

In: keys, vectors and weights as a user passes them. Out: checked lists. The result of a search, row
numbers and scores, becomes pairs (key, score).

>>> split_weights(["king", ("woman", 0.5)], "man", None)
(['king', 'woman', 'man'], array([ 1. ,  0.5, -1. ]))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypedDict, TypeGuard, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.checks import whole
from wildvec.base.keys import Key
from wildvec.vectors import search

Vector: TypeAlias = NDArray[Any]
Scores: TypeAlias = NDArray[np.float32]
Scored: TypeAlias = list[tuple[Key, float]]
Item: TypeAlias = Key | Vector | tuple[Key | Vector, float]
Items: TypeAlias = Key | Vector | Iterable[Item] | None

T = TypeVar("T")

KEY_TYPES = (str, int, np.integer)
TOPN = whole(0)
TOPN_OR_ALL = whole(0, none="the scores of all rows")
ROW = whole(none="the end")


class Limits(TypedDict, total=False):
    """The options that limit a search; `KeyedVectors.most_similar` describes them."""

    clip_start: int
    clip_end: int | None
    restrict_vocab: int | None
    restrict: Iterable[Key] | None
    workers: int | None


def is_key(item: object) -> TypeGuard[Key]:
    """Return whether the item has the type of a key."""
    return isinstance(item, KEY_TYPES)


def check_key(item: object) -> Key:
    """Return a key as it is; TypeError for anything else.

    >>> check_key(b"king")
    Traceback (most recent call last):
    TypeError: b'king' is bytes, not a key; decode it to a str
    """
    if is_key(item):
        return item
    if isinstance(item, np.ndarray) and item.ndim == 0 and is_key(item.item()):
        return check_key(item.item())
    remedy = "decode it to a str" if isinstance(item, bytes) else "give a str or an int"
    raise TypeError(f"{_short(item)} is {_type_name(item)}, not a key; {remedy}")


def check_keys(name: str, keys: Key | Iterable[Key]) -> list[Key]:
    """Return a list of keys; TypeError for anything else, and for a single key.

    >>> check_keys("others", np.array(["a", "b"]))
    ['a', 'b']
    >>> check_keys("others", "a b")
    Traceback (most recent call last):
    TypeError: others='a b' is one key; give a list of keys, such as ['a', 'b']
    """
    return [check_key(key) for key in check_list(name, keys)]


def check_some(name: str, items: list[T]) -> list[T]:
    """Return the items; ValueError if there are none."""
    if not items:
        raise ValueError(f"no {name}; give at least one")
    return items


def check_items(name: str, items: Items) -> list[Item]:
    """Return a list of keys, vectors and weighted pairs for one of them, several of them or None.

    An array of floats (dim,) is a vector. An array of str or int (n,) holds keys. An array of numbers
    (n, dim) holds vectors.

    >>> check_items("positive", np.array([7, 3])), check_items("positive", None)
    ([7, 3], [])
    """
    if items is None:
        return []
    if is_key(items) or isinstance(items, bytes):
        return [check_key(items)]
    if isinstance(items, np.ndarray) and items.ndim == 1 and items.dtype.kind == "f":
        return [items]
    return check_list(name, items)


def check_list(name: str, items: Any) -> list[Any]:
    """Return the elements of an iterable that is not a single key; TypeError for anything else."""
    if isinstance(items, np.ndarray) and items.ndim == 2 and items.dtype.kind in "iu":
        items = items.astype(np.float64)  # rows of whole numbers are vectors, not keys
    elif isinstance(items, np.ndarray) and items.ndim < 2:
        items = np.atleast_1d(items).tolist()
    if isinstance(items, bytes):
        check_key(items)  # raises TypeError
    if is_key(items):
        example = items.split() if isinstance(items, str) else [items]
        raise TypeError(f"{name}={items!r} is one key; give a list of keys, such as {example!r}")
    if not isinstance(items, Iterable):
        raise TypeError(f"{name}={_short(items)} is {_type_name(items)}; give a list")
    return list(items)


def check_vector(item: object, size: int) -> Vector:
    """Return a vector of `size` numbers; TypeError or ValueError for anything else."""
    try:
        vector = np.asarray(item)
    except ValueError:  # rows of different lengths
        vector = np.asarray(None)
    if vector.ndim == 0 or vector.dtype.kind not in "fiu":
        raise TypeError(
            f"{_short(item)} is {_type_name(item)}, not a key or vector; give a str, an int, or a vector of "
            f"{size} numbers"
        )
    if vector.shape != (size,):
        raise ValueError(f"vector of shape {vector.shape}; give one of shape {(size,)}")
    if not np.isfinite(vector).all():
        raise ValueError(f"vector {_short(vector)} holds nan or inf; give finite numbers")
    return vector


def check_same_length(a_name: str, a: Any, b_name: str, b: Any) -> None:
    """Raise ValueError unless both have the same length."""
    if len(a) != len(b):
        raise ValueError(f"{len(a)} {a_name} but {len(b)} {b_name}; give the same number of both")


def split_weights(
    positive: Items, negative: Items, weights: ArrayLike | None
) -> tuple[list[Key | Vector], NDArray[np.float64]]:
    """Return the keys and vectors, positive ones first, and the weight of each.

    Without a weight it is 1 for a positive and -1 for a negative item.
    """
    positives, negatives = check_items("positive", positive), check_items("negative", negative)
    items = positives + negatives
    if not items:
        raise ValueError("no input; give at least one key or vector")
    factors = np.repeat([1.0, -1.0], [len(positives), len(negatives)])
    bare: list[Key | Vector] = []
    for position, item in enumerate(items):
        if isinstance(item, tuple):
            if len(item) != 2:
                raise ValueError(f"{_short(item)} has {len(item)} elements; give (key or vector, weight)")
            item, weight = item
            factors[position] = _check_weight(weight)
        bare.append(item)
    if weights is not None:
        factors = check_weights(weights, len(items))
    return bare, factors


def check_weights(weights: ArrayLike, n: int) -> NDArray[np.float64]:
    """Return n weights as an array; ValueError for another number of them or for nan or inf."""
    factors = np.asarray(weights, dtype=np.float64)
    if factors.shape != (n,) or not np.isfinite(factors).all():
        raise ValueError(f"weights={_short(weights)}; give {n} finite numbers, one for each key or vector")
    return factors


def _check_weight(weight: Any) -> float:
    if not isinstance(weight, (float, int, np.number)) or not np.isfinite(weight):
        raise ValueError(f"weight {_short(weight)} of a pair (key or vector, weight); give a finite number")
    return float(weight)


def compute_mean(
    vectors: Vector, weights: NDArray[np.float64], pre_normalize: bool, post_normalize: bool
) -> Vector:
    """Return the weighted mean (dim,) of rows; the divisor is the sum of the absolute weights."""
    total = weights @ (search.unit(vectors) if pre_normalize else vectors)
    result: Vector = total / (np.abs(weights).sum() or 1)
    return search.unit(result[None])[0] if post_normalize else result


def find_nearest(
    keys: Sequence[Key],
    matrix: Vector,
    queries: Vector,
    excluded: Sequence[set[int]],
    topn: int,
    limits: dict[str, Any],
    workers: int | None,
) -> list[Scored]:
    """Return, for each query (n, dim), the topn nearest keys without the rows excluded for that query.

    limits: start, stop and rows, as in `search.top_k`.
    """
    if topn < 1 or not len(queries) or not len(keys):
        return [[] for _ in queries]
    k = topn + max(map(len, excluded))
    found, scores = search.top_k(queries, matrix, k, workers=workers, **limits)
    results = zip(excluded, found.tolist(), scores.tolist(), strict=True)
    return [_name_rows(keys, rows, best, out, topn) for out, rows, best in results]


def find_largest(
    keys: Sequence[Key], scores: Scores, excluded: set[int], topn: int, limits: dict[str, Any]
) -> Scored:
    """Return the keys of the topn largest scores (n,) without the rows excluded.

    limits: the rows that have a score, as in `find_nearest`.
    """
    rows = limits.get("rows", range(*slice(limits.get("start"), limits.get("stop")).indices(len(keys))))
    positions, best = search.top_of(scores, topn + len(excluded) if topn > 0 else 0)
    return _name_rows(keys, [int(rows[i]) for i in positions.tolist()], best.tolist(), excluded, max(topn, 0))


def _name_rows(
    keys: Sequence[Key], rows: list[int], scores: list[float], excluded: set[int], topn: int
) -> Scored:
    """Return (key, score) of the first topn rows that are not excluded; row -1 means none."""
    found = zip(rows, scores, strict=True)
    return [(keys[row], score) for row, score in found if row >= 0 and row not in excluded][:topn]


def _type_name(item: object) -> str:
    return "None" if item is None else type(item).__name__


def _short(item: object) -> str:
    """Return the repr of a value for a message, at most 60 characters of it."""
    text = repr(item)
    return text if len(text) <= 60 else text[:60] + "…"
