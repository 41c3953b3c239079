"""Prints GB/s and percent of the FMA peak under pytest-benchmark's own table."""

from __future__ import annotations

from typing import Any

RATES: list[str] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The rates that the tests have noted."""
    if RATES:
        terminalreporter.section("rates")
        terminalreporter.write_line("\n".join(RATES))
