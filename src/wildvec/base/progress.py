"""Progress bars: on a terminal only, after two seconds, and no thread of theirs stays behind."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any

DELAY_SECONDS = 2


class progress_bar:  # noqa: N801 (used like a function, as `open` is)
    """A tqdm bar with rate and ETA, once the work has lasted a while; use it in a `with` statement.

    initial: how much was done before, which does not count for the rate. n: how much is done.

    >>> with progress_bar(10, "reading", "B") as bar:
    ...     bar.update(3)
    >>> bar.n
    3
    """

    def __init__(self, total: float | None, description: str, unit: str, initial: int = 0) -> None:
        self.n = initial
        self._options = {"total": total, "desc": description, "unit": unit}
        self._start = perf_counter()
        self._bar: Any = None

    def update(self, n: int) -> None:
        """So much more is done."""
        self.n += n
        if self._bar is not None:
            self._bar.update(n)
        elif perf_counter() - self._start > DELAY_SECONDS and sys.stderr is not None and sys.stderr.isatty():
            self._bar = _tqdm(self.n, **self._options)

    def __enter__(self) -> progress_bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _tqdm(done: int, **options: Any) -> Any:
    from tqdm import tqdm  # here, because it takes longer to load than a small corpus to read

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # tqdm's monitor thread would outlive the work

    return Bar(initial=done, unit_scale=True, dynamic_ncols=True, **options)
