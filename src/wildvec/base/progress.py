"""Progress bars: shown only on a terminal and only after two seconds. They leave no thread behind."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any

DELAY_SECONDS = 2


class progress_bar:  # noqa: N801 (used like a function, as `open` is)
    """A tqdm bar with rate and remaining time, for a `with` statement. Short work shows no bar.

    total: the whole amount, None if unknown. description, unit: texts. initial: the amount that was done before;
    it does not count for the rate. The attribute `n` is the amount done.

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
        """Add n to the amount done."""
        self.n += n
        if self._bar is not None:
            self._bar.update(n)
        elif perf_counter() - self._start > DELAY_SECONDS and sys.stderr is not None and sys.stderr.isatty():
            self._bar = _open_bar(self.n, **self._options)

    def __enter__(self) -> progress_bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _open_bar(done: int, **options: Any) -> Any:
    from tqdm import tqdm  # imported late: loading tqdm takes longer than reading a small corpus

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # tqdm's monitor thread would outlive the work

    return Bar(initial=done, unit_scale=True, dynamic_ncols=True, **options)
