"""Deterministic training with several workers: rounds, whose bits do not depend on the speed of threads.

In a round each worker trains a part of the data and changes only its own copies of rows; no worker writes to the
matrices. At the end of the round the changes are added in the order of the workers. There can be more workers than
threads: the bits depend on the number of workers only.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Worker, merge_round
from wildvec.base.threads import default_workers

# Staleness: at the end of a round a worker has not seen what the others trained in it. The length of a round is
# chosen so that on average a token of one worker meets its own word SAME_WORD times among the tokens of all others,
# within the bounds STALE_TOKENS.
SAME_WORD = 12
STALE_TOKENS = (1_000, 10_000)
LEAST_TOKENS = 125  # of one worker; with fewer the merge takes too much of the time

Part = tuple[int, int, int]  # a worker, and the first and last (exclusive) chunk that it trains


@dataclass(frozen=True)
class Rounds:
    """How a pass over the data is divided. tokens_per_worker: what each worker trains in a round."""

    workers: int
    tokens_per_worker: int

    @classmethod
    def of(cls, workers: int, frequencies: NDArray[np.float64]) -> Rounds:
        """Plan rounds for two workers or more; fewer take part if their parts would be too small.

        frequencies: how often each row is trained, up to a factor.

        >>> Rounds.of(11, np.ones(10_000))
        Rounds(workers=11, tokens_per_worker=1000)
        >>> Rounds.of(11, np.array([30, 20, 20]))
        Rounds(workers=9, tokens_per_worker=125)
        """
        same_word = np.square(frequencies / frequencies.sum()).sum()
        stale = int(np.clip(SAME_WORD / same_word, *STALE_TOKENS))
        others = min(workers - 1, stale // LEAST_TOKENS)
        return cls(1 + others, stale // others)

    @staticmethod
    def max_tokens_per_worker(workers: int) -> int:
        """Return the most tokens of a worker in a round, whatever the frequencies.

        >>> [Rounds.max_tokens_per_worker(workers) for workers in (2, 8, 1_000)]
        [10000, 1428, 250]
        """
        return max(
            STALE_TOKENS[1] // (workers - 1), 2 * LEAST_TOKENS
        )  # the latter where fewer workers take part

    @property
    def tokens(self) -> int:
        """Tokens of a round. It begins with the first chunk at or after a multiple of this number."""
        return self.workers * self.tokens_per_worker

    def starts(self, before: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first chunk of each round. before: tokens before each chunk, and their total.

        >>> Rounds(2, 10).starts(np.array([0, 10, 21, 29, 42])).tolist()
        [0, 2]
        """
        starts = np.searchsorted(before[:-1], np.arange(0, before[-1], self.tokens))
        return np.unique(starts[starts < len(before) - 1])

    def parts(self, before: NDArray[np.int64], first: int) -> list[Part]:
        """Return the parts of the round that begins with chunk `first`; a worker may have none.

        >>> Rounds(2, 10).parts(np.array([0, 10, 21, 29, 42]), 2)
        [(0, 2, 4)]
        """
        start = before[first] // self.tokens * self.tokens
        cuts = np.searchsorted(
            before[:-1], start + self.tokens_per_worker * np.arange(self.workers + 1)
        ).tolist()
        return [(w, a, b) for w, (a, b) in enumerate(itertools.pairwise(cuts)) if a < b]


class RoundThreads:
    """The threads that train the rounds of one pass; each thread runs one of `jobs`.

    workers: one for each part. rounds: the parts of each round, taken when it begins. train: trains the chunks of a
    part. rates: returns the learning rates of chunks.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        rounds: Iterator[list[Part]],
        train: Callable[[Worker, int, int], None],
        rates: Callable[[int, int], NDArray[np.float32]],
    ) -> None:
        self._workers, self._rounds, self._train, self._rates = workers, rounds, train, rates
        self._n_threads = min(len(workers), default_workers())
        self._trained = threading.Barrier(self._n_threads)
        self._merged = threading.Barrier(self._n_threads, self._begin_round)
        self._begin_round()

    @property
    def jobs(self) -> list[Callable[[], None]]:
        """The function of each thread."""
        return [partial(self._run, thread) for thread in range(self._n_threads)]

    def abort(self) -> None:
        """Release threads that wait for a thread that has failed. What was learned in this round is lost."""
        self._trained.abort()
        self._merged.abort()

    def _begin_round(self) -> None:
        self._parts = next(self._rounds, [])
        if self._parts:
            _, first, _ = self._parts[0]
            self._rate = float(self._rates(first, first + 1)[0])

    def _run(self, thread: int) -> None:
        while parts := self._parts:
            for worker, first, last in parts[thread :: self._n_threads]:
                self._train(self._workers[worker], first, last)
            self._trained.wait()
            trained = [self._workers[worker] for worker, _, _ in parts]
            merge_round(trained, thread, self._n_threads, self._rate)
            self._merged.wait()
