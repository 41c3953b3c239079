"""Run a driver in a process of its own: its answer, its time, its peak of anonymous memory."""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

DRIVERS = Path(__file__).resolve().parent / "drivers"
POLL_SECONDS = 0.01


@dataclass
class Run:
    """One finished process."""

    cpu_seconds: float  # of all threads, user and system; 0 on Windows
    seconds: float  # from its start to its end, interpreter and imports included
    peak_anonymous_mb: float  # RssAnon: without mapped files and shared libraries; 0 outside Linux
    answer: dict[str, Any]  # what the driver printed


def anonymous_mb(pid: int) -> float:
    """RssAnon of a running process in MB (10**6 bytes), 0 when it cannot be read."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(s.split()[1]) * 1.024e-3 for s in status.splitlines() if s[:8] == "RssAnon:"), 0.0)


def children_cpu_seconds() -> float:
    """What all ended child processes have used so far."""
    if resource is None:
        return 0.0
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def warm_memory(mb: int) -> None:
    """Touch so much memory and give it back, so that the system has it at hand.

    A virtual machine may return free memory to its host, and then gets it back page by page, far more slowly.
    """
    if mb:
        with mmap.mmap(-1, mb * 10**6) as pages:
            for at in range(0, len(pages), mmap.PAGESIZE):
                pages[at] = 0


def run_driver(
    interpreter: str, driver: str, settings: dict[str, Any], environment: dict[str, str] | None = None
) -> Run:
    """Run drivers/<driver>.py with the settings as JSON; its last line of output is JSON too."""
    command = [interpreter, str(DRIVERS / f"{driver}.py"), json.dumps(settings)]
    peak = 0.0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        used_before, started = children_cpu_seconds(), time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=log, env={**os.environ, **(environment or {})})
        while process.poll() is None:
            peak = max(peak, anonymous_mb(process.pid))
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - started
        out.seek(0)
        log.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}\n{log.read().decode(errors='replace')}")
        cpu_seconds = children_cpu_seconds() - used_before
        return Run(cpu_seconds, seconds, peak, json.loads(out.read().splitlines()[-1]))


def find_interpreters(names: list[str], given: list[str]) -> dict[str, str]:
    """The interpreter of each system (PACKAGE or PACKAGE:…): as given, else this one if it can import PACKAGE."""
    chosen = dict(pair.split("=", 1) for pair in given)
    for name in names:
        package = name.partition(":")[0]
        if package in chosen:
            chosen[name] = chosen[package]
        elif subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True).returncode:
            print(f"{package} is not installed here; name its interpreter: --peer {package}=PYTHON")
        else:
            chosen[name] = sys.executable
    return {name: chosen[name] for name in names if name in chosen}


def machine() -> str:
    """The processor and the cores this process may use, for the head of a report."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(s.split(": ", 1)[1] for s in lines if s.startswith("model name"))
    except (OSError, StopIteration):
        model = "unknown processor"
    return f"{model}, {cores} cores, Python {sys.version.split()[0]}"
