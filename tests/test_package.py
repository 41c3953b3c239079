"""What is installed: versions that agree, types, no C sources, and an import that stays light."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distributions
from pathlib import Path

import wildvec

PROJECT = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
INSTALLED = Path(wildvec.__file__).parent


def installed() -> list[Distribution]:
    """The wheel or editable install, if any; not the build's egg-info beside the sources."""
    return [d for d in distributions(name="wildvec") if d.read_text("RECORD") is not None]


def test_versions_agree():
    assert wildvec.__version__ == PROJECT["version"]
    for distribution in installed():
        assert distribution.version == PROJECT["version"]
        assert distribution.metadata["License-Expression"] == "Apache-2.0"


def test_numpy_and_tqdm_are_all_it_needs():
    assert {need.partition(">=")[0] for need in PROJECT["dependencies"]} == {"numpy", "tqdm"}


def test_types_are_installed():
    assert (INSTALLED / "py.typed").exists()
    for module in ("_text", "_train", "_search", "_cooccur"):
        assert (INSTALLED / f"{module}.pyi").exists(), module


def test_no_sources_of_the_core_are_installed():
    for distribution in installed():
        files = [str(file) for file in distribution.files or []]
        assert not [f for f in files if f.endswith((".c", ".h", ".pyx", ".inc.h"))]
        assert not [f for f in files if f.startswith(("tests", "benchmarks", "csrc"))]


def test_import_brings_nothing_heavy():
    code = (
        "import json, sys, numpy, logging; before = set(sys.modules); import wildvec;"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    brought = {name.partition(".")[0] for name in json.loads(done.stdout)} - {"wildvec"}
    heavy = {
        *("tqdm", "argparse", "asyncio", "multiprocessing", "http", "ssl", "socket"),
        *("xml", "unittest", "ctypes", "matplotlib", "scipy", "pandas", "pyarrow"),
    }
    assert not brought & heavy
