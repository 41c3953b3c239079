"""Train and test a TextClassifier. In: JSON settings in argv[1]. Out: JSON figures."""

import json
import sys
import time

from wildvec import TextClassifier, __version__

settings = json.loads(sys.argv[1])
options = {
    "word_ngrams": 2,
    "epochs": settings["epochs"],
    "workers": settings["workers"],
    "seed": settings["seed"],
}
started = time.process_time()
model = TextClassifier(**{**options, **settings["options"]}).fit_file(settings["train"])
trained = time.process_time()

with open(settings["test"], encoding="utf-8") as file:
    labels, texts = zip(*(line.rstrip("\n").split(" ", 1) for line in file), strict=True)
model.predict(texts[:1])
before = time.process_time()
found = model.predict(texts)
predicted = time.process_time()
right = sum(f"__label__{a}" == b for a, b in zip(found.tolist(), labels, strict=True))
print(
    json.dumps(
        {
            "version": __version__,
            "train": trained - started,
            "predict": predicted - before,
            "accuracy": right / len(texts),
        }
    )
)
