"""Compare Doc2Vec with gensim's: speed on some reviews of IMDB in turns, and the test error of ours on all of them.

    python benchmarks/documents.py --peer gensim=peers/bin/python

Reviews are lower-case words and punctuation, shuffled. Settings are those of gensim's notebook on IMDB (20 epochs;
PV-DM with window=10 and alpha=0.05). Speed: raw tokens per CPU second of training, without reading,
and of inference. Error: logistic regression (scikit-learn) on the vectors of the 25,000 training reviews, tested on
25,000 others; once with trained vectors, once with those inferred in one call, with as many epochs as in training.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from measure import find_interpreters, machine, run_driver

TOKEN = re.compile(r"\w+|[^\w\s]")
PARTS = ("train", "test", "unsup")
RATES = ("train", "infer", "infer_wall")  # tokens per second: of the CPUs, the same, by the clock
MODELS: dict[str, dict[str, Any]] = {
    "DBOW": {"dm": 0},
    "DM/mean": {"dm": 1, "dm_mean": 1, "window": 10, "alpha": 0.05},
    "DM/concat": {"dm": 1, "dm_concat": 1},
}


def main() -> None:
    """Print speeds, ratios and errors."""
    args = _parse()
    systems = find_interpreters(["wildvec", "gensim"], args.peer)
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        corpus, labels = prepare(Path(args.data), Path(folder))
        for name in args.models:
            speeds: dict[str, list[dict[str, Any]]] = {system: [] for system in systems}
            for _ in range(args.repeats):
                for system, python in systems.items():
                    speeds[system].append(run(python, system, name, corpus, args, n=args.part, epochs=1))
            report_speed(name, speeds)
            if args.epochs:
                figures = run(
                    systems["wildvec"], "wildvec", name, corpus, args, epochs=args.epochs, labels=labels
                )
                print(
                    f"{name:9} wildvec error {figures['error']:.2f}% with trained vectors, "
                    f"{figures['inferred_error']:.2f}% with inferred ones",
                    flush=True,
                )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("WILDVEC_DATA", "data"), help="folder with docs/")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--models", nargs="+", default=["DBOW", "DM/mean"], choices=MODELS)
    parser.add_argument("--part", type=int, default=10_000, help="reviews for the speed")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20, help="for the error; 0: measure the speed only")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--alpha", type=float, help="of all models, instead of their own")
    parser.add_argument("--window", type=int, help="the same")
    return parser.parse_args()


def run(
    python: str, system: str, model: str, corpus: str, args: argparse.Namespace, **settings: Any
) -> dict[str, Any]:
    """Return the figures of one run."""
    options = {
        "vector_size": 100,
        "negative": 5,
        "min_count": 2,
        "sample": 0,
        **MODELS[model],
    }
    options |= {key: value for key in ("alpha", "window") if (value := getattr(args, key)) is not None}
    settings = {"corpus": corpus, "workers": args.workers, "options": options, **settings}
    return run_driver(python, f"documents_{system}", settings).figures


def report_speed(name: str, speeds: dict[str, list[dict[str, Any]]]) -> None:
    """Print the median speeds, and their ratios to those of wildvec."""
    median = {
        system: {key: statistics.median(run[key] for run in runs) for key in RATES}
        for system, runs in speeds.items()
    }
    for system, speed in median.items():
        ratios = [median["wildvec"][key] / speed[key] for key in RATES]
        print(
            f"{name:9} {system:8} {speed['train'] / 1e6:.3f}M tokens per CPU second in training ({ratios[0]:.1f}x), "
            f"{speed['infer'] / 1e6:.3f}M in inference ({ratios[1]:.1f}x; {ratios[2]:.1f}x by the clock)  "
            f"{speeds[system][0]['version']}",
            flush=True,
        )


def prepare(data: Path, folder: Path) -> tuple[str, str]:
    """Write the reviews, one a line, and the label of each; return both paths."""
    reviews = []
    with tarfile.open(data / "docs" / "imdb.tar.xz") as archive:
        for part in PARTS:
            member = next(m for m in archive.getmembers() if m.name.endswith(f"{part}.tsv"))
            file = archive.extractfile(member)
            assert file
            for line in file.read().decode().rstrip("\n").split("\n"):
                label, _, _, text = line.split("\t", 3)
                reviews.append((" ".join(TOKEN.findall(text.lower())), part, label))
    random.Random(1).shuffle(reviews)
    corpus, labels = folder / "reviews.txt", folder / "labels.json"
    corpus.write_text("".join(f"{text}\n" for text, _, _ in reviews), "utf-8")
    labels.write_text(json.dumps([(part, label) for _, part, label in reviews]))
    return str(corpus), str(labels)


if __name__ == "__main__":
    sys.exit(main())
