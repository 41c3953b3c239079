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
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task, Worker
from wildvec.base.progress import progress_bar
from wildvec.base.threads import WAKE_SECONDS
from wildvec.text.corpus import Corpus
from wildvec.training.deterministic import Rounds, Team
from wildvec.training.held_out import Sentences, alone, around
from wildvec.training.schedule import Budget, Patience, Schedule
from wildvec.training.state import Epoch, Saver, State
from wildvec.training.work_units import LEASE_SECONDS, Leases

logger = logging.getLogger(__name__)

PARK_SECONDS = 0.05  # after Ctrl-C a lease has so long to come to its end, which leaves no chunk half trained
CHUNK_TOKENS = 10_000
HELD_OUT_EPOCH = -1  # keys the draws for the sentences held out: the same whenever their loss is measured

# Private copies keep the cache lines of the hottest rows from travelling between cores. What they cost is staleness:
# so the merge interval counts the centres of all workers together, their number falls with the workers, and what more
# than two bring back is scaled (objective/merge.inc.h).
HOT_ROWS = 256  # of all workers together, but LEAST_HOT of each at least
LEAST_HOT = 32
# Where words are few, all rows are used often between merges, and workers together carry them too far: so a typical
# row is the centre no more than so many times.
MERGE_CENTRES = 5_000
TYPICAL_CENTRES = 5
# Text has more of them: by Zipf's law row r takes at most ZIPF_SHARE / r of all uses, so that later rows may wait
# longer for their merges (objective/merge.inc.h) and cost less. Where words are about equally frequent, waiting made
# the vectors worse, and diverge at large rates. Each worker has ZIPF_ROWS / workers², for what waits in one is
# behind all the others: eight workers with 512 each lost a point of analogies, with 256 none.
ZIPF_ROWS = 8_192
ZIPF_SHARE = 0.15


Rates = Callable[[int, int], NDArray[np.float32]]  # those of the chunks first … last


class Callback(Protocol):
    """What `run` tells; workers are parked meanwhile."""

    def epoch_begin(self) -> None:
        """An epoch is about to begin. If the time is over before it has learned anything, it does not end."""

    def epoch_end(self, epoch: Epoch) -> None:
        """An epoch is done."""


def chunk_tokens(rounds: Rounds | None) -> int:
    """How many tokens a chunk has, whole sentences aside."""
    return CHUNK_TOKENS if rounds is None else min(CHUNK_TOKENS, rounds.share)


def chunks_of(corpus: Corpus, rounds: Rounds | None) -> NDArray[np.int64]:
    """The sentences at which chunks begin and the last one ends."""
    return corpus.chunks(chunk_tokens(rounds))


def crew_size(n_chunks: int, workers: int, rounds: Rounds | None) -> int:
    """How many of the workers take part in training so many chunks, before sentences held out cut them."""
    return rounds.workers if rounds else min(workers, n_chunks)


