"""Train and test fastText's supervised mode. In: JSON settings in argv[1]. Out: JSON figures."""

import json
import sys
import time
from importlib.metadata import packages_distributions, version

import fasttext

settings = json.loads(sys.argv[1])
options = {"wordNgrams": 2, "epoch": settings["epochs"], "thread": settings["workers"], "dim": 10, "lr": 0.5}
started = time.process_time()
model = fasttext.train_supervised(settings["train"], verbose=0, **{**options, **settings["options"]})
trained = time.process_time()

with open(settings["test"], encoding="utf-8") as file:
    labels, texts = zip(*(line.rstrip("\n").split(" ", 1) for line in file), strict=True)
texts = list(texts)
model.predict(texts[:1])
before = time.process_time()
found = model.predict(texts)[0]
predicted = time.process_time()
right = sum(a[0] == b for a, b in zip(found, labels, strict=True))
name = packages_distributions()["fasttext"][0]
print(
    json.dumps(
        {
            "version": f"{name} {version(name)}",
            "train": trained - started,
            "predict": predicted - before,
            "accuracy": right / len(texts),
        }
    )
)
