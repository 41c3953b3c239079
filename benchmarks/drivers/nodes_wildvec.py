"""Train vectors of nodes. In: JSON settings in argv[1]. Out: JSON figures, vectors.

Settings: edges, a path; directed; model, a class of wildvec; options, its settings; out, a path.
"""

import json
import sys
import time

import numpy as np

import wildvec

settings = json.loads(sys.argv[1])
started, on_clock = time.process_time(), time.perf_counter()
graph = wildvec.Graph(settings["edges"], directed=settings.get("directed", False))
built = time.process_time()
model = getattr(wildvec, settings["model"])(graph, **settings["options"])
trained, seconds = time.process_time(), time.perf_counter() - on_clock
np.savez(settings["out"], nodes=np.array(model.wv.index_to_key), vectors=model.wv.vectors)
figures = {
    "version": wildvec.__version__,
    "graph_seconds": built - started,
    "train_seconds": trained - built,
    "wall_seconds": seconds,
}
print(json.dumps(figures))
