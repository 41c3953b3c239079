"""Progress bars: on a terminal only, after two seconds, and no thread of theirs stays behind."""

from __future__ import annotations

from typing import Any


def progress_bar(total: float | None, description: str, unit: str) -> Any:
    """A tqdm bar with rate and ETA; use it in a `with` statement."""
    from tqdm import tqdm  # here, because it doubles the time of `import wildvec`

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # tqdm's monitor thread would outlive the work

    return Bar(
        total=total,
        desc=description,
        unit=unit,
        unit_scale=True,
        disable=None,
        delay=2,
        dynamic_ncols=True,
    )
