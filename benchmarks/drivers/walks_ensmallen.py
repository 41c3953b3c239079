"""Draw random walks with GRAPE (ensmallen). In: JSON settings in argv[1]. Out: JSON figures."""

import json
import os
import sys
import time
from importlib.metadata import version

settings = json.loads(sys.argv[1])
os.environ["RAYON_NUM_THREADS"] = str(settings["workers"])

from ensmallen import Graph  # noqa: E402  (it reads the environment when it is loaded)

graph = Graph.from_csv(
    edge_path=settings["edges"],
    edge_list_separator="\t",
    edge_list_header=False,
    sources_column_number=0,
    destinations_column_number=1,
    edge_list_numeric_node_ids=True,
    directed=False,
    verbose=False,
)
options = {"return_weight": 1 / settings["p"], "explore_weight": 1 / settings["q"]}
graph.complete_walks(walk_length=2, iterations=1, **options)
started = time.process_time()
walks = graph.complete_walks(
    walk_length=settings["walk_length"],
    iterations=settings["num_walks"],
    random_state=settings["seed"],
    max_neighbours=settings.get("max_neighbours"),  # None: exact walks
    **options,
)
seconds = time.process_time() - started
steps = walks.shape[0] * (walks.shape[1] - 1)
print(json.dumps({"version": version("ensmallen"), "walk_seconds": seconds, "steps": steps}))
