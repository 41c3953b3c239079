"""Train the same corpus with wildvec and other systems in turns. Out: speed, memory, quality and their ratios.

    WILDVEC_DATA=… python benchmarks/compare.py --peer gensim=/path/to/python --seeds 5
    python benchmarks/compare.py --corpus my.txt --model cbow --systems wildvec,wildvec:update=pair,gensim

A system is NAME:KEY=VALUE:…, a driver (drivers/train_<name>.py) and its own settings. Each run is a process: file,
vocabulary, training, saved vectors. Systems take turns (A B A B), because the speed of a machine changes with time.
Ratios are taken within a turn. wildvec evaluates the vectors of all systems. benchmarks/README.md has the details.
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
import record

# Figure → print format. The first is better when higher, the others when lower.
SPEED = {
    "tokens_per_second": "{:,.0f}",
    "scan_seconds": "{:.2f}",
    "whole_seconds": "{:.2f}",
    "cpu_seconds": "{:.2f}",
    "peak_anonymous_mb": "{:.0f}",
}
WORD_PAIRS = {"ws353": "wordsim353.tsv", "simlex": "simlex999.txt", "rw": "EN-RW-STANFORD.txt"}
RARE_WORDS = ("rw_in", "rw_out")  # the pairs of two known words, and the others, of systems with n-grams
QUALITY = ("semantic", "syntactic", "analogies", *WORD_PAIRS, *RARE_WORDS)
FREQUENT_WORDS = 30_000

Runs = dict[str, list[dict[str, Any]]]  # system → figures of each of its runs, in the order of the turns


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--systems",
        default="wildvec,gensim",
        help="a,b,… each NAME:KEY=VALUE:…; KEY is a setting of that system, `corpus`, `given` (the form of the "
        "corpus: file, lines or lists) or, in capitals, an environment variable",
    )
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="its interpreter; glove: the folder of Stanford's programs",
    )
    parser.add_argument("--corpus", default="wiki8", help="wiki8 (of $WILDVEC_DATA), zipf-WORDS or a file")
    parser.add_argument("--limit-mb", type=float, help="use only the first megabytes of the corpus")
    parser.add_argument("--warm-mb", type=int, default=0, help="memory to touch before each run (see README)")
    parser.add_argument("--model", choices=("sg", "cbow", "fasttext", "glove"), default="sg")
    parser.add_argument("--hs", action="store_true", help="hierarchical softmax without negatives")
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument(
        "--alpha", default="0.025", help="one, or several (a,b,…): each system with each of them"
    )
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1, help="use the seeds 1 … N in all systems")
    parser.add_argument("--rounds", type=int, default=1, help="turns per seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-quality", action="store_true", help="measure speed and memory only")
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    parser.add_argument("--results", action="store_true", help="append every run to benchmarks/results/*.csv")
    return parser.parse_args()


def common_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of every driver, under the names that gensim and wildvec share."""
    of_all = {
        "vector_size": args.vector_size,
        "epochs": args.epochs,
        "workers": args.workers,
        "min_count": args.min_count,
        "corpus": args.corpus,
        "limit_mb": args.limit_mb,
        "warm_mb": args.warm_mb,
        **({} if "," in args.alpha else {"alpha": float(args.alpha)}),
    }
    if args.model == "glove":
        return {**of_all, "class": "GloVe", "window": 10, "x_max": 10.0}
    ngrams = {"class": "FastText", "min_n": 3, "max_n": 6, "bucket": 2_000_000}
    return {
        **of_all,
        **(ngrams if args.model == "fasttext" else {}),
        "sg": int(args.model != "cbow"),
        "hs": int(args.hs),
        "negative": 0 if args.hs else 5,
        "window": 5,
        "sample": 1e-3,
    }


def list_systems(args: argparse.Namespace) -> list[str]:
    """Return the systems to run, each with every alpha if there are several."""
    systems, alphas = args.systems.split(","), args.alpha.split(",")
    if len(alphas) == 1:
        return systems
    return [f"{name}:alpha={alpha}" for name in systems for alpha in alphas]


