"""Propagate vectors with pycleora. In: JSON settings in argv[1]. Out: JSON figures, vectors."""

import json
import os
import sys
import time
from importlib.metadata import version

settings = json.loads(sys.argv[1])
for name in ("RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(settings["workers"])

import numpy as np  # noqa: E402  (the libraries read the environment when they are loaded)
import pycleora  # noqa: E402

with open(settings["edges"], encoding="utf-8") as file:
    lines = [" ".join(line.split()[:2]) for line in file]
started, on_clock = time.process_time(), time.perf_counter()
graph = pycleora.SparseMatrix.from_iterator(
    iter(lines), "complex::reflexive::node", num_workers=settings["workers"]
)
built = time.process_time()
vectors = pycleora.embed(
    graph,
    settings["vector_size"],
    settings.get("iterations", 40),
    seed=settings["seed"],
    num_workers=settings["workers"],
)
trained, seconds = time.process_time(), time.perf_counter() - on_clock
np.savez(settings["out"], nodes=np.array(graph.entity_ids, dtype=np.int64), vectors=vectors)
figures = {
    "version": version("pycleora"),
    "graph_seconds": built - started,
    "train_seconds": trained - built,
    "wall_seconds": seconds,
}
print(json.dumps(figures))
