"""Compare predictions with those of the fasttext package, in both directions, for all losses and kinds of features.

    python tests/compat/compare_with_fasttext.py PYTHON

PYTHON is an interpreter that has the package fasttext (or fasttext-community). First fastText trains and
quantises models, and wildvec loads them; then wildvec trains and quantises, and fastText loads. Prints for each
file how many texts got other labels and the largest difference of probabilities. Exit code 1: labels differ by
more than ties, or probabilities by 1e-4.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from wildvec import TextClassifier
from wildvec.compat import fasttext

FEATURES = {
    "words": {},
    "bigrams": {"wordNgrams": 2, "bucket": 5000},
    "characters": {"wordNgrams": 3, "minn": 2, "maxn": 4, "bucket": 3000},
}
LOSSES = ("softmax", "ns", "hs", "ova")
QUANTIZED = {"all": {}, "norms": {"qnorm": True}, "pruned": {"qnorm": True, "cutoff": 300}}
TOLERANCE = 1e-4

CHILD = """
import json, sys, fasttext
fasttext.FastText.eprint = lambda *args: None
job = json.load(sys.stdin)
for name, settings in job.get("train", {}).items():
    model = fasttext.train_supervised(job["input"], thread=1, verbose=0, **settings)
    model.save_model(job["folder"] + f"/{name}.bin")
    for kind, options in job["quantized"].items():
        model = fasttext.load_model(job["folder"] + f"/{name}.bin")
        model.quantize(**options)
        model.save_model(job["folder"] + f"/{name}-{kind}.ftz")
found = {}
for path in job["predict"]:
    labels, scores = fasttext.load_model(path).predict(job["texts"], k=3)
    found[path] = [[list(of), [float(x) for x in s]] for of, s in zip(labels, scores)]
json.dump(found, open(job["output"], "w"))
"""


def make_data(path: Path) -> list[str]:
    """Write labelled lines, and return texts to predict."""
    draw = random.Random(1)
    words = [f"w{i}" for i in range(400)] + [f"é{i}" for i in range(50)]
    lines = []
    for _ in range(1500):
        label = draw.randrange(5)
        text = " ".join(draw.choice(words[label * 60 : label * 60 + 120]) for _ in range(draw.randint(3, 15)))
        lines.append(f"__label__{label} {'__label__m ' * (draw.random() < 0.2)}{text}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    unlabelled = [" ".join(w for w in line.split() if not w.startswith("__label__")) for line in lines[:200]]
    return [*unlabelled, "", "unknown", "w1 unknown w2", "wat éx", "w1\tw2"]


def in_fasttext(python: str, job: dict) -> dict:
    """Run a job in the other interpreter, and return its predictions by path."""
    subprocess.run(
        [python, "-c", CHILD], input=json.dumps(job), text=True, check=True, stderr=subprocess.DEVNULL
    )
    return json.loads(Path(job["output"]).read_text())


def is_same(path: str, expected: list, texts: list[str]) -> bool:
    """Compare the predictions of one file, and print the differences."""
    labels, scores = fasttext.load_model(path).predict(texts, k=3)
    other, largest = 0, 0.0
    for found, of, (wanted, probabilities) in zip(labels, scores, expected, strict=True):
        differences = np.abs(np.array(probabilities) - of) if len(of) == len(probabilities) else np.ones(1)
        largest = max(largest, float(differences.max(initial=0)))
        pairs = zip(found, wanted, probabilities, of, strict=False)
        other += any(a != b and abs(p - q) > 2e-5 for a, b, p, q in pairs)
    print(f"{Path(path).name:30} other labels: {other}, largest difference: {largest:.1e}")
    return other == 0 and largest <= TOLERANCE


def train_here(folder: Path, data: Path) -> list[str]:
    """Train and quantise with wildvec; return the paths of the models."""
    paths = []
    for loss in LOSSES:
        for name, settings in FEATURES.items():
            model = fasttext.train_supervised(str(data), loss=loss, dim=10, epoch=5, lr=0.3, **settings)
            model.save_model(folder / f"here-{loss}-{name}.bin")
            paths.append(str(folder / f"here-{loss}-{name}.bin"))
            small = TextClassifier.load(paths[-1]).quantize(cutoff=300)
            small.save(folder / f"here-{loss}-{name}.ftz")
            paths.append(str(folder / f"here-{loss}-{name}.ftz"))
    return paths


def main() -> int:
    """Run the command."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    python = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), Path(name, "train.txt")
        texts = make_data(data)
        job = {
            "folder": name,
            "input": str(data),
            "texts": texts,
            "output": f"{name}/found.json",
            "quantized": QUANTIZED,
        }
        settings = {
            f"{loss}-{kind}": {"loss": loss, "dim": 10, "epoch": 5, "lr": 0.3, **features}
            for loss in LOSSES
            for kind, features in FEATURES.items()
        }
        paths = [
            f"{name}/{model}{end}"
            for model in settings
            for end in (".bin", *(f"-{q}.ftz" for q in QUANTIZED))
        ]
        found = in_fasttext(python, {**job, "train": settings, "predict": paths})
        found |= in_fasttext(python, {**job, "predict": train_here(folder, data)})
        same = [is_same(path, expected, texts) for path, expected in found.items()]
    print(f"{sum(same)} of {len(same)} files predict the same")
    return int(not all(same))


if __name__ == "__main__":
    sys.exit(main())
