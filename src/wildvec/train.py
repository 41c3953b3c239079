"""THE training loop: workers, learning rate, progress, callbacks, Ctrl-C; the same for every model.

A worker is a thread that takes leases, runs of consecutive chunks that last at most 50 ms, and trains each
in one call without the GIL. The main thread wakes ten times a second.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wildvec._kernels import Task, Worker
from wildvec.corpus import Corpus
from wildvec.progress import progress_bar
from wildvec.workers import WAKE_SECONDS

logger = logging.getLogger(__name__)

LEASE_SECONDS = 0.03  # a worker's call without the GIL lasts about this long
CHUNK_TOKENS = 10_000

# Private copies keep the cache lines of the hottest rows from travelling between cores. What they cost is staleness:
# so the merge interval counts the centres of all workers together, and their number falls with the workers.
HOT_ROWS = 1024
MERGE_CENTRES = 30_000


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave. loss: sum over all examples, in nats."""

    loss: float
    examples: int
    seconds: float

    @property
    def mean_loss(self) -> float:
        """Loss per example: a positive pair with its negatives (skip-gram) or a centre (CBOW)."""
        return self.loss / self.examples if self.examples else math.nan


@dataclass(frozen=True)
class Schedule:
    """Epochs, and a learning rate that falls linearly over all of them from alpha to min_alpha.

    first_epoch: how many the model has seen before, so that it draws other numbers now.
    """

    epochs: int
    alpha: float
    min_alpha: float
    first_epoch: int = 0

    def rates(self, epoch: int, starts: NDArray[np.int64], tokens: int) -> NDArray[np.float32]:
        """The rate of each chunk of an epoch, by the tokens that come before it."""
        done = (epoch + starts / tokens) / self.epochs
        return (self.alpha - (self.alpha - self.min_alpha) * done).astype(np.float32)


class Callback(Protocol):
    """What `run` tells; workers are parked meanwhile."""

    def epoch_begin(self) -> None:
        """An epoch is about to begin."""

    def epoch_end(self, epoch: Epoch) -> None:
        """An epoch is done."""


def longest_chunk(corpus: Corpus) -> int:
    """Tokens in the longest chunk of a corpus."""
    return int(np.diff(corpus.offsets[corpus.chunks(CHUNK_TOKENS)]).max())


def hot_rows(workers: int) -> int:
    """How many rows each worker keeps private copies of; none where there is nobody to share with."""
    return 0 if workers == 1 else max(32, HOT_ROWS // workers)


def merge_interval(workers: int) -> int:
    """How many centres a worker trains between two merges of its private rows."""
    return max(1, MERGE_CENTRES // workers)


class _Leases:
    """The chunks of one epoch, handed out in order, and what came back."""

    def __init__(self, n_chunks: int, workers: int, chunk_seconds: float) -> None:
        self._lock = threading.Lock()
        self._n_chunks = n_chunks
        self._workers = workers
        self._next = 0
        self.chunk_seconds = chunk_seconds
        self.chunks_done = 0
        self.losses = np.zeros(n_chunks)  # summed in their order, whoever trained them
        self.examples = 0
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        while True:
            with self._lock:
                left = self._n_chunks - self._next
                if left == 0 or self.error is not None:
                    return
                # Smaller towards the end, so that no worker is left waiting for another.
                n = int(min(LEASE_SECONDS / self.chunk_seconds, left / (2 * self._workers)))
                first = self._next
                self._next = first + min(left, max(1, n))
            yield first, self._next

    def done(self, n_chunks: int, examples: int, seconds: float) -> None:
        with self._lock:
            self.chunk_seconds = max(1e-6, seconds / n_chunks)
            self.chunks_done += n_chunks
            self.examples += examples

    def fail(self, error: BaseException) -> None:
        with self._lock:
            self.error = self.error or error


def _work(
    worker: Worker,
    leases: _Leases,
    epoch: int,
    bounds: NDArray[np.int64],
    rates: NDArray[np.float32],
    done: threading.Event,
) -> None:
    """What a thread does in one epoch."""
    try:
        for first, last in leases:
            start = time.perf_counter()
            examples = worker.train(
                epoch, first, bounds[first : last + 1], rates[first:last], leases.losses[first:last]
            )
            leases.done(last - first, examples, time.perf_counter() - start)
    except BaseException as error:
        leases.fail(error)
    finally:
        done.set()


def run(
    task: Task,
    corpus: Corpus,
    schedule: Schedule,
    workers: int,
    callback: Callback,
    check: Callable[[], None],
) -> list[Epoch]:
    """Train all epochs; `check` is called after each and may raise.

    An exception, Ctrl-C included, stops the workers within 0.1 s and is raised; the rows keep what they learned.
    """
    bounds = corpus.chunks(CHUNK_TOKENS)
    starts = corpus.offsets[bounds[:-1]]
    tokens = int(corpus.offsets[-1])
    pool = [Worker(task) for _ in range(min(workers, len(starts)))]
    raw_per_token = corpus.raw_tokens / tokens
    epochs: list[Epoch] = []
    chunk_seconds = LEASE_SECONDS
    with progress_bar(corpus.raw_tokens * schedule.epochs, "training", "tokens") as bar:

        def show(epoch: int, chunks_done: int) -> None:
            at = starts[chunks_done] if chunks_done < len(starts) else tokens
            bar.update(int((epoch * tokens + at) * raw_per_token) - bar.n)

        for number in range(schedule.epochs):
            callback.epoch_begin()
            begin = time.perf_counter()
            leases = _Leases(len(starts), len(pool), chunk_seconds)
            rates = schedule.rates(number, starts, tokens)
            _run_epoch(
                task, pool, leases, schedule.first_epoch + number, bounds, rates, partial(show, number)
            )
            chunk_seconds = leases.chunk_seconds
            epochs.append(Epoch(float(leases.losses.sum()), leases.examples, time.perf_counter() - begin))
            logger.info(
                "epoch %d of %d: loss %.4f, %.0f tokens/s",
                number + 1,
                schedule.epochs,
                epochs[-1].mean_loss,
                corpus.raw_tokens / epochs[-1].seconds,
            )
            check()
            callback.epoch_end(epochs[-1])
    return epochs


def _run_epoch(
    task: Task,
    pool: Sequence[Worker],
    leases: _Leases,
    epoch: int,
    bounds: NDArray[np.int64],
    rates: NDArray[np.float32],
    show: Callable[[int], None],
) -> None:
    # Before Python 3.13 a join() that Ctrl-C ends takes the thread for dead, so joining waits until all is over.
    ends = [threading.Event() for _ in pool]
    threads = [
        threading.Thread(target=_work, args=(worker, leases, epoch, bounds, rates, end), daemon=True)
        for worker, end in zip(pool, ends, strict=True)
    ]
    try:
        for thread in threads:
            thread.start()
        for end in ends:
            while not end.wait(WAKE_SECONDS):
                show(leases.chunks_done)
        show(leases.chunks_done)
    except BaseException:
        task.stop()
        leases.fail(KeyboardInterrupt())
        raise
    finally:
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    if leases.error is not None:
        raise leases.error
