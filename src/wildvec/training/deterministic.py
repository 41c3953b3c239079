"""Rounds: several workers whose bits do not depend on which of them is faster.

In a round every worker gets a share of the text and changes copies of the rows that it needs; nobody writes to the
matrices. When all are done, what they changed is added up in the order of the workers, and the next round begins.
Workers are more than threads where CPUs are fewer: it is the number of workers that the bits depend on.
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

# What all the other workers train in a round is news to a worker at its end. So they train as much together, be they
# one or many, but less where words come again sooner: a token meets its own word in the news so often on average.
SAME_WORD = 12
NEWS_TOKENS = (1_000, 10_000)
SHARE_TOKENS = 125  # the least that is worth a merge

Share = tuple[int, int, int]  # a worker, and its chunks first … last


@dataclass(frozen=True)
class Rounds:
    """How a pass over the corpus is divided. share: tokens that each worker gets in a round."""

    workers: int
    share: int

    @classmethod
    def of(cls, workers: int, frequencies: NDArray[np.float64]) -> Rounds:
        """For two workers or more, as many as get a share. frequencies: how often each word is trained.

        >>> Rounds.of(11, np.ones(10_000))
        Rounds(workers=11, share=1000)
        >>> Rounds.of(11, np.array([30, 20, 20]))
        Rounds(workers=9, share=125)
        """
        same_word = np.square(frequencies / frequencies.sum()).sum()
        news = int(np.clip(SAME_WORD / same_word, *NEWS_TOKENS))
        others = min(workers - 1, news // SHARE_TOKENS)
        return cls(1 + others, news // others)

    @property
    def tokens(self) -> int:
        """Those of a round, which begins with the first chunk at or after a multiple of so many."""
        return self.workers * self.share

    def starts(self, before: NDArray[np.int64]) -> NDArray[np.int64]:
        """The chunk that each round begins with. before: tokens before each chunk, and all.

        >>> Rounds(2, 10).starts(np.array([0, 10, 21, 29, 42])).tolist()
        [0, 2]
        """
        starts = np.searchsorted(before[:-1], np.arange(0, before[-1], self.tokens))
        return np.unique(starts[starts < len(before) - 1])

    def shares(self, before: NDArray[np.int64], first: int) -> list[Share]:
        """Those of the round that begins with chunk `first`; none for a worker in whose place no chunk starts.

        >>> Rounds(2, 10).shares(np.array([0, 10, 21, 29, 42]), 2)
        [(0, 2, 4)]
        """
        start = before[first] // self.tokens * self.tokens
        cuts = np.searchsorted(before[:-1], start + self.share * np.arange(self.workers + 1)).tolist()
        return [(w, a, b) for w, (a, b) in enumerate(itertools.pairwise(cuts)) if a < b]


class Team:
    """The threads that train the rounds of one pass; each runs one of `jobs`.

    pool: a worker for each share. rounds: the shares of each, asked for when it begins. train: a worker's chunks
    first … last. rates: of the chunks first … last.
    """

    def __init__(
        self,
        pool: Sequence[Worker],
        rounds: Iterator[list[Share]],
        train: Callable[[Worker, int, int], None],
        rates: Callable[[int, int], NDArray[np.float32]],
    ) -> None:
        self._pool, self._rounds, self._train, self._rates = pool, rounds, train, rates
        self._threads = min(len(pool), default_workers())
        self._trained = threading.Barrier(self._threads)
        self._merged = threading.Barrier(self._threads, self._open)
        self._open()

    @property
    def jobs(self) -> list[Callable[[], None]]:
        """What each thread does."""
        return [partial(self._work, part) for part in range(self._threads)]

    def abort(self) -> None:
        """Let no thread wait for one that will not come; what was learned in this round is lost."""
        self._trained.abort()
        self._merged.abort()

    def _open(self) -> None:
        self._shares = next(self._rounds, [])
        if self._shares:
            _, first, _ = self._shares[0]
            self._rate = float(self._rates(first, first + 1)[0])

    def _work(self, part: int) -> None:
        while shares := self._shares:
            for worker, first, last in shares[part :: self._threads]:
                self._train(self._pool[worker], first, last)
            self._trained.wait()
            merge_round([self._pool[worker] for worker, _, _ in shares], part, self._threads, self._rate)
            self._merged.wait()
