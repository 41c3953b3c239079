"""Append figures to the CSV files in benchmarks/results. In: dicts of figures. Out: one row for each.

A file has one header line. Its columns decide which figures are kept; a figure that is missing stays empty.
"""

from __future__ import annotations

import csv
import datetime
import subprocess
from pathlib import Path
from typing import Any

import measure

RESULTS = Path(__file__).resolve().parent / "results"


def commit() -> str:
    """Return the short hash of HEAD, with "+" if tracked files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(RESULTS), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/", f":!{RESULTS}")
        return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def format_figure(value: float) -> str:
    """Format a number with four digits, without an exponent."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def append(file: str, figures: dict[str, Any]) -> None:
    """Append one row to results/<file>.csv; date, machine and commit are added."""
    path = RESULTS / f"{file}.csv"
    with path.open(newline="", encoding="utf-8") as existing:
        columns = next(csv.reader(existing))
    figures = {
        "date": datetime.date.today().isoformat(),
        "machine": measure.machine(),
        "commit": commit(),
        **{
            key: format_figure(value) if isinstance(value, float) else value for key, value in figures.items()
        },
    }
    with path.open("a", newline="", encoding="utf-8") as rows:
        writer = csv.DictWriter(rows, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writerow(figures)


def append_run(figures: dict[str, Any], settings: str, with_quality: bool) -> None:
    """Append one run of compare.py to speed.csv and, if its vectors were evaluated, to quality.csv."""
    system = f"{figures['system']} {figures['version']}"
    append("speed", {**figures, "system": system, "settings": settings, "turns": 1})
    if with_quality:
        append("quality", {**figures, "system": system, "settings": settings, "seeds": 1})
