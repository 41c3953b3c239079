"""Print GB/s and percent of the FMA peak below the table of pytest-benchmark."""

from __future__ import annotations

from typing import Any

RATES: list[str] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the rates that the tests have added."""
    if RATES:
        terminalreporter.section("rates")
        terminalreporter.write_line("\n".join(RATES))
