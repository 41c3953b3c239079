"""Run gensim's own unit tests against wildvec.compat.gensim.

    python tests/compat/run_gensim_tests.py                    # installs gensim in a temporary environment
    python tests/compat/run_gensim_tests.py --here             # uses the gensim that is installed already
    python tests/compat/run_gensim_tests.py --here word2vec phrases --repeat 3

Prints how many tests passed, and each test that did not, with the reason. Exit code 1: one without a known reason
failed, or code of gensim was tested instead of wildvec's. Exit code 2: gensim cannot be installed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import wildvec

TESTS = ("word2vec", "keyedvectors", "fasttext", "doc2vec", "phrases")
PACKAGES = ("gensim>=4.4,<4.5", "testfixtures", "POT", "scipy", "tqdm", "pytest")
PLUGIN = "wildvec.compat.gensim.pytest_plugin"
NOT_INSTALLED = 2  # exit code
WRONG_MODULES = 3  # exit code of the plugin
# (pattern of test names, reason): the first pattern that is found in a name counts.
REASONS: tuple[tuple[str, str], ...] = ()


@dataclass
class Result:
    """The outcome of one test. message: the error of a test that failed, the reason of one that was skipped."""

    outcome: str
    message: str


def reason_of(name: str) -> str:
    """Return why a test is known to fail, "" if it is not."""
    return next((reason for pattern, reason in REASONS if re.search(pattern, name)), "")


def make_environment(folder: Path) -> Path | None:
    """Install gensim and its tests' requirements in a folder; return the interpreter, or None if that fails."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    commands = (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "-q", "--only-binary=:all:", *PACKAGES],
    )
    return python if all(subprocess.run(command).returncode == 0 for command in commands) else None


def packages_of(python: Path) -> str:
    """Return the folder of the packages of an interpreter."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def run(python: Path, names: list[str], options: list[str]) -> tuple[dict[str, Result], int]:
    """Run tests of gensim; return their results and pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        # Processes that a test starts import wildvec's classes too.
        Path(folder, "sitecustomize.py").write_text(
            "from wildvec.compat.gensim import install_as_gensim\ninstall_as_gensim()\n"
        )
        results, work = Path(folder, "results.xml"), Path(folder, "work")
        work.mkdir()
        paths = [folder, str(Path(wildvec.__file__).parents[1])]
        command = [str(python), "-m", "pytest", "-p", PLUGIN, "--pyargs"]
        command += [f"gensim.test.test_{name}" for name in names]
        command += [
            "-q",
            "--no-header",
            "--tb=no",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore",
            "-c",
            os.devnull,
        ]
        command += [
            f"--junit-xml={results}",
            "--continue-on-collection-errors",
            "--rootdir",
            packages_of(python),
        ]
        command += options
        code = subprocess.run(
            command, cwd=work, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        ).returncode
        return (read_results(results) if results.exists() else {}), code


def read_results(path: Path) -> dict[str, Result]:
    """Return the results in a file of pytest by test name: module::class::function."""
    results = {}
    for case in ET.parse(path).iter("testcase"):
        name = "::".join(
            (*case.get("classname", "").removeprefix("gensim.test.").split("."), case.get("name", ""))
        )
        found = {child.tag: child.get("message") or "" for child in case}
        outcome = next((tag for tag in ("failure", "error", "skipped") if tag in found), "passed")
        kind = {"failure": "failed", "error": "failed"}.get(outcome, outcome)
        results[name] = Result(kind, found.get(outcome, "").split("\n")[0][:200])
    return results


def report(results: dict[str, Result]) -> int:
    """Print all results; return the number of failures without a known reason."""
    counts = Counter(result.outcome for result in results.values())
    numbers = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))
    print(f"\n{len(results)} tests: {numbers}")
    unknown = 0
    for name, result in sorted(results.items()):
        reason = reason_of(name)
        if result.outcome == "failed":
            unknown += not reason
            print(f"  {name}: {reason or f'NOT EXPECTED: {result.message}'}")
        elif result.outcome == "skipped":
            print(f"  {name}: skipped: {result.message}")
        elif reason:
            print(f"  {name}: passed, although {reason}")
    return unknown


def run_repeatedly(python: Path, args: argparse.Namespace, options: list[str]) -> int:
    """Run the tests as often as the user wants; return the exit code."""
    failed = False
    for _ in range(args.repeat):
        results, code = run(python, args.names or list(TESTS), options)
        if code == WRONG_MODULES or not results:
            print("gensim's own code was tested" if results else "no test ran")
            failed = True
        failed |= report(results) > 0
    return int(failed)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"test modules; default: {' '.join(TESTS)}")
    parser.add_argument("--here", action="store_true", help="use the environment of this interpreter")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="run the tests N times")
    args, options = parser.parse_known_args()
    if args.here:
        return run_repeatedly(Path(sys.executable), args, options)
    with tempfile.TemporaryDirectory() as folder:
        python = make_environment(Path(folder))
        if python is None:
            print("gensim cannot be installed here")
            return NOT_INSTALLED
        return run_repeatedly(python, args, options)


if __name__ == "__main__":
    sys.exit(main())
