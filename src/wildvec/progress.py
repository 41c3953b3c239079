"""Progress bars: on a terminal only, after two seconds, and no thread of theirs stays behind."""

from __future__ import annotations

from typing import Any


def progress_bar(total: float | None, description: str, unit: str, initial: int = 0) -> Any:
    """A tqdm bar with rate and ETA, `initial` units of which were done before; use it in a `with` statement."""
    from tqdm import tqdm  # here, because it doubles the time of `import wildvec`

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # tqdm's monitor thread would outlive the work

    return Bar(
        total=total,
        initial=initial,
        desc=description,
        unit=unit,
        unit_scale=True,
        disable=None,
        delay=2,
        dynamic_ncols=True,
    )