def parse_system(system: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Split NAME:KEY=VALUE:… into (driver, settings, environment). Values are JSON (true, 0.05), else strings."""
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


def measure_quality(vectors: Path) -> dict[str, float]:
    """Return the percentage of correct analogies (30,000 most frequent words) and Spearman × 100 of word pairs."""
    from wildvec import KeyedVectors

    wv = KeyedVectors.load_word2vec_format(str(vectors), binary=True)
    folder = data.data_folder() / "eval"
    _, sections = wv.evaluate_word_analogies(
        str(folder / "questions-words.txt"), restrict_vocab=FREQUENT_WORDS
    )
    correct, total = {True: 0, False: 0}, {True: 0, False: 0}
    for section in sections:
        if section["section"] != "Total accuracy":
            syntactic = section["section"].startswith("gram")
            correct[syntactic] += len(section["correct"])
            total[syntactic] += len(section["correct"]) + len(section["incorrect"])
    scores = {
        "semantic": correct[False] / max(1, total[False]),
        "syntactic": correct[True] / max(1, total[True]),
        "analogies": sum(correct.values()) / max(1, sum(total.values())),
    }
    for name, file in WORD_PAIRS.items():
        _, spearman, _ = wv.evaluate_word_pairs(str(folder / file))
        scores[name] = float(np.ravel(spearman)[0])
    rare = vectors.with_suffix(".words")
    if rare.exists():
        scores |= measure_rare_words(wv, KeyedVectors.load_word2vec_format(str(rare), binary=True))
    return {name: 100 * score for name, score in scores.items()}


def measure_rare_words(known: Any, rare: Any) -> dict[str, float]:
    """Return Spearman of the pairs of rare words that are both known, and of the other pairs.

    known, rare: KeyedVectors of the vocabulary and of all words of the pairs, which n-grams give vectors.
    """
    lines = (data.data_folder() / "eval" / WORD_PAIRS["rw"]).read_text(encoding="utf-8").splitlines()
    scores = {}
    for name in RARE_WORDS:
        pairs = [line.lower().split("\t")[:3] for line in lines]
        pairs = [p for p in pairs if (p[0] in known and p[1] in known) == (name == "rw_in")]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "pairs.tsv"
            file.write_text("\n".join("\t".join(pair) for pair in pairs), encoding="utf-8")
            scores[name] = float(np.ravel(rare.evaluate_word_pairs(str(file))[1])[0])
    return scores


def run_once(system: str, interpreter: str, settings: dict[str, Any], with_quality: bool) -> dict[str, Any]:
    """Train once with one system and return all figures of the run."""
    driver, own_settings, environment = parse_system(system)
    settings = {**settings, **own_settings}
    path, tokens = data.corpus(settings["corpus"], settings.pop("limit_mb"))
    measure.warm_memory(settings.pop("warm_mb"))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "vectors.bin"
        settings |= {"corpus": str(path), "tokens": tokens, "output": str(output)}
        if "min_n" in settings and with_quality:
            settings["words"] = str(data.data_folder() / "eval" / WORD_PAIRS["rw"])
        run = measure.run_driver(interpreter, driver, settings, environment)
        figures = {
            "system": system,
            "seed": settings["seed"],
            "tokens": tokens,
            "vector_size": settings["vector_size"],
            "tokens_per_second": tokens * settings["epochs"] / run.figures["train_seconds"],
            "whole_seconds": run.seconds,
            "cpu_seconds": run.cpu_seconds,
            "peak_anonymous_mb": run.peak_anonymous_mb,
            **run.figures,  # a driver that measures its own processes also gives times
        }
        return {**figures, **(measure_quality(output) if with_quality else {})}


def table_row(cells: list[str]) -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def table(runs: Runs) -> list[str]:
    """Return a table: medians of speed and memory, means and standard deviations of quality."""
    measured = [name for name in QUALITY if name in next(iter(runs.values()))[0]]
    lines = [
        table_row(["median / mean ± sd", *SPEED, *measured]),
        table_row(["---"] * (1 + len(SPEED) + len(measured))),
    ]
    for name, of_system in runs.items():
        cells = [form.format(median(run[key] for run in of_system)) for key, form in SPEED.items()]
        for key in measured:
            values = [run[key] for run in of_system]
            spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
            cells.append(f"{mean(values):.1f}{spread}")
        lines.append(table_row([f"{name} {of_system[0]['version']}", *cells]))
    return lines


def ratios(runs: Runs) -> list[dict[str, Any]]:
    """Return how many times better the first system is than each other system: median and range over the turns."""
    rows = []
    first, *others = runs
    for other in others:
        for figure in SPEED:
            pairs = [(a[figure], b[figure]) for a, b in zip(runs[first], runs[other], strict=True)]
            values = [a / b if figure == "tokens_per_second" else b / a for a, b in pairs if a and b]
            if values:
                rows.append(
                    {
                        "system": first,
                        "compared_with": f"{other} {runs[other][0]['version']}",
                        "figure": figure,
                        "turns": len(values),
                        "ratio": median(values),
                        "low": min(values),
                        "high": max(values),
                    }
                )
    return rows


def ratio_line(row: dict[str, Any]) -> str:
    """Describe one row of `ratios`."""
    return "{figure}: {system} is {ratio:.2f}x as good as {compared_with} ({low:.2f} … {high:.2f})".format(
        **row
    )


def best_alphas(runs: Runs) -> list[str]:
    """Return, for each system and measure of quality, the alpha with the highest mean."""
    lines = []
    for system in dict.fromkeys(name.rpartition(":alpha=")[0] for name in runs):
        by_alpha = {
            name.rpartition("=")[2]: of_system
            for name, of_system in runs.items()
            if name.rpartition(":alpha=")[0] == system
        }
        for key in (key for key in QUALITY if key in next(iter(by_alpha.values()))[0]):
            best = max(by_alpha, key=lambda alpha: mean(run[key] for run in by_alpha[alpha]))
            lines.append(f"{key}: {system} is best at alpha {best}")
    return lines


def main() -> None:
    """Measure and report."""
    args = parse_arguments()
    interpreters = measure.find_interpreters(list_systems(args), args.peer)
    if not interpreters:
        raise SystemExit("no system to measure")
    settings = common_settings(args)
    words = " ".join(f"{key}={value}" for key, value in settings.items() if value is not None)
    head = {"machine": measure.machine(), "settings": settings}
    print(json.dumps(head), flush=True)
    runs: Runs = {name: [] for name in interpreters}
    for seed in range(1, args.seeds + 1):
        for _ in range(args.rounds):
            for system, interpreter in interpreters.items():
                figures = run_once(system, interpreter, {**settings, "seed": seed}, not args.no_quality)
                runs[system].append(figures)
                rounded = {k: round(v, 2) if isinstance(v, float) else v for k, v in figures.items()}
                print(json.dumps(rounded), flush=True)
                if args.json:  # after each run: an interrupted sweep loses nothing
                    args.json.write_text(json.dumps({**head, "runs": runs}, indent=1))
                if args.results:
                    record.append_run(figures, f"{words} seed={seed}", not args.no_quality)
    print("\n".join(table(runs)))
    if "," in args.alpha:
        print("\n".join(best_alphas(runs)))
        return
    for row in ratios(runs):
        print(ratio_line(row))
        if args.results:
            record.append("ratios", {**row, "settings": words})


if __name__ == "__main__":
    main()
