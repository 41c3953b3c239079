"""Run gensim's tutorial scripts on wildvec, as they are, and say which run to the end.

    python tests/compat/run_gensim_tutorials.py FOLDER
    python tests/compat/run_gensim_tutorials.py FOLDER --text text8 --only run_word2vec

FOLDER: docs/src/gallery/tutorials of gensim's repository (run_word2vec.py, run_fasttext.py, run_doc2vec_lee.py).
gensim must be installed for its test data, and scikit-learn, pandas and POT for the scripts. The import of gensim is
`install_as_gensim`. Downloads are replaced: the vectors of "word2vec-google-news-300" by random ones of the words in
the script, "text8" by --text (default: gensim's Lee corpus). Plots are not shown.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np

TUTORIALS = ("run_word2vec", "run_fasttext", "run_doc2vec_lee")
SECONDS = 3600


def replace_downloads(script: str, text: Path) -> None:
    """Make gensim.downloader return local data."""
    from wildvec.compat.gensim.keyedvectors import KeyedVectors

    words = sorted(set(re.findall(r"[A-Za-z]+", script)) - {"cameroon"})

    def load(name: str) -> Any:
        if name == "text8":
            return types.SimpleNamespace(fn=str(text))
        vectors = KeyedVectors(vector_size=50)
        vectors.add_vectors(words, np.random.default_rng(1).normal(size=(len(words), 50)).astype(np.float32))
        return vectors

    downloader = types.ModuleType("gensim.downloader")
    downloader.load = load  # type: ignore[attr-defined]
    sys.modules["gensim.downloader"] = downloader


def hide_plots() -> None:
    """Make modules that draw accept every call and do nothing."""
    sys.modules.update(
        {name: MagicMock() for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.image")}
    )


def run_script(path: Path, text: Path | None) -> None:
    """Run one script in this process."""
    from wildvec.compat.gensim.install import install_as_gensim

    install_as_gensim()
    import gensim
    from gensim.test.utils import datapath

    script = path.read_text(encoding="utf-8")
    replace_downloads(script, text or Path(datapath("lee_background.cor")))
    gensim.downloader = sys.modules["gensim.downloader"]
    hide_plots()
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module  # as if it were run from the command line
    exec(compile(script, str(path), "exec"), vars(module))


def main() -> int:
    """Run the scripts, each in a process and an empty folder; return 1 if one fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--text", type=Path, help="a text of about 100 MB in place of text8")
    parser.add_argument("--only", choices=TUTORIALS)
    parser.add_argument("--script", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    text = args.text.resolve() if args.text else None
    if args.script:
        run_script(args.script, text)
        return 0
    failed = 0
    for name in [args.only] if args.only else TUTORIALS:
        script = (args.folder / f"{name}.py").resolve()
        command = [
            sys.executable,
            str(Path(__file__).resolve()),
            str(args.folder.resolve()),
            "--script",
            str(script),
        ]
        with tempfile.TemporaryDirectory() as folder:
            more = ["--text", str(text)] if text else []
            done = subprocess.run(
                [*command, *more], cwd=folder, capture_output=True, text=True, timeout=SECONDS
            )
        print(f"{name}: {'ran to the end' if done.returncode == 0 else 'FAILED'}")
        if done.returncode:
            failed += 1
            print(done.stderr[-2000:])
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
