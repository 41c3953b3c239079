"""Threads. In: a step and items. Out: the results in order, with Ctrl-C handled; also the number of CPUs to use."""

from __future__ import annotations

import math
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast

from wildvec.base.checks import checked, whole

Item = TypeVar("Item")
Result = TypeVar("Result")

WORKERS = whole(1, 1_000, none="all CPUs")
AHEAD = 2  # items in the queue beyond those that threads work on
WAKE_SECONDS = 0.1  # the longest delay of Ctrl-C


def default_workers() -> int:
    """Return the number of CPUs that this process may use, at least 1. CPU affinity and cgroup quota count.

    >>> default_workers() >= 1
    True
    """
    if hasattr(os, "process_cpu_count"):
        cpus = os.process_cpu_count() or 1
    elif hasattr(os, "sched_getaffinity"):
        cpus = len(os.sched_getaffinity(0))
    else:
        cpus = os.cpu_count() or 1
    return max(1, math.ceil(min(cpus, _cgroup_quota())))


def check_workers(workers: int | None) -> int:
    """Return `workers`, or the default for None. ValueError or TypeError: it is not a number from 1 to 1,000."""
    number: int | None = checked("workers", workers, WORKERS)
    return default_workers() if number is None else number


def _cgroup_quota(root: Path = Path("/sys/fs/cgroup")) -> float:
    """Return the CPU quota of the container, in CPUs (cgroup v2, then v1); infinity without a limit."""
    try:
        quota, period = (root / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return math.inf
    try:
        cpus = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max" means no limit
        return math.inf
    return cpus if cpus > 0 else math.inf


class Stoppable(Protocol):
    """An object of the C core with methods that return soon after `stop`, until `stop(False)`."""

    def stop(self, stop: bool = True) -> None:
        """Stop its methods, or allow them to run."""


class StopEvent(threading.Event):
    """An event that also stops running methods of an object."""

    def __init__(self, stopped: Stoppable) -> None:
        super().__init__()
        self._stopped = stopped

    def set(self) -> None:
        """Set the event, and stop the object."""
        super().set()
        self._stopped.stop()

    def clear(self) -> None:
        """Clear the event, and allow the object to run."""
        super().clear()
        self._stopped.stop(False)


class _Task(Generic[Item, Result]):
    """One item, and its result or error once a thread has run the step."""

    def __init__(self, item: Item) -> None:
        self.item: Item | None = item
        self.done = threading.Event()
        self.error: BaseException | None = None
        self._result: Result | None = None

    def run(self, step: Callable[[Item], Result], caught: type[BaseException] = BaseException) -> None:
        """Run the step. `result` raises errors of the class `caught` later; others are raised here."""
        try:
            self._result = step(cast(Item, self.item))
        except caught as error:
            self.error = error
        self.item = None
        self.done.set()

    def result(self) -> Result:
        while not self.done.wait(WAKE_SECONDS):
            pass  # a wait without a timeout cannot be interrupted by Ctrl-C on every system
        if self.error is not None:
            raise self.error
        return cast(Result, self._result)


def in_order(
    steps: Sequence[Callable[[Item], Result]],
    items: Iterable[Item],
    stop: threading.Event | None = None,
    caller_works: bool = True,
) -> Generator[Result, None, None]:
    """Run each item through one of the steps, on one thread per step; yield the results in the order of the items.

    The calling thread reads `items`, at most AHEAD items more than there are steps. If there are several steps, it
    also runs the first of them while the queue is full, unless caller_works is False. Ctrl-C is noticed between two
    of its steps, so give False if a step may take longer than a tenth of a second. An exception in `items`, in a step
    or in the caller ends all threads before it is raised. Close the generator if you stop before its end. stop: an
    event that is set at the end or at an error; a long step should look at it and return early.

    >>> list(in_order([abs, abs], [-3, 1, -2]))
    [3, 1, 2]
    """
    tasks: queue.SimpleQueue[_Task[Item, Result] | None] = queue.SimpleQueue()
    pending: deque[_Task[Item, Result]] = deque()
    threads: list[threading.Thread] = []
    stop = threading.Event() if stop is None else stop
    n_own = int(caller_works and len(steps) > 1)
    callers_step, other_steps = (steps[0] if n_own else None), steps[n_own:]

    def work(step: Callable[[Item], Result]) -> None:
        while (task := tasks.get()) is not None:
            if not stop.is_set():
                task.run(step)

    def next_result() -> Result:
        with suppress(queue.Empty):
            if callers_step and not pending[0].done.is_set() and (task := tasks.get_nowait()) is not None:
                task.run(callers_step, caught=Exception)  # Ctrl-C is raised here at once
        return pending.popleft().result()

    try:
        for item in items:
            if len(threads) < len(other_steps):
                step = other_steps[len(threads)]
                thread = threading.Thread(target=work, args=(step,), daemon=True)
                thread.start()
                threads.append(thread)
            pending.append(_Task(item))
            tasks.put(pending[-1])
            while len(pending) > len(steps) + AHEAD or (pending and pending[0].done.is_set()):
                yield next_result()
        while pending:
            yield next_result()
    finally:
        stop.set()
        for _ in threads:
            tasks.put(None)
        for thread in threads:
            thread.join()
