"""Train implicit's BPR or ALS and recommend items to all users. In: JSON settings in argv[1]. Out: JSON figures.

Settings: train, an .npz with offsets and item_ids; n_items; model; options, of the model; k; out, a path.
"""

import json
import os
import sys
import time

settings = json.loads(sys.argv[1])
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import implicit  # noqa: E402  (OpenBLAS reads the environment when it is loaded)
import numpy as np  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402

data = np.load(settings["train"])
offsets, ids = data["offsets"], data["item_ids"]
shape = len(offsets) - 1, settings["n_items"]
matrix = csr_matrix((np.ones(len(ids), np.float32), ids, offsets), shape=shape)
classes = {
    "BPR": implicit.cpu.bpr.BayesianPersonalizedRanking,
    "ALS": implicit.cpu.als.AlternatingLeastSquares,
}
model = classes[settings["model"]](
    num_threads=settings["workers"], random_state=settings["seed"], **settings["options"]
)
started = time.process_time()
model.fit(matrix, show_progress=False)
trained, wall = time.process_time(), time.perf_counter()
model.recommend(np.arange(shape[0]), matrix, N=settings["k"])
figures = {
    "version": implicit.__version__,
    "train_seconds": trained - started,
    "recommend_seconds": time.process_time() - trained,
    "recommend_wall": time.perf_counter() - wall,
}
np.savez(settings["out"], users=model.user_factors, items=model.item_factors)
print(json.dumps(figures))
