"""Compare text classifiers: accuracy and CPU seconds of training (text to model) and of prediction, in turns.

    python benchmarks/classifiers.py --peer fasttext=peers/bin/python --peer vowpalwabbit=peers/bin/python

All systems get the same files: lower case, punctuation split off, lines shuffled. All use words and pairs of words.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

DRIVERS = Path(__file__).resolve().parent / "drivers"
SETS = ("imdb", "trec", "mr")


def main() -> None:
    """Run all systems on all data sets and print a table."""
    args = _parse()
    pythons = {"wildvec": sys.executable, **dict(peer.split("=", 1) for peer in args.peer)}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.sets:
            train, test = prepare(name, Path(args.data), Path(folder))
            runs: dict[str, list[dict[str, Any]]] = {system: [] for system in pythons}
            for seed in range(1, args.seeds + 1):
                for system, python in pythons.items():
                    runs[system].append(run(system, python, train, test, seed, args))
            report(name, runs)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("WILDVEC_DATA", "data"), help="folder with docs/")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--options", action="append", default=[], metavar="NAME=JSON", help="settings of a system"
    )
    return parser.parse_args()


def run(
    system: str, python: str, train: Path, test: Path, seed: int, args: argparse.Namespace
) -> dict[str, Any]:
    """Train and test one system in a process of its own; return its figures."""
    options = {name: json.loads(text) for name, text in (given.split("=", 1) for given in args.options)}
    settings = {
        "train": str(train),
        "test": str(test),
        "epochs": args.epochs,
        "workers": args.workers,
        "seed": seed,
        "options": options.get(system, {}),
    }
    command = [python, str(DRIVERS / f"classify_{system}.py"), json.dumps(settings)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: dict[str, Any] = json.loads(output.splitlines()[-1])
    return figures


def report(name: str, runs: dict[str, list[dict[str, Any]]]) -> None:
    """Print the mean and the range of accuracies, the fastest CPU seconds, and ratios to wildvec."""
    best = {s: {key: min(r[key] for r in of) for key in ("train", "predict")} for s, of in runs.items()}
    for system, of_system in runs.items():
        accuracies = [100 * figures["accuracy"] for figures in of_system]
        ratios = [best[system][key] / best["wildvec"][key] for key in ("train", "predict")]
        print(
            f"{name:5} {system:13} accuracy {statistics.mean(accuracies):.2f} ({min(accuracies):.2f} to "
            f"{max(accuracies):.2f}), train {best[system]['train']:.2f} s ({ratios[0]:.1f}x), "
            f"predict {best[system]['predict']:.3f} s ({ratios[1]:.1f}x)  {of_system[0]['version']}",
            flush=True,
        )


def prepare(name: str, data: Path, folder: Path) -> tuple[Path, Path]:
    """Write the training and the test set in fastText's format and return their paths."""
    paths = []
    for part in ("train", "test"):
        lines = [f"__label__{label} {normalize(text)}\n" for label, text in read(name, part, data / "docs")]
        if part == "train":
            random.Random(1).shuffle(lines)
        paths.append(folder / f"{name}.{part}.txt")
        paths[-1].write_text("".join(lines), "utf-8")
    return paths[0], paths[1]


def read(name: str, part: str, docs: Path) -> list[tuple[str, str]]:
    """Return labels and texts."""
    if name == "imdb":
        with tarfile.open(docs / "imdb.tar.xz") as archive:
            member = next(m for m in archive.getmembers() if m.name.endswith(f"{part}.tsv"))
            file = archive.extractfile(member)
            assert file
            rows = [line.split("\t") for line in file.read().decode().rstrip("\n").split("\n")]
        return [(row[0], row[3]) for row in rows]
    if name == "trec":
        lines = (docs / f"TREC.{part}.all").read_text("latin-1").rstrip("\n").split("\n")
        return [(label.partition(":")[0], text) for label, text in (line.split(" ", 1) for line in lines)]
    texts = (docs / f"mr_text_{part}.txt").read_text("latin-1").rstrip("\n").split("\n")
    labels = (docs / f"mr_label_{part}.txt").read_text("latin-1").rstrip("\n").split("\n")
    return list(zip(labels, texts, strict=True))


def normalize(text: str) -> str:
    """Return lower case with punctuation split off, as in fastText's examples."""
    text = re.sub(r"<br\s*/?>", " ", text.lower())
    return " ".join(re.sub(r"([.!?,'/()])", r" \1 ", text).split())


if __name__ == "__main__":
    main()
