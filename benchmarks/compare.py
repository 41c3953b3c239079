"""Train the same corpus with wildvec and each peer, in turns, and print the ratios.

    WILDVEC_DATA=… python benchmarks/compare.py --peer gensim=/path/to/python --seeds 5
    python benchmarks/compare.py --corpus my.txt --model cbow --systems wildvec,wildvec-pair,gensim

Each run is a process of its own: file → vocabulary → training → saved vectors. Turns go A B A B, so
that a machine whose speed wanders treats all alike; ratios are taken within a turn. All vectors are
judged by one evaluator, wildvec's. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import data
import measure
import numpy as np

# A system is a driver and what it is told beyond the common settings.
SYSTEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "wildvec": ("train_wildvec", {}),
    "wildvec-pair": ("train_wildvec", {"update": "pair"}),
    "gensim": ("train_gensim", {}),
    "gensim-iterable": ("train_gensim", {"iterable": True}),
}
# Figure → how it is printed. All are compared as ratios; of the first, more is better.
SPEED = {
    "tokens_per_second": "{:,.0f}",
    "scan_seconds": "{:.2f}",
    "whole_seconds": "{:.2f}",
    "cpu_seconds": "{:.2f}",
    "peak_anonymous_mb": "{:.0f}",
}
QUALITY = ("semantic", "syntactic", "analogies", "ws353", "simlex")
FREQUENT_WORDS = 30_000


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--systems", default="wildvec,gensim", help=", ".join(SYSTEMS))
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--corpus", default="wiki8", help="wiki8 (of $WILDVEC_DATA) or a text file")
    parser.add_argument("--limit-mb", type=float, help="only the first megabytes of the corpus")
    parser.add_argument("--model", choices=("sg", "cbow"), default="sg")
    parser.add_argument("--hs", action="store_true", help="hierarchical softmax, no negatives")
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--alpha", type=float, default=0.025)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1, help="seeds 1 … N, each in all systems")
    parser.add_argument("--rounds", type=int, default=1, help="turns per seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-quality", action="store_true", help="speed and memory only")
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    return parser.parse_args()


def common_settings(chosen: argparse.Namespace) -> dict[str, Any]:
    """What every driver is told, in the names that gensim and wildvec share."""
    return {
        "vector_size": chosen.vector_size,
        "alpha": chosen.alpha,
        "epochs": chosen.epochs,
        "workers": chosen.workers,
        "sg": int(chosen.model == "sg"),
        "hs": int(chosen.hs),
        "negative": 0 if chosen.hs else 5,
        "window": 5,
        "sample": 1e-3,
        "min_count": 5,
    }


def quality(vectors: Path) -> dict[str, float]:
    """Percent of analogies answered (30,000 most frequent words), Spearman × 100 of word pairs."""
    from wildvec import KeyedVectors

    wv = KeyedVectors.load_word2vec_format(str(vectors), binary=True)
    folder = data.data_folder() / "eval"
    _, sections = wv.evaluate_word_analogies(
        str(folder / "questions-words.txt"), restrict_vocab=FREQUENT_WORDS
    )
    right, asked = {True: 0, False: 0}, {True: 0, False: 0}
    for section in sections:
        if section["section"] != "Total accuracy":
            syntactic = section["section"].startswith("gram")
            right[syntactic] += len(section["correct"])
            asked[syntactic] += len(section["correct"]) + len(section["incorrect"])
    scores = {
        "semantic": right[False] / max(1, asked[False]),
        "syntactic": right[True] / max(1, asked[True]),
        "analogies": sum(right.values()) / max(1, sum(asked.values())),
    }
    for name, file in (("ws353", "wordsim353.tsv"), ("simlex", "simlex999.txt")):
        _, spearman, _ = wv.evaluate_word_pairs(str(folder / file))
        scores[name] = float(np.ravel(spearman)[0])
    return {name: 100 * score for name, score in scores.items()}


def one_run(system: str, interpreter: str, settings: dict[str, Any], with_quality: bool) -> dict[str, Any]:
    """Train once with one system; all its figures."""
    driver, extra = SYSTEMS[system]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "vectors.bin"
        run = measure.run_driver(interpreter, driver, {**settings, **extra, "output": str(output)})
        figures = {
            "system": system,
            "seed": settings["seed"],
            **run.answer,
            "tokens_per_second": settings["tokens"] * settings["epochs"] / run.answer["train_seconds"],
            "whole_seconds": run.seconds,
            "cpu_seconds": run.cpu_seconds,
            "peak_anonymous_mb": run.peak_anonymous_mb,
        }
        return {**figures, **(quality(output) if with_quality else {})}


def row(cells: list[str]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def report(runs: list[dict[str, Any]], systems: list[str], settings: dict[str, Any]) -> str:
    """Medians of speed and memory, means of quality, and ratios taken turn by turn."""
    of = {name: [run for run in runs if run["system"] == name] for name in systems}
    measured = [name for name in QUALITY if name in runs[0]]
    lines = [
        row(["median / mean ± sd", *SPEED, *measured]),
        row(["---"] * (1 + len(SPEED) + len(measured))),
    ]
    for name in systems:
        cells = [form.format(median(run[key] for run in of[name])) for key, form in SPEED.items()]
        for key in measured:
            values = [run[key] for run in of[name]]
            spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
            cells.append(f"{mean(values):.1f}{spread}")
        lines.append(row([f"{name} {of[name][0]['version']}", *cells]))
    first, *others = systems
    for other in others:
        for key in SPEED:
            pairs = zip(of[first], of[other], strict=True)
            less_is_better = key != "tokens_per_second"
            ratios = [
                b[key] / a[key] if less_is_better else a[key] / b[key] for a, b in pairs if a[key] and b[key]
            ]
            if ratios:
                spread = f"({min(ratios):.2f} … {max(ratios):.2f})"
                lines.append(f"{key}: {first} is {median(ratios):.2f}x as good as {other} {spread}")
    padded = -(-settings["vector_size"] // 16) * 16
    weights = 2 * runs[0]["words"] * padded * 4
    target = (1.1 * (weights + 4 * settings["tokens"]) + 80e6) / 1e6
    lines.append(f"memory target, 1.1 (2 V pad16(D) 4 + 4 tokens) + 80 MB: {target:.0f} MB")
    return "\n".join(lines)


def main() -> None:
    """Measure and report."""
    chosen = options()
    interpreters = measure.find_interpreters(chosen.systems.split(","), chosen.peer)
    if not interpreters:
        raise SystemExit("no system to measure")
    path, tokens = data.corpus(chosen.corpus, chosen.limit_mb)
    settings = {**common_settings(chosen), "corpus": str(path), "tokens": tokens}
    print(f"{measure.machine()}\n{json.dumps(settings)}", flush=True)
    runs = []
    for seed in range(1, chosen.seeds + 1):
        for _ in range(chosen.rounds):
            for system, interpreter in interpreters.items():
                figures = one_run(system, interpreter, {**settings, "seed": seed}, not chosen.no_quality)
                runs.append(figures)
                rounded = {k: round(v, 2) if isinstance(v, float) else v for k, v in figures.items()}
                print(json.dumps(rounded), flush=True)
    print(report(runs, list(interpreters), settings))
    if chosen.json:
        chosen.json.write_text(
            json.dumps({"machine": measure.machine(), "settings": settings, "runs": runs}, indent=1)
        )


if __name__ == "__main__":
    main()
