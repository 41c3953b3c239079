"""Work units: consecutive chunks of one pass over the data, which workers take one after the other.

A pass can pause between work units, or between rounds, and continue in another process.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from wildvec.training.deterministic import Part, Rounds
from wildvec.training.held_out import Chunks
from wildvec.training.schedule import Budget
from wildvec.training.state import State

UNIT_SECONDS = 0.03  # usual length of a worker's call without the GIL


class WorkUnits:
    """The chunks of one pass in work units, until they are done or the time is over, and their results.

    chunks: (n, 2) units of each chunk. offsets: items before each unit. state: the part of the pass that is done
    already. chunk_seconds: duration of a chunk, at first a guess. When the pass is paused and no worker is running,
    exactly the chunks before `next` are done, except those in `skipped`.
    """

    skipped: Sequence[int] = ()  # chunks before `next` that no worker has begun

    def __init__(
        self,
        chunks: Chunks,
        offsets: NDArray[np.int64],
        workers: int,
        budget: Budget,
        state: State,
        chunk_seconds: float = UNIT_SECONDS,
    ) -> None:
        self._lock = threading.Lock()
        self._workers = workers
        self._start = time.perf_counter() - state.seconds
        self.next = len(state.losses)
        self.chunks = chunks
        if self.next > len(chunks):
            raise ValueError(
                f"the checkpoint holds losses of {self.next} chunks, but an epoch has {len(chunks)}"
            )
        self.before = np.concatenate([[0], np.cumsum(offsets[chunks[:, 1]] - offsets[chunks[:, 0]])])
        self.chunk_seconds = chunk_seconds
        self.budget = budget
        self.items_done = int(self.before[self.next])
        # One loss per chunk, so that their sum does not depend on the order of training.
        self.losses = np.zeros(len(chunks))
        self.losses[: self.next] = state.losses
        self.examples = state.examples
        self.error: BaseException | None = None
        self.is_whole = True  # no chunk is half trained
        self.pause_from(math.inf)

    def pause_from(self, seconds: float) -> None:
        """Pause when perf_counter() reaches `seconds`, after at least one more work unit; -inf: pause at once."""
        with self._lock:
            self._pause_from = seconds
            self._least = self.next if seconds == -math.inf else self.next + 1

    @property
    def over(self) -> bool:
        """Whether the pass is complete, or its time is over."""
        return self.next == len(self.chunks) or self.budget.spent >= 1

    @property
    def ended(self) -> bool:
        """Whether there are no more work units: the pass is over, paused or failed."""
        paused = self.next >= self._least and time.perf_counter() >= self._pause_from
        return self.over or paused or self.error is not None

    @property
    def seconds(self) -> float:
        """Duration of the pass so far."""
        return time.perf_counter() - self._start

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield work units: the first and last (exclusive) chunk of each. Several threads may iterate."""
        while True:
            with self._lock:
                left = len(self.chunks) - self.next
                if self.ended:
                    return
                # The last units are smaller, so that all workers finish at about the same time.
                n = int(min(UNIT_SECONDS / self.chunk_seconds, left / (2 * self._workers)))
                first = self.next
                self.next = last = first + min(left, max(1, n))
            yield first, last

    def in_rounds(self, rounds: Rounds) -> Iterator[list[Part]]:
        """Yield the parts of each round, until the work units end; a pause is at the end of a round."""
        for start in rounds.starts(self.before).tolist():
            if start >= self.next and not self.ended:
                parts = rounds.parts(self.before, start)
                self.next = parts[-1][2]
                yield parts

    def done(self, first: int, last: int, examples: int, seconds: float) -> None:
        """Count the chunks first … last as trained."""
        with self._lock:
            self.chunk_seconds = max(1e-6, seconds / (last - first))
            self.items_done += int(self.before[last] - self.before[first])
            self.examples += examples

    def fail(self, error: BaseException) -> None:
        """End the pass. The first error is kept."""
        with self._lock:
            self.error = self.error or error
