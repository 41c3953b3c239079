"""Make PecanPy's walks and train gensim's Word2Vec on them. In: JSON settings in argv[1]. Out: JSON figures, vectors.

Seconds of walks are without numba's compilation, which is measured alone: each call compiles its functions anew.
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
graph.read_edg(settings["edges"], weighted=False, directed=settings.get("directed", False))


def make_walks(num_walks: int, walk_length: int) -> tuple[list[list[str]], float]:
    """Return walks and their CPU seconds."""
    started = time.process_time()
    walks = graph.simulate_walks(num_walks, walk_length)
    return walks, time.process_time() - started


make_walks(1, 1)
_, compilation = make_walks(1, 1)
walks, seconds = make_walks(settings["num_walks"], settings["walk_length"])
steps = sum(map(len, walks)) - len(walks)
figures = {
    "version": f"{version('pecanpy')} + gensim {version('gensim')}",
    "walk_seconds": max(seconds - compilation, 1e-9),
    "steps": steps,
}
if settings.get("epochs"):
    started = time.process_time()
    model = Word2Vec(
        walks,
        vector_size=settings["vector_size"],
        window=settings["window"],
        alpha=settings.get("alpha", 0.025),
        epochs=settings["epochs"],
        sg=1,
        min_count=0,
        workers=workers,
        seed=seed,
    )
    figures["train_seconds"] = time.process_time() - started
    nodes = np.array(model.wv.index_to_key, dtype=np.int64)
    np.savez(settings["out"], nodes=nodes, vectors=model.wv.vectors)
print(json.dumps(figures))
