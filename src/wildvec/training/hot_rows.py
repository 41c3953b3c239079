"""Private copies of the most used rows: how many, and how often they are merged.

Several workers that write to the same row send its cache lines back and forth between cores. So each worker has
private copies of the most used rows and merges them now and then (csrc/train/objective/merge.inc.h). The cost is
staleness: a worker does not see what the others changed since its last merge. So the merge interval counts the
examples of all workers together, and the number of private rows falls with the number of workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildvec.training.objective import FloatArray, MatrixSpec

HOT_ROWS = 256  # of all workers together, but LEAST_HOT of each at least
LEAST_HOT = 32
# With few rows, every row is used often between merges, and the workers together move it too far. So a typical row is
# used at most TYPICAL_USES times between merges.
MERGE_EXAMPLES = 5_000
TYPICAL_USES = 5
# By Zipf's law, word r of a text has at most ZIPF_PART / r of all uses. Then later rows can be merged less often, in
# tiers, and there can be more of them. Where all rows are used about equally often, this made vectors worse, and they
# diverged at large rates. Each worker has ZIPF_ROWS / workers², because the other workers do not see changes before
# the merge (8 workers with 512 private rows each lost one point of analogies, with 256 none).
ZIPF_ROWS = 8_192
ZIPF_PART = 0.15


@dataclass(frozen=True)
class PrivateRows:
    """The private rows of one matrix. ids: (n) their rows; uses: (n) how often one example uses each, on average."""

    ids: NDArray[np.int32]
    uses: NDArray[np.float32]


@dataclass(frozen=True)
class MergePlan:
    """How workers share rows.

    rows: the private rows of each matrix. n_hottest: how many of them are merged each time. merge_every: examples
    that one worker trains between merges.
    """

    rows: tuple[PrivateRows, ...]
    n_hottest: int
    merge_every: int


def plan_merges(specs: Sequence[MatrixSpec], workers: int) -> MergePlan:
    """Return the private rows of each matrix for `workers` workers that share rows; one worker has none.

    Matrices with as many rows as the first one have the same private rows: those that one of them uses most.

    >>> spec = MatrixSpec("vectors", "input", 5, 8, uses=np.array([0.1, 0.4, 0.2, 0.2, 0.1]))
    >>> plan_merges([spec], workers=2).rows[0].ids.tolist()
    [1, 2, 3, 0, 4]
    >>> len(plan_merges([spec], workers=1).rows[0].ids)
    0
    """
    none = PrivateRows(np.empty(0, np.int32), np.empty(0, np.float32))
    shared = [spec for spec in specs if spec.has_private_rows]
    used = [spec.uses for spec in shared if spec.uses is not None and _is_like_first(spec, shared)]
    if workers == 1 or not used:
        return MergePlan((none,) * len(specs), LEAST_HOT, MERGE_EXAMPLES)
    fractions = np.max([uses / uses.sum() for uses in used], axis=0)
    n_private, n_hottest = count_hot_rows(workers, np.sort(fractions)[::-1])
    rows = []
    for spec in specs:
        if spec.uses is None or not spec.has_private_rows:
            rows.append(none)
            continue
        if spec.role == "nodes":  # of a Huffman tree: numbered from the root, so the most used come first
            ids = np.arange(min(n_private, spec.rows))
        else:
            uses = fractions if _is_like_first(spec, shared) else spec.uses
            ids = np.argsort(-uses, kind="stable")[:n_private]
        rows.append(PrivateRows(ids.astype(np.int32), spec.uses[ids].astype(np.float32)))
    # The interval is for examples that use one input row; a bag uses many.
    input_uses = specs[0].uses if shared[0] is specs[0] else None
    input_rows = 1.0 if input_uses is None else max(1.0, float(input_uses.sum()))
    interval = max(1, round(merge_interval(workers, fractions) / input_rows))
    return MergePlan(tuple(rows), n_hottest, interval)


def _is_like_first(spec: MatrixSpec, specs: Sequence[MatrixSpec]) -> bool:
    return spec.rows == specs[0].rows and spec.role != "nodes"


def count_hot_rows(workers: int, fractions: FloatArray) -> tuple[int, int]:
    """Return how many private rows each of several workers has, and how many of these are merged every time.

    fractions: the part of all uses of each row, falling.

    >>> by_zipf = 1 / np.arange(1, 10_001)
    >>> [count_hot_rows(workers, by_zipf / by_zipf.sum()) for workers in (2, 8, 32)]
    [(2048, 32), (128, 32), (32, 32)]
    >>> count_hot_rows(2, np.full(500, 1 / 500))
    (128, 128)
    """
    n = max(LEAST_HOT, HOT_ROWS // workers)
    by_zipf = max(LEAST_HOT, ZIPF_ROWS // workers**2)
    later = fractions[LEAST_HOT:by_zipf]
    too_large = np.flatnonzero(later * (np.arange(len(later)) + LEAST_HOT + 1) > ZIPF_PART)
    if len(too_large):
        by_zipf = LEAST_HOT + int(too_large[0])
    return (by_zipf, LEAST_HOT) if by_zipf > n else (n, n)


def max_hot_rows(workers: int) -> int:
    """Return the most private rows of one matrix that each worker can have, whatever the uses of the rows.

    >>> [max_hot_rows(workers) for workers in (1, 2, 8, 32)]
    [0, 2048, 128, 32]
    """
    return 0 if workers == 1 else max(LEAST_HOT, HOT_ROWS // workers, ZIPF_ROWS // workers**2)


def merge_interval(workers: int, fractions: FloatArray) -> int:
    """Return how many examples one worker trains between two merges of its hottest private rows.

    Half of all uses are uses of rows at least as frequent as the typical row. fractions: the part of all uses of each
    row, in any order.

    >>> merge_interval(2, np.full(10_000, 1 / 10_000)), merge_interval(2, np.full(100, 1 / 100))
    (2500, 250)
    """
    falling = np.sort(fractions)[::-1]
    typical = falling[np.searchsorted(np.cumsum(falling), fractions.sum() / 2)]
    return max(1, int(min(MERGE_EXAMPLES, TYPICAL_USES / typical)) // workers)
