"""Train Doc2Vec and infer vectors in one call. In: JSON settings in argv[1]. Out: JSON figures."""

import itertools
import json
import sys
import time
from typing import Any

import numpy as np

from wildvec import Doc2Vec, __version__
from wildvec.text.tagged import TaggedDocument

settings = json.loads(sys.argv[1])
with open(settings["corpus"], encoding="utf-8") as file:
    lines = list(itertools.islice(file, settings.get("n")))
texts = [line.split() for line in lines]
tokens = sum(map(len, texts))
documents = [TaggedDocument(words, [i]) for i, words in enumerate(texts)]
model = Doc2Vec(workers=settings["workers"], epochs=settings["epochs"], **settings["options"])
model.build_vocab(documents)


class Clock:
    """CPU time at the beginning and at the end of training, without reading."""

    def on_train_begin(self, model: Any) -> None:
        self.begin = time.process_time()

    def on_train_end(self, model: Any) -> None:
        self.end = time.process_time()


clock = Clock()
model.train(documents, callbacks=[clock])
started = time.process_time()
if "labels" not in settings:
    model.infer_vectors(texts, epochs=10)
figures = {
    "version": __version__,
    "train": settings["epochs"] * tokens / (clock.end - clock.begin),
    "infer": 10 * tokens / (time.process_time() - started),
}
if "labels" in settings:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    with open(settings["labels"], encoding="utf-8") as file:
        parts, labels = map(np.array, zip(*json.load(file), strict=True))
    is_test = parts == "test"
    vectors = model.dv.vectors
    scaler = StandardScaler().fit(vectors[parts == "train"])
    classifier = LogisticRegression(max_iter=300)
    classifier.fit(scaler.transform(vectors[parts == "train"]), labels[parts == "train"])
    inferred = model.infer_vectors([texts[i] for i in np.flatnonzero(is_test)], epochs=10)
    for name, rows in (("error", vectors[is_test]), ("inferred_error", inferred)):
        figures[name] = 100 * (1 - classifier.score(scaler.transform(rows), labels[is_test]))
print(json.dumps(figures))
