"""The training loop, for every model: threads, epochs, progress, Ctrl-C, held-out loss, time budget, checkpoints.

Workers are threads. Each takes one work unit after the other (consecutive chunks that take at most 50 ms) and trains
it in one call without the GIL; or, for deterministic training, it trains its part of each round. The main thread
wakes ten times a second.
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
from wildvec.training.conflicts import ConflictFreeUnits, epoch_order
from wildvec.training.deterministic import RoundThreads
from wildvec.training.plan import Plan
from wildvec.training.schedule import Budget, Patience, Schedule
from wildvec.training.state import Epoch, Saver, State
from wildvec.training.work_units import WorkUnits

logger = logging.getLogger(__name__)

STOP_SECONDS = 0.08  # after Ctrl-C, work units may end within this time, which leaves no chunk half trained
HELD_OUT_EPOCH = -1  # key of the draws for held-out units: their loss is always measured with the same draws


class Callback(Protocol):
    """What `run` calls between epochs; no worker is running then."""

    def epoch_begin(self) -> None:
        """An epoch begins. If the time is over before it has trained anything, epoch_end is not called."""

    def epoch_end(self, epoch: Epoch) -> None:
        """An epoch has ended."""


@dataclass(frozen=True)
class Engine:
    """The parts of one training that depend on the model and its data.

    raw_items: items of the data as they were read. check_finite: called after each epoch, may raise.
    why_no_examples: returns the reason and the remedy when data gives no example. seed: of the order of chunks that
    conflict.
    """

    task: Task
    plan: Plan
    raw_items: int
    matrices: Sequence[NDArray[np.float32]]
    check_finite: Callable[[], None]
    why_no_examples: Callable[[], str]
    seed: int = 1


def run(engine: Engine, schedule: Schedule, callback: Callback, state: State, saver: Saver) -> None:
    """Train until the epochs, the time or the patience are over.

    With patience, the matrices are at the end those of the best epoch.

    Args:
        engine: What is trained.
        schedule: Epochs, learning rates, time and patience.
        callback: Called before and after each epoch.
        state: The point to start from; it is updated.
        saver: Saves the state when it is due, at Ctrl-C and at the end.

    Raises:
        ValueError: The held-out units give no example.
        OSError: The first state, before anything is trained, cannot be saved. If a later one cannot be saved, a
            warning is logged and training continues.
        BaseException: Errors of a callback or a worker, and Ctrl-C. The workers stop within 0.1 s, and the matrices
            keep what was learned.
    """
    _Training(engine, schedule, callback, state, saver).run()


class _Training:
    """One call of `run`: the state that its steps share."""

    def __init__(
        self, engine: Engine, schedule: Schedule, callback: Callback, state: State, saver: Saver
    ) -> None:
        self.engine = engine
        self.plan = engine.plan
        self.schedule = schedule
        self.callback = callback
        self.state = state
        self.saver = saver
        self.budget = Budget(schedule.max_seconds, state.elapsed, state.reserve)
        self.workers = [Worker(engine.task) for _ in range(self.plan.workers)]
        self.units = self._work_units()
        self.raw_per_item = engine.raw_items / max(1, int(self.plan.offsets[-1]))
        self.patience = None
        if schedule.patience is not None:
            losses = [epoch.held_out_loss for epoch in state.epochs]
            self.patience = Patience(schedule.patience, engine.matrices, losses, state.best_rows)

    def run(self) -> None:
        items, n_epochs = int(self.units.before[-1]), len(self.state.epochs)
        total = round(items * self.raw_per_item) * self.schedule.epochs
        done = int((n_epochs * items + self.units.items_done) * self.raw_per_item)
        with progress_bar(total, "training", "tokens", done) as self.bar:
            if not self.state.begun:
                if len(self.plan.held_out) or self.schedule.max_seconds < math.inf:
                    self._close_epoch()  # its errors are raised early, and the budget measures how long it takes
                self._save()  # so that a full disk is noticed before hours of training
            while not self._is_over() and self._run_epoch():
                pass
        with self._saved_at_ctrl_c(self._finish):
            self._try_to(self._finish)

    def _run_epoch(self) -> bool:
        """Train one epoch, or the rest of one; False if the time was over before it trained anything."""
        state, saver = self.state, self.saver
        with self._saved_at_ctrl_c(self._save):
            self.callback.epoch_begin()
        self.units = units = self._work_units(self.units.chunk_seconds)
        with self._saved_at_ctrl_c(self._save_within_epoch):
            self._train_epoch()
            if not units.examples and self.budget.spent >= 1:
                return False
            seconds = units.seconds
            held_out_loss = self._close_epoch()
        tokens = round(units.items_done * self.raw_per_item)
        epoch = Epoch(float(units.losses.sum()), units.examples, tokens, seconds, held_out_loss)
        with self._saved_at_ctrl_c(_refuse_to_save):
            state.end_epoch(epoch)
            _log(state.epochs, self.schedule)
            if self.patience:
                self.patience.add(held_out_loss)
        with self._saved_at_ctrl_c(self._save):
            self.callback.epoch_end(epoch)
            if saver.due_after(len(state.epochs)) and not self._is_over():
                self._try_to(self._save)
        return True

    def _work_units(self, *chunk_seconds: float) -> WorkUnits:
        plan = self.plan
        workers, budget, state = plan.workers, self.budget, self.state
        if plan.division is None:
            return WorkUnits(plan.chunks, plan.offsets, workers, budget, state, *chunk_seconds)
        epoch = self.schedule.first_epoch + len(state.epochs)
        order = epoch_order(plan.division.groups, self.engine.seed, epoch)
        return ConflictFreeUnits(plan.division, order, workers, budget, state, *chunk_seconds)

    def _is_over(self) -> bool:
        no_time = self.budget.spent >= 1 and not len(self.state.losses)
        enough = len(self.state.epochs) == self.schedule.epochs
        return enough or no_time or (self.patience is not None and self.patience.is_over)

    def _train_epoch(self) -> None:
        units, schedule, number = self.units, self.schedule, len(self.state.epochs)
        progress = (number + units.before[:-1] / units.before[-1]) / schedule.epochs

        def rates(first: int, last: int) -> NDArray[np.float32]:
            return schedule.rates(progress[first:last], self.budget.spent)

        def show() -> None:
            items = number * int(units.before[-1]) + units.items_done
            self.bar.update(int(items * self.raw_per_item) - self.bar.n)

        while not units.over:
            units.pause_from(self.saver.due_at)
            self.saver.is_current = False
            _run_pass(self.engine, self.workers, units, schedule.first_epoch + number, rates, show)
            if not units.over:
                self._try_to(self._save_within_epoch)

    def _close_epoch(self) -> float:
        """Check the matrices and return the held-out loss, NaN if nothing is held out."""
        with self.budget.closing():
            self.engine.check_finite()
            return self._held_out_loss() if len(self.plan.held_out) else math.nan

    def _held_out_loss(self) -> float:
        """Return the mean loss of the held-out units, with the same random draws whenever it is measured.

        They are trained at rate 0: each row keeps its value (the sign of a zero may change).
        """
        plan = self.plan
        units = WorkUnits(plan.held_out, plan.offsets, len(self.workers), Budget(), State())
        _run_pass(self.engine, self.workers, units, HELD_OUT_EPOCH, _rate_0, lambda: None)
        if not units.examples:
            raise ValueError(
                f"none of the {len(plan.held_out)} held-out units gives an example: "
                f"{self.engine.why_no_examples()}; or give a larger held_out"
            )
        return float(units.losses.sum()) / units.examples

    # -- saving ---------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        """Save the state; OSError if that fails."""
        state, patience = self.state, self.patience
        state.elapsed, state.reserve = self.budget.elapsed, self.budget.reserve
        state.best_rows = patience.best_rows if patience and not state.finished else ()
        self.saver.write(state)

    def _save_within_epoch(self) -> None:
        units, state = self.units, self.state
        if not units.is_whole:
            raise ValueError("a chunk was half trained when training stopped")
        state.losses, state.skipped = units.losses[: units.next], np.array(units.skipped, np.int64)
        state.examples, state.seconds = units.examples, units.seconds
        self._save()

    def _finish(self) -> None:
        if self.patience and self.state.epochs:
            best = self.patience.restore()
            logger.info("the vectors are those of epoch %d of %d", best, len(self.state.epochs))
        self.state.finished = True
        self._save()

    def _try_to(self, save: Callable[[], None]) -> None:
        """Save the state with `save`. If that fails, warn and return."""
        try:
            save()
        except OSError as error:
            self.saver.warn_not_saved(error, continues=not self.state.finished)

    @contextmanager
    def _saved_at_ctrl_c(self, save: Callable[[], None]) -> Iterator[None]:
        """At Ctrl-C, save the state with `save`. If that fails, warn; Ctrl-C is raised in any case."""
        try:
            yield
        except KeyboardInterrupt:
            try:
                save()
            except (OSError, ValueError) as error:
                self.saver.warn_not_saved(error, continues=False)
            raise


def _refuse_to_save() -> None:
    raise ValueError("training stopped at the end of an epoch, perhaps while the best rows were copied")


def _log(epochs: Sequence[Epoch], schedule: Schedule) -> None:
    epoch = epochs[-1]
    held_out = "" if math.isnan(epoch.held_out_loss) else f", {epoch.held_out_loss:.4f} held out"
    logger.info(
        "epoch %d of %d: loss %.4f%s, %.0f tokens/s",
        len(epochs),
        schedule.epochs,
        epoch.mean_loss,
        held_out,
        epoch.tokens / epoch.seconds,
    )


def _rate_0(first: int, last: int) -> NDArray[np.float32]:
    return np.zeros(last - first, dtype=np.float32)


# -- threads ------------------------------------------------------------------------------------------------------


def _run_pass(
    engine: Engine,
    workers: Sequence[Worker],
    units: WorkUnits,
    epoch: int,
    rates: Callable[[int, int], NDArray[np.float32]],
    show: Callable[[], None],
) -> None:
    """Train the work units on all workers until they end.

    epoch: key of the draws. rates: returns the rates of the chunks first … last. show: updates the progress bar.
    """

    def train(worker: Worker, first: int, last: int) -> None:
        start = time.perf_counter()
        examples = worker.train(
            epoch, first, units.chunks[first:last], rates(first, last), units.losses[first:last]
        )
        units.done(first, last, examples, time.perf_counter() - start)

    def train_work_units(worker: Worker) -> None:
        worker.merge()  # nothing but workers reads or changes the matrices until all have merged again
        try:
            for first, last in units:
                train(worker, first, last)
        finally:
            worker.merge()

    rounds = engine.plan.rounds
    if rounds is None:
        jobs = [partial(train_work_units, worker) for worker in workers]
        _run_threads(engine.task, jobs, units, show, lambda: None)
    else:
        threads = RoundThreads(workers, units.in_rounds(rounds), train, rates)
        _run_threads(engine.task, threads.jobs, units, show, threads.abort)


def _run_threads(
    task: Task,
    jobs: Sequence[Callable[[], None]],
    units: WorkUnits,
    show: Callable[[], None],
    abort: Callable[[], None],
) -> None:
    """Run each job on its own thread.

    show: called ten times a second. abort: releases jobs that wait for a failed one.
    """

    def work(job: Callable[[], None], end: threading.Event) -> None:
        try:
            job()
        except BaseException as error:
            units.fail(error)
            abort()
        finally:
            end.set()

    # Before Python 3.13, a join() that Ctrl-C interrupts marks the thread as ended. So join only ended threads.
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
                show()
                if units.budget.spent >= 1:
                    task.stop()
        show()
    except BaseException:
        units.is_whole = False
        units.pause_from(-math.inf)
        try:
            units.is_whole = _all_end(ends, STOP_SECONDS) and units.error is None
        finally:
            task.stop()
            if any(thread.ident is None for thread in threads):
                abort()
        raise
    finally:
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    if units.error is not None:
        raise units.error


def _all_end(ends: Sequence[threading.Event], seconds: float) -> bool:
    """Whether all threads end within `seconds`."""
    deadline = time.perf_counter() + seconds
    return all(end.wait(max(0.0, deadline - time.perf_counter())) for end in ends)
