"""A file of vectors and a file of text for the commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wildvec.demo import toy
from wildvec.io import save


@pytest.fixture
def vectors(tmp_path: Path) -> str:
    path = tmp_path / "v.wv"
    matrix = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1], [-1, 0, 0]], np.float32)
    save(path, ["man", "woman", "king", "queen", "new york"], matrix, np.array([5, 4, 3, 2, 1]))
    return str(path)


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("text") / "toy.txt"
    path.write_text("".join(" ".join(s) + "\n" for s in toy.sentences(100_000)), encoding="utf-8")
    return str(path)


@pytest.fixture
def run_wildvec():
    """Run a command line in another process. stdin is empty; redirect: in the words of the shell, as `>&-`."""

    def run(*arguments: object, redirect: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "wildvec", *map(str, arguments)]
        if redirect:
            command = ["sh", "-c", f'exec "$0" "$@" {redirect}', *command]
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            env={**os.environ, **environment},
        )

    return run
