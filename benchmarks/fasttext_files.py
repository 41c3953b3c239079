"""Time to load a fastText .bin, and the memory that it takes, of wildvec and gensim in turns.

    python benchmarks/fasttext_files.py                                # 500,000 words and 2,000,000 buckets of 100 numbers: 1.2 GB
    python benchmarks/fasttext_files.py --peer peers/bin/python        # gensim too
    python benchmarks/fasttext_files.py --what model --rounds 3

The file is generated in --folder and removed at the end. Peak memory is compared with the matrices that a loaded object
needs: rows of words and n-grams, and the vectors of words; of a model also the output matrix.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from wildvec.io.fasttext import FastTextFile, FastTextSettings, write

DRIVER = Path(__file__).parent / "drivers" / "load_fasttext.py"


def make_file(path: Path, n_words: int, bucket: int, dim: int) -> None:
    """Write a model of random rows and random words, most of 4 to 12 letters."""
    random = np.random.default_rng(1)
    letters = random.integers(ord("a"), ord("z") + 1, (n_words, 12), np.uint8).view("S12")[:, 0]
    lengths = random.integers(4, 13, n_words)
    words = [
        f"{word.decode()[:length]}{i % 1000}"
        for i, (word, length) in enumerate(zip(letters, lengths, strict=True))
    ]
    words = list(dict.fromkeys(words))[:n_words]
    counts = np.sort(random.zipf(1.5, len(words)).clip(max=10**9))[::-1].astype(np.int64)
    settings = FastTextSettings(
        dim=dim, min_count=1, loss="ns", model="skipgram", bucket=bucket, minn=3, maxn=6
    )
    rows = random.random((len(words) + bucket, dim), np.float32)
    rows -= np.float32(0.5)
    output = rows[: len(words)]
    write(
        path,
        FastTextFile(
            settings, words, counts, [], np.empty(0, np.int64), rows, output, n_tokens=int(counts.sum())
        ),
    )


def measure(python: str, system: str, what: str, path: Path) -> dict[str, float]:
    """Load the file in a new process."""
    done = subprocess.run([python, DRIVER, system, what, path], capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", help="Python with gensim")
    parser.add_argument("--what", choices=("vectors", "model"), default="vectors")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the file is generated; default: the temporary folder")
    parser.add_argument("--words", type=int, default=500_000)
    parser.add_argument("--bucket", type=int, default=2_000_000)
    parser.add_argument("--dim", type=int, default=100)
    args = parser.parse_args()
    systems = {"wildvec": sys.executable} | ({"gensim": args.peer} if args.peer else {})
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = Path(folder, "model.bin")
        make_file(path, args.words, args.bucket, args.dim)
        results: dict[str, list[dict[str, float]]] = {name: [] for name in systems}
        for _ in range(args.rounds):
            for name, python in systems.items():
                results[name].append(measure(python, name, args.what, path))
                print(name, json.dumps(results[name][-1]), flush=True)
    matrices = 4 * args.dim * ((2 if args.what == "vectors" else 3) * args.words + args.bucket)
    for name, runs in results.items():
        seconds, cpu, peak = (
            statistics.median(run[key] for run in runs) for key in ("seconds", "cpu_seconds", "peak_bytes")
        )
        print(
            f"{name}: {seconds:.2f} s, {cpu:.2f} CPU seconds, peak {peak / 1e9:.2f} GB = {peak / matrices:.2f} x matrices"
        )
    for key in ("seconds", "cpu_seconds"):
        ratios = [
            g[key] / w[key] for g, w in zip(results.get("gensim", []), results["wildvec"], strict=False)
        ]
        if ratios:
            print(f"{key}: gensim / wildvec = {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
