"""Draw random walks. In: JSON settings in argv[1]. Out: JSON figures."""

import json
import sys
import time

import numpy as np

from wildvec import Graph, __version__

settings = json.loads(sys.argv[1])
graph = Graph(settings["edges"])
names = ("num_walks", "walk_length", "p", "q", "seed", "workers")
started = time.process_time()
walks = graph.walks(**{name: settings[name] for name in names})
seconds = time.process_time() - started
steps = int(np.count_nonzero(walks >= 0)) - len(walks)
print(json.dumps({"version": __version__, "walk_seconds": seconds, "steps": steps}))
