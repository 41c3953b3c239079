"""Run a driver as a process. In: its settings. Out: its figures, its time and its peak of anonymous memory."""

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

    cpu_seconds: float  # user and system, all threads; 0 on Windows
    seconds: float  # from start to end, including interpreter start and imports
    peak_anonymous_mb: float  # RssAnon, without mapped files and shared libraries; 0 outside Linux
    figures: dict[str, Any]  # the JSON that the driver printed


def anonymous_mb(pid: int) -> float:
    """Return RssAnon of a running process in MB (10**6 bytes), 0 if it cannot be read."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(s.split()[1]) * 1.024e-3 for s in status.splitlines() if s[:8] == "RssAnon:"), 0.0)


def children_cpu_seconds() -> float:
    """Return the CPU time of all child processes that have ended, in seconds."""
    if resource is None:
        return 0.0
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def warm_memory(mb: int) -> None:
    """Allocate `mb` megabytes, touch every page and free them.

    A virtual machine may have returned free memory to its host. Getting it back page by page is slow and would be
    measured.
    """
    if mb:
        with mmap.mmap(-1, mb * 10**6) as pages:
            for at in range(0, len(pages), mmap.PAGESIZE):
                pages[at] = 0


def run_driver(
    interpreter: str, driver: str, settings: dict[str, Any], environment: dict[str, str] | None = None
) -> Run:
    """Run drivers/<driver>.py with the settings as JSON. The last line of its output is JSON, too."""
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
    """Return the interpreter of each system PACKAGE:…: the given one, or this one if it can import PACKAGE."""
    chosen = dict(pair.split("=", 1) for pair in given)
    if "glove" in chosen:  # a folder of programs, and no Python package
        os.environ["GLOVE_BUILD"] = chosen["glove"]
        chosen["glove"] = sys.executable
    for name in names:
        package = name.partition(":")[0]
        if package in chosen:
            chosen[name] = chosen[package]
        elif subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True).returncode:
            print(
                f"skipped {package}: it is not installed here; give its interpreter with --peer {package}=PYTHON"
            )
        else:
            chosen[name] = sys.executable
    return {name: chosen[name] for name in names if name in chosen}


def machine() -> str:
    """Return the processor, the number of cores that this process may use, and the Python version."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(s.split(": ", 1)[1] for s in lines if s.startswith("model name"))
    except (OSError, StopIteration):
        model = "unknown processor"
    return f"{model}, {cores} cores, Python {sys.version.split()[0]}"
