"""Run fastText's own unit tests against wildvec.compat.fasttext.

    python tests/compat/run_fasttext_tests.py                  # installs fasttext-community in a temporary folder
    python tests/compat/run_fasttext_tests.py SITE_PACKAGES    # a folder that holds the package fasttext
    python tests/compat/run_fasttext_tests.py --original       # the 83 tests of Facebook's package, of fasttext-wheel

Prints how many tests passed, and each test that did not, with the reason. Exit code 1: one without a known reason
failed. Exit code 2: the package cannot be installed. The tests need no compiled code of fastText, so its wheel is
unpacked without its dependencies.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from wildvec.compat import fasttext

PACKAGE, ORIGINAL = "fasttext-community", "fasttext-wheel"
GENERATED = """
from fasttext.tests import gen_unit_tests

TestGenerated = gen_unit_tests()
"""
NOT_INSTALLED = 2  # exit code
# (pattern of test names, reason): the first pattern that is found in a name counts.
REASONS = (
    (
        r"build_args|train_resets_cache|get_word_vector_size_mismatch|unsupervised_autotune",
        "it uses fastText's compiled module",
    ),
    (
        r"predict_dim_mismatch|training_thread_error",
        "set_matrices refuses matrices that do not fit each other",
    ),
    (r"autotune_error_raises", "a label that does not exist is a ValueError, not a RuntimeError"),
    (r"autotune_restores_sigint", "it imports the package fasttext in another process"),
    (r"^test_util.py$", "it needs the package requests"),
    (r"authentication_forwarding", "it needs pytest-mock"),
    (r"download", "wildvec downloads nothing"),
)


class Results:
    """A pytest plugin that keeps the outcome of each test, and the message of those that failed."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.messages: dict[str, str] = {}

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._keep(report.nodeid, "failed", report)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome != "passed":
            self._keep(report.nodeid, report.outcome, report)

    def _keep(self, name: str, outcome: str, report: Any) -> None:
        name = name.rpartition("/")[2]
        self.outcomes[name] = outcome
        lines = str(report.longrepr).splitlines()
        errors = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
        self.messages[name] = (errors or lines or [""])[0][:150]


def reason_of(name: str) -> str:
    """Return why a test is known to fail, "" if it is not."""
    return next((reason for pattern, reason in REASONS if re.search(pattern, name)), "")


def run(site_packages: Path, options: list[str]) -> Results:
    """Run the tests of the package in a folder."""
    fasttext.install_as_fasttext()
    fasttext.__path__.append(str(site_packages / "fasttext"))  # for its subpackage tests
    results = Results()
    tests = site_packages / "fasttext" / "tests"
    with tempfile.TemporaryDirectory() as folder:
        if "gen_unit_tests" in (tests / "__init__.py").read_text():
            tests = Path(folder, "test_generated.py")
            tests.write_text(GENERATED)
        _run_pytest(tests, site_packages, options, results)
    return results


def _run_pytest(tests: Path, site_packages: Path, options: list[str], results: Results) -> None:
    command = [
        str(tests),
        "-q",
        "--no-header",
        "--tb=short",
        "--continue-on-collection-errors",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
    ]
    pytest.main([*command, "--rootdir", str(site_packages), "-c", "/dev/null", *options], plugins=[results])


def report(results: Results) -> int:
    """Print all results; return the number of failures without a known reason."""
    counts = Counter(results.outcomes.values())
    numbers = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))
    print(f"\n{len(results.outcomes)} tests: {numbers}")
    unknown = 0
    for name, outcome in sorted(results.outcomes.items()):
        if outcome == "failed":
            reason = reason_of(name)
            unknown += not reason
            print(f"  {name}: {reason or f'NOT EXPECTED: {results.messages[name]}'}")
        elif outcome == "passed" and reason_of(name):
            print(f"  {name}: passed, although {reason_of(name)}")
    return unknown


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "site_packages", nargs="?", type=Path, help="a folder that holds the package fasttext"
    )
    parser.add_argument("--original", action="store_true", help="the tests of Facebook's package")
    args, options = parser.parse_known_args()
    if args.site_packages:
        return min(1, report(run(args.site_packages, options)))
    with tempfile.TemporaryDirectory() as folder:
        package = ORIGINAL if args.original else PACKAGE
        install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, package]
        if subprocess.run(install).returncode:
            print(f"{package} cannot be installed here")
            return NOT_INSTALLED
        return min(1, report(run(Path(folder), options)))


if __name__ == "__main__":
    sys.exit(main())
