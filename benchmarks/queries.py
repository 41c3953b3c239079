"""Time queries and file loading in wildvec and gensim, in turns. Out: milliseconds and ratios.

python benchmarks/queries.py --peer gensim=/path/to/python
python benchmarks/queries.py --sizes 67747x100 --rounds 5

1,000,000 × 300 needs about 3 GB of memory.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from typing import Any

import measure
import numpy as np
import record
from data import cache_folder

SYSTEMS = ("wildvec", "gensim")
Figures = dict[str, dict[str, list[float]]]  # system → figure → seconds in each round


def vector_files(words: int, vector_size: int) -> dict[str, str]:
    """Write the same random vectors as word2vec binary and text into the cache, once. Return the paths."""
    stem = cache_folder() / f"random-{words}x{vector_size}"
    files = {"binary_file": stem.with_suffix(".bin"), "text_file": stem.with_suffix(".txt")}
    matrix = np.random.default_rng(1).standard_normal((words, vector_size), dtype=np.float32)
    header = f"{words} {vector_size}\n"
    if not files["binary_file"].exists():
        with files["binary_file"].open("wb") as file:
            file.write(header.encode())
            for number, vector in enumerate(matrix):
                file.write(f"w{number} ".encode() + vector.tobytes() + b"\n")
    if not files["text_file"].exists():
        with files["text_file"].open("w", encoding="ascii") as file:
            file.write(header)
            for number, vector in enumerate(matrix):
                file.write(f"w{number} " + " ".join(map(repr, vector.tolist())) + "\n")
    return {name: str(path) for name, path in files.items()}


def measure_in_turns(interpreters: dict[str, str], settings: dict[str, Any], rounds: int) -> Figures:
    """Run every system once in each round."""
    figures: Figures = {name: {} for name in interpreters}
    for _ in range(rounds):
        for name, interpreter in interpreters.items():
            run = measure.run_driver(interpreter, "query", {**settings, "system": name})
            for figure, seconds in run.figures.items():
                figures[name].setdefault(figure, []).append(seconds)
    return figures


def show(title: str, figures: Figures) -> None:
    """Print one line per figure: milliseconds of each system, and the median ratio within a turn."""
    for figure in next(iter(figures.values())):
        shown = [f"{name} {1000 * median(f[figure]):.3f} ms" for name, f in figures.items()]
        if len(figures) == 2:
            ours, theirs = (figures[name][figure] for name in SYSTEMS)
            ratio = median(b / a for a, b in zip(ours, theirs, strict=True))
            shown.append(f"ratio {ratio:.2f}x")
        print(f"{title}, {figure}: {', '.join(shown)}", flush=True)


def report(title: str, figures: Figures, append: bool) -> None:
    """Print the figures; also append the median of each to results/queries.csv if `append`."""
    show(title, figures)
    if not append:
        return
    for system, of_system in figures.items():
        for figure, seconds in of_system.items():
            row = {
                "system": system,
                "settings": title,
                "figure": figure,
                "milliseconds": 1000 * median(seconds),
            }
            record.append("queries", row)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--sizes", default="67747x100,1000000x300")
    parser.add_argument("--queries", type=int, default=1000, help="queries in one call")
    parser.add_argument(
        "--looped-queries", type=int, default=200, help="queries in a peer's loop; the time is scaled up"
    )
    parser.add_argument("--repeats", type=int, default=20, help="of one query, in each process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--load-size", default="67747x100")
    parser.add_argument(
        "--results", action="store_true", help="append the medians to benchmarks/results/queries.csv"
    )
    args = parser.parse_args()
    interpreters = measure.find_interpreters(args.systems.split(","), args.peer)
    print(measure.machine(), flush=True)
    for size in filter(None, args.sizes.split(",")):
        words, vector_size = map(int, size.split("x"))
        settings = {
            "words": words,
            "vector_size": vector_size,
            "queries": args.queries,
            "looped_queries": args.looped_queries,
            "repeats": args.repeats,
        }
        report(size, measure_in_turns(interpreters, settings, args.rounds), args.results)
    words, vector_size = map(int, args.load_size.split("x"))
    files = vector_files(words, vector_size)
    assert all(Path(path).stat().st_size for path in files.values())
    report(args.load_size, measure_in_turns(interpreters, files, args.rounds), args.results)


if __name__ == "__main__":
    main()
