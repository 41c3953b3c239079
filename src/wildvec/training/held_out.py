"""Sentences kept aside from training, to measure the loss on what was never trained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Sentences = NDArray[np.int64]  # their numbers, rising
Chunks = NDArray[np.int64]  # (n, 2): the sentences first … last of each


def keep_aside(n_sentences: int, share: float, seed: int) -> Sentences:
    """One sentence at random of each of equal runs of them, so many that their share is `share`, but at least one.

    The same number of sentences, share and seed give the same sentences.

    ValueError: there is but one sentence, and nothing would be left.

    >>> keep_aside(1000, 0.005, seed=1) // 200
    array([0, 1, 2, 3, 4])
    >>> keep_aside(1000, 0, seed=1)
    array([], dtype=int64)
    """
    if not share:
        return np.empty(0, dtype=np.int64)
    if n_sentences < 2:
        raise ValueError(
            f"held_out={share}: there is but one sentence, and none would be left to train on; "
            "give more sentences, or a smaller max_sentence_length to split it"
        )
    n = max(1, round(share * n_sentences))
    starts = np.arange(n + 1) * n_sentences // n
    draws = np.random.PCG64(seed).random_raw(n) >> np.uint64(32)  # the same in every version of numpy
    return starts[:-1] + (draws.astype(np.int64) * np.diff(starts) >> 32)


def around(bounds: NDArray[np.int64], held_out: Sentences) -> Chunks:
    """The runs of sentences bounds[c] … bounds[c + 1] without those held out, in as many pieces as it takes.

    >>> around(np.array([0, 4, 8]), np.array([1, 2, 7])).tolist()
    [[0, 1], [3, 4], [4, 7]]
    """
    cuts = np.unique(np.concatenate([bounds, held_out, held_out + 1]))
    pieces = np.stack([cuts[:-1], cuts[1:]], axis=1)
    return np.ascontiguousarray(pieces[~np.isin(pieces[:, 0], held_out)])


def alone(held_out: Sentences) -> Chunks:
    """Each sentence as a chunk of its own.

    >>> alone(np.array([1, 7])).tolist()
    [[1, 2], [7, 8]]
    """
    return np.stack([held_out, held_out + 1], axis=1)
