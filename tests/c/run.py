"""Compile the C core with each tests/c/test_*.c, run them under the sanitizers, print the counts.

    python tests/c/run.py                      # AddressSanitizer + UBSan, then ThreadSanitizer
    python tests/c/run.py --modes plain        # no sanitizer (also: address, thread)
    python tests/c/run.py --neon               # cross-compiled for AArch64, run under QEMU
    python tests/c/run.py --only search        # one test program

Needs gcc or clang on Linux or macOS; `--neon` needs aarch64-linux-gnu-gcc and qemu-aarch64-static.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"
FLAGS = [
    *("-std=c11", "-D_POSIX_C_SOURCE=200809L", "-ffp-contract=off", "-fno-math-errno", "-g"),
    *("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wvla", "-Wmissing-prototypes", "-Werror"),
    *("-Wno-unknown-pragmas", "-Wno-variadic-macros", f"-I{CSRC}", f"-I{HERE}", "-pthread"),
]
MODES = {
    "plain": ["-O2"],
    "address": ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "thread": ["-O0", "-fsanitize=thread"],  # optimised code lacks the stack frames that tsan.supp names
    "neon": ["-O2", "-static"],
}
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    # Report every race at an address: different tests reuse the same memory.
    "TSAN_OPTIONS": "halt_on_error=1:history_size=7:suppress_equal_addresses=0"
    f":suppressions={HERE / 'tsan.supp'}",
}
JOBS = 2
TIMEOUT_SECONDS = 600


def compile_one(command: list[str]) -> None:
    """Run one compiler command. SystemExit with the messages of the compiler: it failed."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")


def build(compiler: str, mode: str, tests: list[Path], folder: Path) -> list[Path]:
    """Compile the core once and link it to every test; return the programs, in the order of `tests`."""
    flags = [*FLAGS, *MODES[mode]]
    core = sorted(CSRC.rglob("*.c"))
    objects = {c: folder / f"core_{number}.o" for number, c in enumerate(core)}
    programs = {test: folder / test.stem for test in tests}
    with ThreadPoolExecutor(JOBS) as pool:
        compiling = [[compiler, *flags, "-c", str(c), "-o", str(o)] for c, o in objects.items()]
        list(pool.map(compile_one, compiling))
        core_and_math = [*map(str, objects.values()), "-lm"]
        linking = [
            [compiler, *flags, str(test), *core_and_math, "-o", str(program)]
            for test, program in programs.items()
        ]
        list(pool.map(compile_one, linking))
    return list(programs.values())


def launcher(mode: str) -> list[str]:
    """Return the command that starts a program of this mode."""
    if mode == "neon":
        return ["qemu-aarch64-static", "-cpu", "max"]
    # ThreadSanitizer of older compilers fails on kernels with many bits of address randomisation.
    fixed_addresses = ["setarch", "--addr-no-randomize"]
    if mode == "thread" and shutil.which("setarch"):
        probe = subprocess.run([*fixed_addresses, "true"], capture_output=True)
        return fixed_addresses if probe.returncode == 0 else []
    return []


def run(program: Path, mode: str) -> tuple[int, int]:
    """Run one program; return its counts (passed, failed). A crash or a report of a sanitizer is a failure."""
    done = subprocess.run(
        [*launcher(mode), str(program)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        env=os.environ | SANITIZER_ENVIRONMENT,
    )
    counts = re.search(r"(\d+) passed, (\d+) failed", done.stdout)
    passed, failed = map(int, counts.groups()) if counts else (0, 0)
    if done.returncode or not counts:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        failed = max(failed, 1)
    print(f"{mode:8} {program.name:20} {passed} passed, {failed} failed", flush=True)
    return passed, failed


def main() -> int:
    """Run the tests that the command line selects; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modes", default="address,thread", help="of plain, address, thread")
    parser.add_argument("--neon", action="store_true", help="cross-compile for AArch64 instead")
    parser.add_argument("--cc", help="compiler (default: gcc, with --neon aarch64-linux-gnu-gcc)")
    parser.add_argument("--only", default="", help="part of a test's name")
    options = parser.parse_args()
    modes = ["neon"] if options.neon else options.modes.split(",")
    compiler = options.cc or ("aarch64-linux-gnu-gcc" if options.neon else "gcc")
    tests = sorted(test for test in HERE.glob("test_*.c") if options.only in test.stem)
    total = [0, 0]
    for mode in modes:
        with tempfile.TemporaryDirectory(prefix="wildvec-c-") as folder:
            for program in build(compiler, mode, tests, Path(folder)):
                passed, failed = run(program, mode)
                total[0] += passed
                total[1] += failed
    print(f"C core: {total[0]} passed, {total[1]} failed")
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    raise SystemExit(main())
