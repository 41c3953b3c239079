"""Bags of features with labels, the data of `TextClassifier`, as a feed of the training loop."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildvec._text import FeatureTable, gather_lists
from wildvec._train import Task
from wildvec.base.checksum import checksum
from wildvec.text.labelled import Block, Lines, in_parallel
from wildvec.training.feed import Fingerprint

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]


@dataclass(frozen=True)
class BagFeed:
    """Bag b has the features ids[offsets[b]:offsets[b + 1]], rows of the input matrix, and as many lists of labels.

    raw_items: tokens read.
    """

    ids: Ids
    offsets: Offsets
    label_ids: Ids
    label_offsets: Offsets
    raw_items: int

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Features of each bag."""
        return np.diff(self.offsets)

    def uses(self, n_rows: int) -> NDArray[np.float64]:
        """Return how often each row is used in a bag, on average."""
        counts = np.bincount(self.ids, minlength=n_rows)
        return counts / max(1, len(self.offsets) - 1)

    def fingerprint(self) -> Fingerprint:
        """Return sizes and a checksum of all features and labels."""
        arrays = (self.ids, self.offsets, self.label_ids, self.label_offsets)
        return {
            "texts": len(self.offsets) - 1,
            "features": len(self.ids),
            "labels": len(self.label_ids),
            "checksum": "".join(checksum(array) for array in arrays),
        }

    def attach(self, task: Task) -> None:
        """Give a task the features and the labels."""
        task.items(self.ids, self.offsets)
        task.labels(self.label_ids, self.label_offsets)


class _Maker:
    """The step of one thread: it makes the features of a block and marks them as used."""

    def __init__(self, table: FeatureTable, n_features: int) -> None:
        self.table = table
        self.used = np.zeros(n_features, np.uint8)

    def __call__(self, block: Block) -> tuple[Ids, Offsets]:
        return self.table.of_lines(block.types, block.ends, self.used)


def compact_features(
    lines: Lines, table: FeatureTable, n_features: int, order: Ids, workers: int
) -> tuple[Ids, Offsets, Ids]:
    """Return the features of all lines in another order, as rows: only features that occur have one.

    order: the number of the line that becomes line i. The result is (rows, offsets, the features with rows,
    ascending). Words always have rows.
    """
    makers = [_Maker(table, n_features) for _ in range(workers)]
    ids, ends, n = [], [np.zeros(1, np.int64)], 0
    for of_block, ends_of_block in in_parallel(makers, lines.blocks):
        ids.append(of_block)
        ends.append(ends_of_block + n)
        n += len(of_block)
    flags = makers[0].used
    for maker in makers[1:]:
        flags |= maker.used
    flags[: table.n_words] = 1
    used = np.flatnonzero(flags.view(np.bool_)).astype(np.int32)
    joined, offsets = np.concatenate(ids) if ids else np.empty(0, np.int32), np.concatenate(ends)
    return *_gathered(joined, offsets, order, row_of_feature(used, n_features), workers), used


def shuffle_lists(ids: Ids, offsets: Offsets, order: Ids) -> tuple[Ids, Offsets]:
    """Return the lists ids[offsets[i]:offsets[i + 1]] in another order.

    >>> shuffle_lists(np.array([7, 8, 9], np.int32), np.array([0, 1, 3]), np.array([1, 0], np.int32))
    (array([8, 9, 7], dtype=int32), array([0, 2, 3]))
    """
    largest = int(ids.max(initial=-1))
    return _gathered(ids, offsets, order, np.arange(largest + 1, dtype=np.int32), 1)


def _gathered(ids: Ids, offsets: Offsets, order: Ids, rows: Ids, workers: int) -> tuple[Ids, Offsets]:
    new_offsets = np.concatenate([[0], np.cumsum(np.diff(offsets)[order])])
    out = np.empty(new_offsets[-1], np.int32)
    bounds = np.linspace(0, len(order), workers + 1).astype(int).tolist()

    def gather(part: tuple[int, int]) -> None:
        first, last = part
        gather_lists(ids, offsets, order[first:last], rows, out[new_offsets[first] : new_offsets[last]])

    for _ in in_parallel([gather] * workers, itertools.pairwise(bounds)):
        pass
    return out, new_offsets


def row_of_feature(used: Ids, n_features: int) -> Ids:
    """Return the row of each feature, -1 for those that are not used. used: ascending.

    >>> row_of_feature(np.array([0, 2], np.int32), 3).tolist()
    [0, -1, 1]
    """
    rows = np.full(n_features, -1, np.int32)
    rows[used] = np.arange(len(used), dtype=np.int32)
    return rows
