"""Train the same corpus with wildvec and each peer, in turns, and print the ratios.

    WILDVEC_DATA=… python benchmarks/compare.py --peer gensim=/path/to/python --seeds 5
    python benchmarks/compare.py --corpus my.txt --model cbow --systems wildvec,wildvec:update=pair,gensim

A system is a driver, drivers/train_<name>.py, and what it is told beyond the common settings: NAME:KEY=VALUE:….
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
    parser.add_argument(
        "--systems",
        default="wildvec,gensim",
        help="a,b,… each NAME:KEY=VALUE:…, where KEY is a setting of that system, `corpus`, `given` "
        "(file, lines, lists: how it gets the corpus) or, in capitals, a variable of its environment",
    )
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--corpus", default="wiki8", help="wiki8 (of $WILDVEC_DATA), zipf-WORDS or a file")
    parser.add_argument("--limit-mb", type=float, help="only the first megabytes of the corpus")
    parser.add_argument(
        "--warm-mb", type=int, default=0, help="memory to have at hand before each run (see README)"
    )
    parser.add_argument("--model", choices=("sg", "cbow"), default="sg")
    parser.add_argument("--hs", action="store_true", help="hierarchical softmax, no negatives")
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--alpha", default="0.025", help="or several, a,b,…: each system at each")
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
        "epochs": chosen.epochs,
        "workers": chosen.workers,
        "sg": int(chosen.model == "sg"),
        "hs": int(chosen.hs),
        "negative": 0 if chosen.hs else 5,
        "window": 5,
        "sample": 1e-3,
        "min_count": chosen.min_count,
        "corpus": chosen.corpus,
        "limit_mb": chosen.limit_mb,
        "warm_mb": chosen.warm_mb,
        **({} if "," in chosen.alpha else {"alpha": float(chosen.alpha)}),
    }


def named_systems(chosen: argparse.Namespace) -> list[str]:
    """The systems asked for, each at every alpha where there are several."""
    systems, alphas = chosen.systems.split(","), chosen.alpha.split(",")
    if len(alphas) == 1:
        return systems
    return [f"{name}:alpha={alpha}" for name in systems for alpha in alphas]


def parse_system(system: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    """(driver, settings, environment) of NAME:KEY=VALUE:…; values are JSON (true, 0.05) or else strings."""
    name, *pairs = system.split(":")
    settings: dict[str, Any] = {}
    environment: dict[str, str] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key.isupper():
            environment[key] = value
            continue
        try:
            settings[key] = json.loads(value.lower())
        except json.JSONDecodeError:
            settings[key] = value
    return f"train_{name}", settings, environment


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
    driver, extra, environment = parse_system(system)
    told = {**settings, **extra}
    path, tokens = data.corpus(told["corpus"], told.pop("limit_mb"))
    measure.warm_memory(told.pop("warm_mb"))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "vectors.bin"
        told |= {"corpus": str(path), "tokens": tokens, "output": str(output)}
        run = measure.run_driver(interpreter, driver, told, environment)
        figures = {
            "system": system,
            "seed": told["seed"],
            "tokens": tokens,
            "vector_size": told["vector_size"],
            **run.answer,
            "tokens_per_second": tokens * told["epochs"] / run.answer["train_seconds"],
            "whole_seconds": run.seconds,
            "cpu_seconds": run.cpu_seconds,
            "peak_anonymous_mb": run.peak_anonymous_mb,
        }
        return {**figures, **(quality(output) if with_quality else {})}


def row(cells: list[str]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


Runs = dict[str, list[dict[str, Any]]]  # by system, in the order of the turns


def table(of: Runs) -> list[str]:
    """Medians of speed and memory, means and spreads of quality."""
    measured = [name for name in QUALITY if name in next(iter(of.values()))[0]]
    lines = [
        row(["median / mean ± sd", *SPEED, *measured]),
        row(["---"] * (1 + len(SPEED) + len(measured))),
    ]
    for name, runs in of.items():
        cells = [form.format(median(run[key] for run in runs)) for key, form in SPEED.items()]
        for key in measured:
            values = [run[key] for run in runs]
            spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
            cells.append(f"{mean(values):.1f}{spread}")
        lines.append(row([f"{name} {runs[0]['version']}", *cells]))
    return lines


def ratios(of: Runs) -> list[str]:
    """How much better the first system is than each other, turn by turn."""
    lines = []
    first, *others = of
    for other in others:
        for key in SPEED:
            pairs = zip(of[first], of[other], strict=True)
            less_is_better = key != "tokens_per_second"
            values = [
                b[key] / a[key] if less_is_better else a[key] / b[key] for a, b in pairs if a[key] and b[key]
            ]
            if values:
                spread = f"({min(values):.2f} … {max(values):.2f})"
                lines.append(f"{key}: {first} is {median(values):.2f}x as good as {other} {spread}")
    return lines


def best_alphas(of: Runs) -> list[str]:
    """Per system and measure of quality, the alpha of the highest mean."""
    lines = []
    for system in dict.fromkeys(name.rpartition(":alpha=")[0] for name in of):
        swept = {
            name.rpartition("=")[2]: runs
            for name, runs in of.items()
            if name.rpartition(":alpha=")[0] == system
        }
        for key in (key for key in QUALITY if key in next(iter(swept.values()))[0]):
            best = max(swept, key=lambda alpha: mean(run[key] for run in swept[alpha]))
            lines.append(f"{key}: {system} is best at alpha {best}")
    return lines


def memory_target(run: dict[str, Any]) -> str:
    """What a run may take: both matrices, the tokens, and a base."""
    padded = -(-run["vector_size"] // 16) * 16
    target = (1.1 * (2 * run["words"] * padded * 4 + 4 * run["tokens"]) + 80e6) / 1e6
    return f"memory target of {run['system']}, 1.1 (2 V pad16(D) 4 + 4 tokens) + 80 MB: {target:.0f} MB"


def main() -> None:
    """Measure and report."""
    chosen = options()
    interpreters = measure.find_interpreters(named_systems(chosen), chosen.peer)
    if not interpreters:
        raise SystemExit("no system to measure")
    settings = common_settings(chosen)
    head = {"machine": measure.machine(), "settings": settings}
    print(json.dumps(head), flush=True)
    of: Runs = {name: [] for name in interpreters}
    for seed in range(1, chosen.seeds + 1):
        for _ in range(chosen.rounds):
            for system, interpreter in interpreters.items():
                figures = one_run(system, interpreter, {**settings, "seed": seed}, not chosen.no_quality)
                of[system].append(figures)
                rounded = {k: round(v, 2) if isinstance(v, float) else v for k, v in figures.items()}
                print(json.dumps(rounded), flush=True)
                if chosen.json:  # after each run, so that none is lost with a long sweep
                    chosen.json.write_text(json.dumps({**head, "runs": of}, indent=1))
    compared = best_alphas(of) if "," in chosen.alpha else ratios(of)
    print("\n".join([*table(of), *compared, memory_target(next(iter(of.values()))[0])]))


if __name__ == "__main__":
    main()
