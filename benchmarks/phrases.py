"""Find phrases with wildvec and with gensim, in turns. Out: CPU seconds of each step and ratios.

python benchmarks/phrases.py --python gensim=/path/to/gensim/python --rounds 3

The text is wiki8 in lines of 1,000 words. The steps: count words and pairs, score the pairs, write the text with
joined phrases. The phrases and their scores must be the same, and the joined text as long.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import data
import measure

STEPS = ("count", "freeze", "join")


def main() -> None:
    """Measure in turns and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", action="append", default=[], metavar="gensim=PATH")
    parser.add_argument("--text", type=Path, help="another text, one sentence in a line")
    parser.add_argument("--limit-mb", type=float)
    parser.add_argument("--lists", action="store_true", help="count sentences that are lists in memory")
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    text = args.text or data.corpus("wiki8", args.limit_mb)[0]
    python = measure.find_interpreters(["gensim"], args.python)["gensim"]
    print(measure.machine(), flush=True)
    ratios: dict[str, list[float]] = {step: [] for step in (*STEPS, "all")}
    with tempfile.TemporaryDirectory(prefix="phrases-", dir=data.cache_folder()) as folder:
        settings = {"text": str(text), "output": str(Path(folder, "joined.txt")), "lists": args.lists}
        settings |= {"min_count": args.min_count, "workers": args.workers}
        for _ in range(args.rounds):
            ours, theirs = (
                _run(name, interpreter, settings)
                for name, interpreter in (("wildvec", sys.executable), ("gensim", python))
            )
            for name in ("phrases", "digest", "bytes"):
                if ours[name] != theirs[name]:
                    raise SystemExit(f"the results differ: {name} {ours[name]} and {theirs[name]}")
            for step in STEPS:
                ratios[step].append(theirs[step] / ours[step])
            ratios["all"].append(sum(theirs[step] for step in STEPS) / sum(ours[step] for step in STEPS))
    for step, values in ratios.items():
        print(f"{step}, CPU seconds: {median(values):.1f}x ({min(values):.1f} to {max(values):.1f})")


def _run(name: str, interpreter: str, settings: dict[str, Any]) -> dict[str, Any]:
    run = measure.run_driver(interpreter, f"phrases_{name}", settings)
    print(name, json.dumps({**run.figures, "peak_mb": round(run.peak_anonymous_mb)}), flush=True)
    return run.figures


if __name__ == "__main__":
    main()
