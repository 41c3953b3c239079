"""Count co-occurrences with wildvec and with Stanford's GloVe programs, in turns. Out: CPU seconds, cells and ratios.

python benchmarks/cooccurrence.py --glove /path/to/GloVe/build --rounds 3

The text is wiki8 in one line, as Stanford's programs usually get it. Stanford's figure is cooccur + shuffle, whose
output its trainer reads; vocab_count is shown beside it. wildvec's figures are of reading the text, and of counting.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import measure
from data import cache_folder, data_folder, read_words

RECORD_BYTES = 16


def one_line(limit_mb: float | None) -> Path:
    """Write wiki8 as one line into the cache, once. Return the path."""
    path = cache_folder() / f"wiki8-one-line-{limit_mb or 'all'}.txt"
    if not path.exists():
        with path.open("w", encoding="utf-8") as file:
            for words in read_words(data_folder() / "text" / "wiki8.txt.xz", limit_mb):
                file.write(" ".join(words) + " ")
            file.write("\n")
    return path


def run_stanford(programs: Path, text: Path, settings: dict[str, str]) -> dict[str, float]:
    """Run vocab_count, cooccur and shuffle. Return the CPU seconds of each, and the number of cells."""
    figures = {}
    with tempfile.TemporaryDirectory(prefix="glove-", dir=cache_folder()) as folder:
        vocab, counts, shuffled = (Path(folder, name) for name in ("vocab.txt", "counts.bin", "shuffled.bin"))
        temporary = str(Path(folder, "temporary"))
        stages = {
            "vocab_count": (["-min-count", settings["min_count"]], text, vocab),
            "cooccur": (
                ["-window-size", settings["window"], "-vocab-file", str(vocab), "-overflow-file", temporary],
                text,
                counts,
            ),
            "shuffle": (["-temp-file", temporary], counts, shuffled),
        }
        for program, (options, source, target) in stages.items():
            before = measure.children_cpu_seconds()
            with source.open("rb") as stdin, target.open("wb") as stdout:
                command = [str(programs / program), "-verbose", "0", "-memory", "4.0", *options]
                subprocess.run(command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, check=True)
            figures[program] = measure.children_cpu_seconds() - before
        figures["cells"] = counts.stat().st_size // RECORD_BYTES
    return figures


def main() -> None:
    """Measure in turns and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--glove", type=Path, help="folder with vocab_count, cooccur and shuffle")
    parser.add_argument("--window", type=int, default=10)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--max-memory-mb", type=int)
    parser.add_argument("--limit-mb", type=float)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    text = one_line(args.limit_mb)
    settings = {
        "text": str(text),
        "window": args.window,
        "min_count": args.min_count,
        "workers": args.workers,
        "max_memory": args.max_memory_mb and args.max_memory_mb * 10**6,
    }
    print(measure.machine(), flush=True)
    ratios = []
    for _ in range(args.rounds):
        run = measure.run_driver(sys.executable, "count_wildvec", settings)
        print("wildvec", json.dumps({**run.figures, "peak_mb": run.peak_anonymous_mb}), flush=True)
        if args.glove:
            theirs = run_stanford(args.glove, text, {k: str(v) for k, v in settings.items()})
            print("stanford", json.dumps(theirs), flush=True)
            ratios.append((theirs["cooccur"] + theirs["shuffle"]) / run.figures["count_cpu"])
    if ratios:
        print(f"counting, CPU seconds: {median(ratios):.1f}x ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
