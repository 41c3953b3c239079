"""Chunks that touch the same rows: the workers never train two of them at once.

A feed may divide its data itself and say which chunks conflict (`Division`). The order of chunks is drawn for each
epoch. Chunks that conflict are trained in this order, others at any time. So the bits do not depend on the number or
the speed of workers, and no row is trained by two workers at once. Private copies of rows are not needed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wildvec.training.feed import Feed
from wildvec.training.held_out import Chunks
from wildvec.training.schedule import Budget
from wildvec.training.state import State
from wildvec.training.work_units import WorkUnits

LOOK_AHEAD = 16  # chunks behind the first one that cannot begin yet, for each worker


@dataclass(frozen=True)
class Division:
    """How a feed divides its data.

    chunks: (n, 2) the first and last (exclusive) unit of each chunk. groups: (n, 2) two numbers of each chunk, its
    block of rows and its strip of columns; two chunks conflict if they have one of them in common. held_out: (m, 2)
    units of the chunks that are held out. offsets: (units + 1) items before each unit.
    """

    chunks: Chunks
    groups: NDArray[np.int64]
    held_out: Chunks
    offsets: NDArray[np.int64]


class DividedFeed(Feed, Protocol):
    """A feed whose chunks may conflict. Its matrices have no private copies of rows (`MatrixSpec.uses` is None)."""

    def divide(self, held_out: float, seed: int) -> Division:
        """Divide the data; it depends on the arguments only. held_out: fraction of the items that is held out."""


def epoch_order(groups: NDArray[np.int64], seed: int, epoch: int) -> NDArray[np.int64]:
    """Return a random order of the chunks in which those that conflict are far from each other.

    The chunks are divided into strata without conflicts, one after the other (Gemulla, Nijkamp, Haas, Sismanis 2011).
    With the numbers of their groups shuffled, chunk (a, b) is in stratum a + b modulo the larger number of groups.

    >>> order = epoch_order(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), seed=1, epoch=0)
    >>> sorted(sorted(half) for half in order.reshape(2, 2).tolist())
    [[0, 3], [1, 2]]
    """
    n_groups = groups.max(axis=0) + 1
    n_strata = n_groups.max()
    random = np.random.PCG64([seed, epoch])  # random_raw is the same in every version of numpy
    stratum = np.zeros(len(groups), np.int64)
    for column, n in enumerate(n_groups.tolist()):
        shuffled = np.argsort(random.random_raw(n), kind="stable")
        stratum += shuffled[groups[:, column]]
    return np.lexsort((random.random_raw(len(groups)), stratum % n_strata))


class ConflictFreeUnits(WorkUnits):
    """Work units of one chunk each. A chunk begins when all earlier chunks that conflict with it have ended.

    A chunk that cannot begin yet is skipped, and trained as soon as possible. If the pass is paused meanwhile, the
    state contains its number. division, order: the chunks are trained as division.chunks[order]. Other arguments as
    in `WorkUnits`.
    """

    def __init__(
        self,
        division: Division,
        order: NDArray[np.int64],
        workers: int,
        budget: Budget,
        state: State,
        *chunk_seconds: float,
    ) -> None:
        chunks = np.ascontiguousarray(division.chunks[order])
        super().__init__(chunks, division.offsets, workers, budget, state, *chunk_seconds)
        self.items_done -= int(np.diff(self.before)[state.skipped].sum())
        columns = division.groups[order].T.tolist()
        self._groups = [
            frozenset(enumerate(groups)) for groups in zip(*columns, strict=True)
        ]  # (column, group) pairs of each chunk
        self._running: set[tuple[int, int]] = set()  # groups of chunks that are being trained
        self.skipped: list[int] = state.skipped.tolist()
        self._changed = threading.Condition(self._lock)

    @property
    def over(self) -> bool:
        """Whether the pass is complete, or its time is over."""
        return super().over and (not self.skipped or self.budget.spent >= 1)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield the first and last (exclusive) chunk of each work unit. Several threads may iterate."""
        while (chunk := self._take()) is not None:
            yield chunk, chunk + 1

    def _take(self) -> int | None:
        """Return the next chunk that can begin; wait until there is one. None: there are no more."""
        with self._changed:
            while not self.ended:
                chunk = self._find()
                if chunk is not None:
                    self._running |= self._groups[chunk]
                    return chunk
                self._changed.wait()
            return None

    def _find(self) -> int | None:
        """Return a chunk that can begin, if there is one."""
        blocked = set(self._running)
        for chunk in self.skipped:
            if blocked.isdisjoint(self._groups[chunk]):
                self.skipped.remove(chunk)
                return chunk
            blocked |= self._groups[chunk]
        while self.next < len(self.chunks) and len(self.skipped) < LOOK_AHEAD * self._workers:
            chunk, self.next = self.next, self.next + 1
            if blocked.isdisjoint(self._groups[chunk]):
                return chunk
            blocked |= self._groups[chunk]
            self.skipped.append(chunk)
        return None

    def done(self, first: int, last: int, examples: int, seconds: float) -> None:
        """Count a chunk as trained; chunks that waited for it can begin."""
        super().done(first, last, examples, seconds)
        with self._changed:
            self._running -= self._groups[first]
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """End the pass. The first error is kept."""
        super().fail(error)
        with self._changed:
            self._changed.notify_all()
