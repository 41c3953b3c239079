"""Train and test Vowpal Wabbit. In: JSON settings in argv[1]. Out: JSON figures.

The files are converted to its format before the time is measured. More than two labels are trained one against all.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import vowpalwabbit

settings = json.loads(sys.argv[1])
folder = Path(tempfile.mkdtemp())


def convert(path: str, ids: dict[str, int]) -> tuple[str, list[int]]:
    """Write a file in the format of Vowpal Wabbit; return its path and the label ids (from 1)."""
    labels, texts = [], []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            label, text = line.rstrip("\n").split(" ", 1)
            labels.append(ids.setdefault(label, len(ids) + 1))
            texts.append(text.replace(":", "COLON").replace("|", "PIPE"))
    output = folder / Path(path).name
    names = {1: "1", 2: "-1"} if len(ids) == 2 else {i: str(i) for i in ids.values()}
    rows = (f"{names[label]} | {text}\n" for label, text in zip(labels, texts, strict=True))
    output.write_text("".join(rows), "utf-8")
    return str(output), [int(names[label]) for label in labels]


ids: dict[str, int] = {}
train, _ = convert(settings["train"], ids)
test, wanted = convert(settings["test"], ids)
loss = "--loss_function logistic" + ("" if len(ids) == 2 else f" --oaa {len(ids)}")
common = (
    f"--ngram 2 -b 22 --passes {settings['epochs']} --holdout_off -c -k --cache_file {folder}/cache --quiet"
)
more = " ".join(f"--{name} {value}" for name, value in settings["options"].items())
started = time.process_time()
vowpalwabbit.Workspace(f"-d {train} {loss} {common} {more} -f {folder}/model").finish()
trained = time.process_time()
vowpalwabbit.Workspace(f"-d {test} -t -i {folder}/model -p {folder}/predictions --quiet").finish()
predicted = time.process_time()
found = [float(line) for line in (folder / "predictions").read_text().split()]
if len(ids) == 2:
    found = [1.0 if score > 0 else -1.0 for score in found]
print(
    json.dumps(
        {
            "version": vowpalwabbit.__version__,
            "train": trained - started,
            "predict": predicted - trained,
            "accuracy": sum(a == b for a, b in zip(found, wanted, strict=True)) / len(wanted),
        }
    )
)
