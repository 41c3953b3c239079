"""Parts of interactions for training and for tests. In: flat arrays. Out: which interactions are held out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, choice, number, whole

METHODS = ("random", "time", "last", "one")
Mask = NDArray[np.bool_]


def choose_held_out(
    offsets: NDArray[np.int64], times: NDArray[np.float64] | None, fraction: float, seed: int, by: str
) -> Mask:
    """Return a mask (interactions,) of those that are held out; see `Interactions.split`."""
    by = checked("by", by, choice(*METHODS))
    fraction = checked("fraction", fraction, number(0, 1))
    seed = checked("seed", seed, whole(-(2**63)))
    if by in ("time", "last") and times is None:
        raise ValueError(f"by={by!r} needs times; give times, or by='random' or by='one'")
    sizes = np.diff(offsets)
    if by == "random":
        wanted = np.minimum(np.floor(sizes * fraction + 0.5).astype(np.int64), np.maximum(sizes - 1, 0))
        return _last_of_each(
            offsets, _draw(len(times) if times is not None else int(offsets[-1]), seed), wanted
        )
    if by == "time":
        assert times is not None
        n_held_out = math.floor(len(times) * fraction + 0.5)
        mask = np.zeros(len(times), bool)
        mask[np.argsort(times, kind="stable")[len(times) - n_held_out :]] = True
        return mask
    order = _draw(int(offsets[-1]), seed) if times is None or by == "one" else times
    return _last_of_each(offsets, order, np.minimum(np.maximum(sizes - 1, 0), 1))


def _draw(n: int, seed: int) -> NDArray[np.float64]:
    return np.random.Generator(np.random.PCG64(seed % 2**64)).random(n)


def _last_of_each(offsets: NDArray[np.int64], order: NDArray[np.float64], wanted: NDArray[np.int64]) -> Mask:
    """Return a mask of the `wanted[i]` interactions of user i that come last in an order."""
    sizes = np.diff(offsets)
    user = np.repeat(np.arange(len(sizes)), sizes)
    sorted_places = np.lexsort((order, user))
    rank_from_end = np.repeat(offsets[1:], sizes) - np.arange(len(order)) - 1
    mask = np.zeros(len(order), bool)
    mask[sorted_places[rank_from_end < np.repeat(wanted, sizes)]] = True
    return mask