def hot_rows(workers: int, shares: NDArray[np.float64]) -> tuple[int, int]:
    """How many rows each of several workers has private copies of, and how many of these are merged every time.

    shares: the part of all uses that each row takes.

    >>> by_zipf = 1 / np.arange(1, 10_001)
    >>> [hot_rows(workers, by_zipf / by_zipf.sum()) for workers in (2, 8, 32)]
    [(2048, 32), (128, 32), (32, 32)]
    >>> hot_rows(2, np.full(500, 1 / 500))
    (128, 128)
    """
    n = max(LEAST_HOT, HOT_ROWS // workers)
    by_zipf = max(LEAST_HOT, ZIPF_ROWS // workers**2)
    later = shares[LEAST_HOT:by_zipf]
    too_large = np.flatnonzero(later * (np.arange(len(later)) + LEAST_HOT + 1) > ZIPF_SHARE)
    if len(too_large):
        by_zipf = LEAST_HOT + int(too_large[0])
    return (by_zipf, LEAST_HOT) if by_zipf > n else (n, n)


def merge_interval(workers: int, shares: NDArray[np.float64]) -> int:
    """How many centres a worker trains between two merges of its hottest private rows.

    Half of all uses fall on rows at least as frequent as the typical one. shares: the part of all uses that each row
    takes, in any order.

    >>> merge_interval(2, np.full(10_000, 1 / 10_000)), merge_interval(2, np.full(100, 1 / 100))
    (2500, 250)
    """
    descending = np.sort(shares)[::-1]
    typical = descending[np.searchsorted(np.cumsum(descending), shares.sum() / 2)]
    return max(1, int(min(MERGE_CENTRES, TYPICAL_CENTRES / typical)) // workers)


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
    state: State,
    saver: Saver,
) -> None:
    """Train until the epochs, the time or the patience are at an end.

    rounds: in which the workers train if the bits are not to depend on which is faster; None where they are. check:
    called after each epoch, may raise. held_out: sentences that are not trained; their loss is measured after each
    epoch. matrices: what is trained; with patience they end as they were after the best epoch. state: where to begin;
    it moves on with the training. saver: is given it when it wants it, at Ctrl-C and at the end.

    ValueError: the sentences held out give no example. An exception, Ctrl-C included, stops the workers within 0.1 s
    and is raised; the rows keep what they learned.
    """
    budget = Budget(schedule.max_seconds, state.elapsed, state.reserve)
    bounds = chunks_of(corpus, rounds)
    chunks = around(bounds, held_out)
    leases = Leases(corpus, chunks, 1, LEASE_SECONDS, budget, state)
    tokens = int(leases.before[-1])
    raw_per_token = corpus.raw_tokens / int(corpus.offsets[-1])
    n_workers = crew_size(len(bounds) - 1, workers, rounds)
    crew = _Crew(task, [Worker(task) for _ in range(n_workers)], rounds)
    epochs = state.epochs
    patience = None
    if schedule.patience is not None:
        losses = [epoch.held_out_loss for epoch in epochs]
        patience = Patience(schedule.patience, matrices, losses, state.best_rows)

    def save() -> None:
        state.elapsed, state.reserve = budget.elapsed, budget.reserve
        state.best_rows = patience.best_rows if patience and not state.finished else ()
        saver.write(state)

    def pause() -> None:
        if not leases.whole:
            raise ValueError("stopped within a chunk")
        state.losses, state.examples = leases.losses[: leases.next], leases.examples
        state.seconds = leases.seconds
        save()

    def too_early() -> None:
        raise ValueError("stopped at the end of an epoch, perhaps with half a copy of the best rows")

    def finish() -> None:
        if patience and epochs:
            logger.info("the vectors are those of epoch %d of %d", patience.restore(), len(epochs))
        state.finished = True
        save()

    def close() -> float:
        with budget.closing():
            check()
            return _held_out_loss(crew, corpus, held_out) if len(held_out) else math.nan

    def is_over() -> bool:
        no_time = budget.spent >= 1 and not len(state.losses)
        return len(epochs) == schedule.epochs or no_time or (patience is not None and patience.is_over)

    all_tokens = round(tokens * raw_per_token) * schedule.epochs
    tokens_before = int((len(epochs) * tokens + leases.tokens_done) * raw_per_token)
    with progress_bar(all_tokens, "training", "tokens", tokens_before) as bar:

        def show(epoch: int, tokens_done: int) -> None:
            bar.update(int((epoch * tokens + tokens_done) * raw_per_token) - bar.n)

        if not state.begun:
            if len(held_out) or schedule.max_seconds < math.inf:
                close()  # so that its errors come early and the budget knows how long it takes
            save()  # so that a disk without room is known before hours of training
        while not is_over():
            number = len(epochs)
            with _kept_at_ctrl_c(save, saver):
                callback.epoch_begin()
            leases = Leases(corpus, chunks, n_workers, leases.chunk_seconds, budget, state)
            with _kept_at_ctrl_c(pause, saver):
                _train_epoch(crew, leases, schedule, number, partial(show, number), saver, pause)
                if not leases.examples and budget.spent >= 1:
                    break  # the time was over before it had learned anything
                seconds = leases.seconds
                held_out_loss = close()
            raw_tokens = round(leases.tokens_done * raw_per_token)
            loss = float(leases.losses.sum())
            with _kept_at_ctrl_c(too_early, saver):
                state.end_epoch(Epoch(loss, leases.examples, raw_tokens, seconds, held_out_loss))
                _log(epochs, schedule)
                if patience:
                    patience.add(held_out_loss)
            with _kept_at_ctrl_c(save, saver):
                callback.epoch_end(epochs[-1])
                if saver.due_after(len(epochs)) and not is_over():
                    save()
    with _kept_at_ctrl_c(finish, saver):
        finish()


@contextmanager
def _kept_at_ctrl_c(keep: Callable[[], None], saver: Saver) -> Iterator[None]:
    """At Ctrl-C, keep a state on the way out; if that fails, Ctrl-C is still what there is to tell."""
    try:
        yield
    except KeyboardInterrupt:
        try:
            keep()
        except (OSError, ValueError) as error:
            saver.warn_not_saved(str(error))
        raise


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
    crew: _Crew,
    leases: Leases,
    schedule: Schedule,
    number: int,
    show: Callable[[int], None],
    saver: Saver,
    pause: Callable[[], None],
) -> None:
    progress = (number + leases.before[:-1] / leases.before[-1]) / schedule.epochs

    def rates(first: int, last: int) -> NDArray[np.float32]:
        return schedule.rates(progress[first:last], leases.budget.spent)

    while not leases.over:
        leases.pause_from(saver.due_at)
        _pass(crew, leases, schedule.first_epoch + number, rates, show)
        if not leases.over:
            pause()


def _held_out_loss(crew: _Crew, corpus: Corpus, held_out: Sentences) -> float:
    """The mean loss of the sentences held out, subsampled and drawn for as in training, but always the same way.

    Trained at rate 0: a row's value stays what it is (the sign of a zero may change).
    """
    leases = Leases(corpus, alone(held_out), len(crew.workers), LEASE_SECONDS, Budget(), State())
    _pass(crew, leases, HELD_OUT_EPOCH, _rate_0, lambda _: None)
    if not leases.examples:
        raise ValueError(
            f"of the {len(held_out)} sentences held out none has two words left; give a larger held_out, "
            "a larger sample (0 keeps all) or longer sentences"
        )
    return float(leases.losses.sum()) / leases.examples


def _rate_0(first: int, last: int) -> NDArray[np.float32]:
    return np.zeros(last - first, dtype=np.float32)


def _pass(crew: _Crew, leases: Leases, epoch: int, rates: Rates, show: Callable[[int], None]) -> None:
    """Let the workers loose on the chunks, until the leases end; `epoch` keys the draws."""

    def train(worker: Worker, first: int, last: int) -> None:
        start = time.perf_counter()
        examples = worker.train(
            epoch, first, leases.chunks[first:last], rates(first, last), leases.losses[first:last]
        )
        leases.done(first, last, examples, time.perf_counter() - start)

    def take_leases(worker: Worker) -> None:
        worker.merge()  # nobody but workers reads or changes the matrices until all have merged again
        try:
            for first, last in leases:
                train(worker, first, last)
        finally:
            worker.merge()

    if crew.rounds is None:
        jobs = [partial(take_leases, worker) for worker in crew.workers]
        _run_threads(crew.task, jobs, leases, show, lambda: None)
    else:
        team = Team(crew.workers, leases.in_rounds(crew.rounds), train, rates)
        _run_threads(crew.task, team.jobs, leases, show, team.abort)


def _run_threads(
    task: Task,
    jobs: Sequence[Callable[[], None]],
    leases: Leases,
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
        leases.whole = False
        leases.pause_from(-math.inf)
        try:
            leases.whole = _all_end(ends, PARK_SECONDS) and leases.error is None
        finally:
            task.stop()
            if any(thread.ident is None for thread in threads):
                abort()
        raise
    finally:
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    if leases.error is not None:
        raise leases.error


def _all_end(ends: Sequence[threading.Event], seconds: float) -> bool:
    """Whether all workers come to the end of their leases in so many seconds."""
    deadline = time.perf_counter() + seconds
    return all(end.wait(max(0.0, deadline - time.perf_counter())) for end in ends)
