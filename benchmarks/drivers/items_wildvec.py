"""Train a model of users and items and recommend items to all users. In: JSON settings in argv[1]. Out: JSON figures.

Settings: train, an .npz with offsets and item_ids; n_items; model, a class of wildvec; options, its settings; k; out,
a path.
"""

import json
import sys
import time

import numpy as np

import wildvec

settings = json.loads(sys.argv[1])
data = np.load(settings["train"])
users = np.repeat(np.arange(len(data["offsets"]) - 1), np.diff(data["offsets"]))
train = wildvec.Interactions.from_columns(users, data["item_ids"])
train = train.reindex(range(len(data["offsets"]) - 1), range(settings["n_items"]))
options = {**settings["options"], "seed": settings["seed"], "workers": settings["workers"]}
started = time.process_time()
model = getattr(wildvec, settings["model"])(train, **options)
trained, wall = time.process_time(), time.perf_counter()
model.recommend_rows(None, settings["k"])
figures = {
    "version": wildvec.__version__,
    "train_seconds": trained - started,
    "recommend_seconds": time.process_time() - trained,
    "recommend_wall": time.perf_counter() - wall,
}
user_rows, item_rows = model._scoring()
np.savez(settings["out"], users=user_rows, items=item_rows)
print(json.dumps(figures))
