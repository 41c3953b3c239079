"""Units that are held out of training, to measure the loss on them. In: numbers and a seed. Out: chunks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Units = NDArray[np.int64]  # numbers of units, ascending
Chunks = NDArray[np.int64]  # (n, 2): first unit and end of each chunk
SPLIT_ADVICE = "split the data into smaller units"


def split_held_out(n_units: int, fraction: float, seed: int, split_advice: str = SPLIT_ADVICE) -> Units:
    """Return the numbers of the units to hold out: at least one, unless fraction is 0.

    The units are divided into runs of equal length, and one is drawn from each run. The same arguments give the
    same units. split_advice: how to get more units, for the error message.

    Raises:
        ValueError: There is only one unit, so none would be left to train.

    >>> split_held_out(1000, 0.005, seed=1) // 200
    array([0, 1, 2, 3, 4])
    >>> split_held_out(1000, 0, seed=1)
    array([], dtype=int64)
    """
    if not fraction:
        return np.empty(0, dtype=np.int64)
    if n_units < 2:
        raise ValueError(
            f"held_out={fraction}: the data is only one unit, so nothing would be left to train on; give more data, "
            f"or {split_advice}"
        )
    n = max(1, round(fraction * n_units))
    starts = np.arange(n + 1) * n_units // n
    draws = np.random.PCG64(seed).random_raw(n) >> np.uint64(32)  # the same in every version of numpy
    return starts[:-1] + (draws.astype(np.int64) * np.diff(starts) >> 32)


def chunks_to_train(bounds: NDArray[np.int64], held_out: Units) -> Chunks:
    """Return the chunks without the units held out; a chunk that contains such units is cut at them.

    bounds: first unit of each chunk, and the end of the last one.

    >>> chunks_to_train(np.array([0, 4, 8]), np.array([1, 2, 7])).tolist()
    [[0, 1], [3, 4], [4, 7]]
    """
    cuts = np.unique(np.concatenate([bounds, held_out, held_out + 1]))
    pieces = np.stack([cuts[:-1], cuts[1:]], axis=1)
    return np.ascontiguousarray(pieces[~np.isin(pieces[:, 0], held_out)])


def chunks_to_measure(held_out: Units) -> Chunks:
    """Return one chunk for each unit held out.

    >>> chunks_to_measure(np.array([1, 7])).tolist()
    [[1, 2], [7, 8]]
    """
    return np.stack([held_out, held_out + 1], axis=1)


def chunks_before_and_behind(bounds: NDArray[np.int64], n_trained: int) -> tuple[Chunks, Chunks]:
    """Return the chunks of the first n_trained units, and those of the units behind them, which are held out.

    bounds: first unit of each chunk, and the end of the last one.

    >>> [chunks.tolist() for chunks in chunks_before_and_behind(np.array([0, 4, 8]), 6)]
    [[[0, 4], [4, 6]], [[6, 8]]]
    """
    cuts = np.unique(np.append(bounds, n_trained))
    chunks = np.stack([cuts[:-1], cuts[1:]], axis=1)
    is_trained = chunks[:, 0] < n_trained
    return np.ascontiguousarray(chunks[is_trained]), np.ascontiguousarray(chunks[~is_trained])
