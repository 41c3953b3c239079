"""THE training loop: workers, learning rate, progress, callbacks, Ctrl-C; the same for every model.

A worker is a thread that takes leases, runs of consecutive chunks that last at most 50 ms, and trains each
in one call without the GIL; or, where the bits must be the same each time, it takes its share of each round (see
rounds). The main thread wakes ten times a second.
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
from wildvec.heldout import Chunks, Sentences, alone, around
from wildvec.progress import progress_bar
from wildvec.rounds import Rounds, Team
from wildvec.schedule import Budget, Patience, Schedule
from wildvec.workers import WAKE_SECONDS

logger = logging.getLogger(__name__)

LEASE_SECONDS = 0.03  # a worker's call without the GIL lasts about this long
CHUNK_TOKENS = 10_000
HELD_OUT_EPOCH = -1  # keys the draws for the sentences held out: the same whenever their loss is measured

# Private copies keep the cache lines of the hottest rows from travelling between cores. What they cost is staleness:
# so the merge interval counts the centres of all workers together, and their number falls with the workers.
HOT_ROWS = 512
MERGE_CENTRES = 5_000


Rates = Callable[[int, int], NDArray[np.float32]]  # those of the chunks first … last


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave.

    loss: exact sum over all examples, in nats, each taken before its update. tokens: of the corpus as it was read.
    held_out_loss: mean per example held out, by the rows at the end of the epoch; NaN if nothing is held out.
    """

    loss: float
    examples: int
    tokens: int
    seconds: float
    held_out_loss: float

    @property
    def mean_loss(self) -> float:
        """Loss per example: a positive pair with its negatives (skip-gram) or a centre (CBOW)."""
        return self.loss / self.examples if self.examples else math.nan


class Callback(Protocol):
    """What `run` tells; workers are parked meanwhile."""

    def epoch_begin(self) -> None:
        """An epoch is about to begin."""

    def epoch_end(self, epoch: Epoch) -> None:
        """An epoch is done."""


def chunks_of(corpus: Corpus, rounds: Rounds | None) -> NDArray[np.int64]:
    """The sentences at which chunks begin and the last one ends."""
    return corpus.chunks(CHUNK_TOKENS if rounds is None else min(CHUNK_TOKENS, rounds.share))


def longest_chunk(corpus: Corpus, rounds: Rounds | None) -> int:
    """Tokens in the longest chunk of a corpus."""
    return int(np.diff(corpus.offsets[chunks_of(corpus, rounds)]).max())


