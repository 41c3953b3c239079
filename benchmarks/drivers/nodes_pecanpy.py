"""Make PecanPy's walks and train gensim's Word2Vec on them. In: JSON settings in argv[1]. Out: JSON figures, vectors.

Seconds are without numba's compilation, which is measured alone: each call that makes walks compiles its functions
anew. `wall_seconds` are the others' sum on the clock, all others are CPU seconds of all threads.
"""

import json
import logging
import sys
import time
from importlib.metadata import version

import numpy as np
from gensim.models import Word2Vec
from pecanpy import pecanpy

logging.disable()
settings = json.loads(sys.argv[1])
p, q, seed, workers = (settings[name] for name in ("p", "q", "seed", "workers"))
kind = pecanpy.FirstOrderUnweighted if p == q == 1 else pecanpy.SparseOTF
graph = kind(p, q, workers=workers, random_state=seed)


def clocks() -> np.ndarray:
    """Return CPU seconds of all threads, and seconds on the clock."""
    return np.array([time.process_time(), time.perf_counter()])


def make_walks(num_walks: int, walk_length: int) -> tuple[list[list[str]], np.ndarray]:
    """Return walks and their `clocks`."""
    started = clocks()
    walks = graph.simulate_walks(num_walks, walk_length)
    return walks, clocks() - started


started = clocks()
graph.read_edg(settings["edges"], weighted=False, directed=settings.get("directed", False))
reading = clocks() - started
make_walks(1, 1)
_, compilation = make_walks(1, 1)
walks, seconds = make_walks(settings["num_walks"], settings["walk_length"])
walking = np.maximum(seconds - compilation, 1e-9)
figures = {
    "version": f"{version('pecanpy')} + gensim {version('gensim')}",
    "graph_seconds": reading[0],
    "walk_seconds": walking[0],
    "steps": sum(map(len, walks)) - len(walks),
}
if settings.get("epochs"):
    started = clocks()
    model = Word2Vec(
        walks,
        vector_size=settings["vector_size"],
        window=settings["window"],
        alpha=settings.get("alpha", 0.025),
        sample=settings.get("sample", 0.001),
        epochs=settings["epochs"],
        sg=1,
        min_count=0,
        workers=workers,
        seed=seed,
    )
    training = clocks() - started
    figures |= {"train_seconds": training[0], "wall_seconds": reading[1] + walking[1] + training[1]}
    nodes = np.array(model.wv.index_to_key, dtype=np.int64)
    np.savez(settings["out"], nodes=nodes, vectors=model.wv.vectors)
print(json.dumps(figures))
