"""Threads: how many this process may use, and running a step on all of them in order."""

from __future__ import annotations

import math
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar, cast

from wildvec.base.checks import checked, whole

Item = TypeVar("Item")
Result = TypeVar("Result")

WORKERS = whole(1, 1_000, none="all CPUs")
AHEAD = 2  # items that are ready for a worker before it is
WAKE_SECONDS = 0.1  # how late Ctrl-C may come


def default_workers() -> int:
    """The CPUs that this process may use: affinity and cgroup quota counted in, at least 1.

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
    """`workers` itself if it is a number of threads, the default for None; ValueError or TypeError otherwise."""
    number: int | None = checked("workers", workers, WORKERS)
    return default_workers() if number is None else number


def _cgroup_quota(root: Path = Path("/sys/fs/cgroup")) -> float:
    """CPUs' worth of time that the container grants (cgroup v2, then v1); infinity if no limit."""
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


class _Task(Generic[Item, Result]):
    """One item on its way through a worker."""

    def __init__(self, item: Item) -> None:
        self.item: Item | None = item
        self.done = threading.Event()
        self.error: BaseException | None = None
        self._result: Result | None = None

    def run(self, step: Callable[[Item], Result], keeps: type[BaseException] = BaseException) -> None:
        """Take the step; errors of the kind `keeps` wait for whoever asks for the result."""
        try:
            self._result = step(cast(Item, self.item))
        except keeps as error:
            self.error = error
        self.item = None
        self.done.set()

    def result(self) -> Result:
        while not self.done.wait(WAKE_SECONDS):
            pass  # awake for Ctrl-C, also where waiting cannot be interrupted
        if self.error is not None:
            raise self.error
        return cast(Result, self._result)


def in_order(
    steps: Sequence[Callable[[Item], Result]], items: Iterable[Item]
) -> Generator[Result, None, None]:
    """Run each item through one of the steps, each on a thread of its own; yield results in order.

    The calling thread reads `items`, at most AHEAD items more than there are steps; where there are
    several steps it takes the first of them while that many wait. An exception in `items`, in a step
    or in the caller ends the threads before it goes on; close the iterator if you leave early.

    >>> list(in_order([abs, abs], [-3, 1, -2]))
    [3, 1, 2]
    """
    tasks: queue.SimpleQueue[_Task[Item, Result] | None] = queue.SimpleQueue()
    waiting: deque[_Task[Item, Result]] = deque()
    threads: list[threading.Thread] = []
    stop = threading.Event()

    def work(step: Callable[[Item], Result]) -> None:
        while (task := tasks.get()) is not None:
            if not stop.is_set():
                task.run(step)

    own, others = (steps[0], steps[1:]) if len(steps) > 1 else (None, steps)

    def help_out() -> None:
        with suppress(queue.Empty):
            if own is not None and not waiting[0].done.is_set() and (task := tasks.get_nowait()) is not None:
                task.run(own, keeps=Exception)  # Ctrl-C is raised here, not when the result is asked for

    try:
        for item in items:
            if len(threads) < len(others):
                step = others[len(threads)]
                thread = threading.Thread(target=work, args=(step,), daemon=True)
                thread.start()
                threads.append(thread)
            waiting.append(_Task(item))
            tasks.put(waiting[-1])
            while len(waiting) > len(steps) + AHEAD or (waiting and waiting[0].done.is_set()):
                help_out()
                yield waiting.popleft().result()
        while waiting:
            help_out()
            yield waiting.popleft().result()
    finally:
        stop.set()
        for _ in threads:
            tasks.put(None)
        for thread in threads:
            thread.join()
