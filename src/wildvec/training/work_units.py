"""Leases: what workers are handed of one pass over the corpus, and what came back.

A pass can pause between leases, or between rounds, and go on in another process. Threads are not here (see train).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator

import numpy as np

from wildvec.text.corpus import Corpus
from wildvec.training.deterministic import Rounds, Share
from wildvec.training.held_out import Chunks
from wildvec.training.schedule import Budget
from wildvec.training.state import State

LEASE_SECONDS = 0.03  # a worker's call without the GIL lasts about this long


class Leases:
    """The chunks of one pass, handed out in order until they or the time are at an end, and what came back.

    state: what of the pass was done before. chunk_seconds: how long a chunk takes, at first a guess. A pass may be
    paused: when all workers are at rest, chunks before `next` are done, the others not.
    """

    def __init__(
        self,
        corpus: Corpus,
        chunks: Chunks,
        workers: int,
        chunk_seconds: float,
        budget: Budget,
        state: State,
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
        sizes = corpus.offsets[chunks[:, 1]] - corpus.offsets[chunks[:, 0]]
        self.before = np.concatenate([[0], np.cumsum(sizes)])  # tokens before each chunk, and all
        self.chunk_seconds = chunk_seconds
        self.budget = budget
        self.tokens_done = int(self.before[self.next])
        self.losses = np.zeros(len(chunks))  # summed in their order, whoever trained them
        self.losses[: self.next] = state.losses
        self.examples = state.examples
        self.error: BaseException | None = None
        self.whole = True  # no chunk was left half trained
        self.pause_from(math.inf)

    def pause_from(self, seconds: float) -> None:
        """Hand out at least one more lease, but none when perf_counter() is past that; -inf: none at all."""
        with self._lock:
            self._pause_from = seconds
            self._least = self.next if seconds == -math.inf else self.next + 1

    @property
    def over(self) -> bool:
        """Whether the pass is at its end."""
        return self.next == len(self.chunks) or self.budget.spent >= 1

    @property
    def ended(self) -> bool:
        """Whether nothing more is handed out: the pass is over, paused or failed."""
        paused = self.next >= self._least and time.perf_counter() >= self._pause_from
        return self.over or paused or self.error is not None

    @property
    def seconds(self) -> float:
        """How long the pass takes so far."""
        return time.perf_counter() - self._start

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Leases, the chunks first … last, for whoever asks next."""
        while True:
            with self._lock:
                left = len(self.chunks) - self.next
                if self.ended:
                    return
                # Smaller towards the end, so that no worker is left waiting for another.
                n = int(min(LEASE_SECONDS / self.chunk_seconds, left / (2 * self._workers)))
                first = self.next
                self.next = last = first + min(left, max(1, n))
            yield first, last

    def in_rounds(self, rounds: Rounds) -> Iterator[list[Share]]:
        """The shares of each round, until the leases end; a pause is at the end of a round."""
        for start in rounds.starts(self.before).tolist():
            if start >= self.next and not self.ended:
                shares = rounds.shares(self.before, start)
                self.next = shares[-1][2]
                yield shares

    def done(self, first: int, last: int, examples: int, seconds: float) -> None:
        """The chunks first … last are trained."""
        with self._lock:
            self.chunk_seconds = max(1e-6, seconds / (last - first))
            self.tokens_done += int(self.before[last] - self.before[first])
            self.examples += examples

    def fail(self, error: BaseException) -> None:
        """Hand out no more; the first error is kept."""
        with self._lock:
            self.error = self.error or error