def hot_rows(workers: int) -> int:
    """How many rows each worker keeps private copies of; none where there is nobody to share with."""
    return 0 if workers == 1 else max(32, HOT_ROWS // workers)


def merge_interval(workers: int) -> int:
    """How many centres a worker trains between two merges of its private rows."""
    return max(1, MERGE_CENTRES // workers)


class _Leases:
    """The chunks of one pass, handed out in order until they or the time are at an end, and what came back."""

    def __init__(
        self, corpus: Corpus, chunks: Chunks, workers: int, chunk_seconds: float, budget: Budget
    ) -> None:
        self._lock = threading.Lock()
        self._workers = workers
        self._next = 0
        self.chunks = chunks
        sizes = corpus.offsets[chunks[:, 1]] - corpus.offsets[chunks[:, 0]]
        self.before = np.concatenate([[0], np.cumsum(sizes)])  # tokens before each chunk, and all
        self.chunk_seconds = chunk_seconds
        self.budget = budget
        self.tokens_done = 0
        self.losses = np.zeros(len(chunks))  # summed in their order, whoever trained them
        self.examples = 0
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        while True:
            with self._lock:
                left = len(self.chunks) - self._next
                if left == 0 or self.is_over():
                    return
                # Smaller towards the end, so that no worker is left waiting for another.
                n = int(min(LEASE_SECONDS / self.chunk_seconds, left / (2 * self._workers)))
                first = self._next
                self._next = last = first + min(left, max(1, n))
            yield first, last

    def is_over(self) -> bool:
        return self.error is not None or self.budget.spent >= 1

    def done(self, first: int, last: int, examples: int, seconds: float) -> None:
        with self._lock:
            self.chunk_seconds = max(1e-6, seconds / (last - first))
            self.tokens_done += int(self.before[last] - self.before[first])
            self.examples += examples

    def fail(self, error: BaseException) -> None:
        with self._lock:
            self.error = self.error or error


@dataclass(frozen=True)
class _Crew:
    """The workers of one training. rounds: None where they share rows and race for leases."""

    task: Task
    workers: Sequence[Worker]
    rounds: Rounds | None


def run(
    task: Task,
    corpus: Corpus,
    schedule: Schedule,
    workers: int,
    rounds: Rounds | None,
    callback: Callback,
    check: Callable[[], None],
    held_out: Sentences,
    matrices: Sequence[NDArray[np.float32]],
) -> list[Epoch]:
    """Train until the epochs, the time or the patience are at an end.

    rounds: in which the workers train if the bits are not to depend on which is faster; None where they are. check:
    called after each epoch, may raise. held_out: sentences that are not trained; their loss is measured after each
    epoch. matrices: what is trained; with patience they end as they were after the best epoch.

    ValueError: the sentences held out give no example. An exception, Ctrl-C included, stops the workers within 0.1 s
    and is raised; the rows keep what they learned.
    """
    budget = Budget(schedule.max_seconds)
    chunks = around(chunks_of(corpus, rounds), held_out)
    leases = _Leases(corpus, chunks, 1, LEASE_SECONDS, budget)
    tokens = int(leases.before[-1])
    raw_per_token = corpus.raw_tokens / int(corpus.offsets[-1])
    n_workers = rounds.workers if rounds else min(workers, len(chunks))
    crew = _Crew(task, [Worker(task) for _ in range(n_workers)], rounds)
    patience = None if schedule.patience is None else Patience(schedule.patience, matrices)
    epochs: list[Epoch] = []

    def close() -> float:
        with budget.closing():
            check()
            return _held_out_loss(crew, corpus, held_out) if len(held_out) else math.nan

    with progress_bar(round(tokens * raw_per_token) * schedule.epochs, "training", "tokens") as bar:

        def show(epoch: int, tokens_done: int) -> None:
            bar.update(int((epoch * tokens + tokens_done) * raw_per_token) - bar.n)

        if len(held_out) or schedule.max_seconds < math.inf:
            close()  # so that its errors come early and the budget knows how long it takes
        for number in range(schedule.epochs):
            if budget.spent >= 1:
                break
            callback.epoch_begin()
            begin = time.perf_counter()
            leases = _Leases(corpus, chunks, n_workers, leases.chunk_seconds, budget)
            _train_epoch(crew, leases, schedule, number, partial(show, number))
            seconds = time.perf_counter() - begin
            raw_tokens = round(leases.tokens_done * raw_per_token)
            epochs.append(Epoch(float(leases.losses.sum()), leases.examples, raw_tokens, seconds, close()))
            _log(epochs, schedule)
            callback.epoch_end(epochs[-1])
            if patience and patience.is_over(epochs[-1].held_out_loss):
                break
    if patience and epochs:
        logger.info("the vectors are those of epoch %d of %d", patience.restore(), len(epochs))
    return epochs


def _log(epochs: Sequence[Epoch], schedule: Schedule) -> None:
    epoch = epochs[-1]
    held_out = "" if math.isnan(epoch.held_out_loss) else f", {epoch.held_out_loss:.4f} held out"
    speed = epoch.tokens / epoch.seconds
    logger.info(
        "epoch %d of %d: loss %.4f%s, %.0f tokens/s",
        len(epochs),
        schedule.epochs,
        epoch.mean_loss,
        held_out,
        speed,
    )


def _train_epoch(
    crew: _Crew, leases: _Leases, schedule: Schedule, number: int, show: Callable[[int], None]
) -> None:
    progress = (number + leases.before[:-1] / leases.before[-1]) / schedule.epochs

    def rates(first: int, last: int) -> NDArray[np.float32]:
        return schedule.rates(progress[first:last], leases.budget.spent)

    _pass(crew, leases, schedule.first_epoch + number, rates, show)


def _held_out_loss(crew: _Crew, corpus: Corpus, held_out: Sentences) -> float:
    """The mean loss of the sentences held out, subsampled and drawn for as in training, but always the same way.

    Trained at rate 0: a row's value stays what it is (the sign of a zero may change).
    """
    leases = _Leases(corpus, alone(held_out), len(crew.workers), LEASE_SECONDS, Budget())
    _pass(crew, leases, HELD_OUT_EPOCH, _rate_0, lambda _: None)
    if not leases.examples:
        raise ValueError(
            f"of the {len(held_out)} sentences held out none has two words left; give a larger held_out, "
            "a larger sample (0 keeps all) or longer sentences"
        )
    return float(leases.losses.sum()) / leases.examples


def _rate_0(first: int, last: int) -> NDArray[np.float32]:
    return np.zeros(last - first, dtype=np.float32)


def _pass(crew: _Crew, leases: _Leases, epoch: int, rates: Rates, show: Callable[[int], None]) -> None:
    """Let the workers loose on the chunks once; `epoch` keys the draws."""

    def train(worker: Worker, first: int, last: int) -> None:
        start = time.perf_counter()
        examples = worker.train(
            epoch, first, leases.chunks[first:last], rates(first, last), leases.losses[first:last]
        )
        leases.done(first, last, examples, time.perf_counter() - start)

    def take_leases(worker: Worker) -> None:
        for first, last in leases:
            train(worker, first, last)

    if crew.rounds is None:
        jobs = [partial(take_leases, worker) for worker in crew.workers]
        _run_threads(crew.task, jobs, leases, show, lambda: None)
    else:
        team = Team(crew.rounds, crew.workers, leases.before, train, rates, leases.is_over)
        _run_threads(crew.task, team.jobs, leases, show, team.abort)


def _run_threads(
    task: Task,
    jobs: Sequence[Callable[[], None]],
    leases: _Leases,
    show: Callable[[int], None],
    abort: Callable[[], None],
) -> None:
    """Run each job on a thread of its own, and watch. abort: lets go those who wait for one that is no more."""

    def work(job: Callable[[], None], end: threading.Event) -> None:
        try:
            job()
        except BaseException as error:
            leases.fail(error)
            abort()
        finally:
            end.set()

    # Before Python 3.13 a join() that Ctrl-C ends takes the thread for dead, so joining waits until all is over.
    ends = [threading.Event() for _ in jobs]
    threads = [
        threading.Thread(target=work, args=(job, end), daemon=True)
        for job, end in zip(jobs, ends, strict=True)
    ]
    task.stop(False)
    try:
        for thread in threads:
            thread.start()
        for end in ends:
            while not end.wait(WAKE_SECONDS):
                show(leases.tokens_done)
                if leases.budget.spent >= 1:
                    task.stop()
        show(leases.tokens_done)
    except BaseException:
        task.stop()
        leases.fail(KeyboardInterrupt())
        if any(thread.ident is None for thread in threads):
            abort()
        raise
    finally:
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    if leases.error is not None:
        raise leases.error
