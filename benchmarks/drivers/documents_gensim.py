"""Train gensim's Doc2Vec and infer vectors one by one. In: JSON settings in argv[1]. Out: JSON figures."""

import itertools
import json
import sys
import time

import gensim
from gensim.models.doc2vec import Doc2Vec, TaggedDocument

INFERRED = 300  # documents
settings = json.loads(sys.argv[1])
with open(settings["corpus"], encoding="utf-8") as file:
    lines = list(itertools.islice(file, settings.get("n")))
documents = [TaggedDocument(line.split(), [i]) for i, line in enumerate(lines)]
tokens = sum(len(document.words) for document in documents)
model = Doc2Vec(workers=settings["workers"], epochs=settings["epochs"], **settings["options"])
model.build_vocab(documents)

started = time.process_time()
model.train(documents, total_examples=len(documents), epochs=settings["epochs"])
trained, wall = time.process_time(), time.perf_counter()
for document in documents[:INFERRED]:
    model.infer_vector(document.words, epochs=10)
inferred, seconds = time.process_time(), time.perf_counter() - wall
n_inferred = sum(len(document.words) for document in documents[:INFERRED])
figures = {
    "version": gensim.__version__,
    "train": settings["epochs"] * tokens / (trained - started),
    "infer": 10 * n_inferred / (inferred - trained),
    "infer_wall": 10 * n_inferred / seconds,
}
print(json.dumps(figures))
