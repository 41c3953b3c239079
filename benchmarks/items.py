"""Compare models of users and items with implicit's and with simple baselines: training, ranking, recommendation.

    python benchmarks/items.py gowalla --peer implicit=…
    python benchmarks/items.py gowalla --systems BPR:epochs=20,CCL --groups 3
    python benchmarks/items.py baskets

`gowalla`: CPU seconds of training and of recommending 20 items to all users, and Recall and NDCG of the published
protocol (all items ranked, training items masked). With --validate, a fifth of the training items of each user is the
test; settings are searched there. `baskets`: one item of each basket of `retail` is held out; HitRate at 10 beside
popularity and item–item cosine. Systems take turns (A B A B). Data: $WILDVEC_DATA/interactions.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import data
import measure
import numpy as np
from graphs import available, interpreters, parse_system, report, spread_of

import wildvec
from wildvec import Interactions
from wildvec.evaluate import ItemCosine, Popularity, ranking
from wildvec.vectors.products import best_products

SYSTEMS = "Item2Vec,BPR,CCL,BSL,implicit:model=BPR:iterations=40:learning_rate=0.1:regularization=0.02"
BASKET_SYSTEMS = "Popularity,ItemCosine,Item2Vec,BPR,CCL"
BASELINES = {"Popularity": Popularity, "ItemCosine": ItemCosine}
FACTORS = 64


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument(
        "--systems",
        help="a,b,… each NAME:KEY=VALUE:…; NAME is a model of wildvec, a baseline or implicit, KEY a setting of it",
    )
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="its interpreter")
    parser.add_argument("--seeds", type=int, default=1, help="use the seeds 1 … N in all systems")
    parser.add_argument("--k", type=int, help="recommended items (default: 20; of baskets 10)")
    parser.add_argument("--groups", type=int, help="also measure by this many groups of popularity")
    parser.add_argument("--validate", action="store_true", help="test on a part of the training data")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--results", action="store_true", help="append the figures to results/items.csv")
    return parser.parse_args()


class Products:
    """Trained rows of users and items, whose dot products are scores, for `ranking`.

    train: the items that are not recommended again. users, items: float32 (n, factors).
    """

    def __init__(self, train: Interactions, users: np.ndarray, items: np.ndarray) -> None:
        self.users, self.items, self.item_counts = train.users, train.items, train.item_counts
        self._train, self._rows = train, (users, items)

    def recommend_rows(
        self, users: Any, n: int, *, exclude_seen: bool = True, exclude: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and scores of the best items of some users."""
        del exclude_seen, exclude
        chosen = self._train.offsets[users], self._train.offsets[users + 1]
        ids = np.concatenate([self._train.item_ids[first:last] for first, last in zip(*chosen, strict=True)])
        offsets = np.concatenate([[0], np.cumsum(chosen[1] - chosen[0])])
        return best_products(self._rows[0][users], self._rows[1], n, exclude=(offsets, ids))


def run_driver(
    system: str, train: Interactions, seed: int, k: int, args: argparse.Namespace
) -> tuple[Products, dict[str, Any]]:
    """Train one system in a process of its own; return its rows and figures."""
    name, options = parse_system(system)
    with tempfile.TemporaryDirectory() as folder:
        data_file, out = str(Path(folder) / "train.npz"), str(Path(folder) / "rows.npz")
        np.savez(data_file, offsets=train.offsets, item_ids=train.item_ids)
        if name == "implicit":
            python, driver, model = interpreters(args)[name], "items_implicit", options.pop("model", "BPR")
            options = {"factors": FACTORS, **options}
        else:
            python, driver, model = sys.executable, "items_wildvec", name
        settings = {"train": data_file, "n_items": train.n_items, "model": model, "options": options}
        run = measure.run_driver(
            python, driver, {**settings, "seed": seed, "workers": args.workers, "k": k, "out": out}
        )
        rows = np.load(out)
        return Products(train, rows["users"], rows["items"]), run.figures


def run_baseline(system: str, train: Interactions, k: int) -> tuple[Any, dict[str, Any]]:
    """Return a baseline and its figures."""
    name, options = parse_system(system)
    started = time.process_time()
    baseline = BASELINES[name](train, **options)
    trained = time.process_time()
    baseline.recommend_rows(None, k)
    times = {"train_seconds": trained - started, "recommend_seconds": time.process_time() - trained}
    return baseline, {"version": wildvec.__version__, **times}


def compare(
    systems: str, train: Interactions, test: Interactions, name: str, k: int, args: argparse.Namespace
) -> None:
    """Train all systems in turns and print medians of seconds and means of measures."""
    chosen = available(args.systems or systems, interpreters(args))
    figures: dict[str, list[dict[str, Any]]] = {system: [] for system in chosen}
    qualities: dict[str, list[dict[str, float]]] = {system: [] for system in chosen}
    for seed in range(1, args.seeds + 1):
        for system in chosen:
            is_baseline = parse_system(system)[0] in BASELINES
            model, run = (
                run_baseline(system, train, k) if is_baseline else run_driver(system, train, seed, k, args)
            )
            result = ranking(model, test, k=k, groups=args.groups)
            names = ("recall", "ndcg", "hit_rate", "map", "mrr", "coverage")
            qualities[system].append({key: getattr(result, key) for key in names})
            figures[system].append(run)
            print(f"  {system}, seed {seed}: {run['train_seconds']:.1f} s\n  {result}", flush=True)
    for system in chosen:
        times = {
            key: median(f[key] for f in figures[system]) for key in ("train_seconds", "recommend_seconds")
        }
        report(
            "items",
            args,
            "items",
            data=name,
            system=f"{system.partition(':')[0]} {figures[system][0]['version']}",
            settings=system.partition(":")[2],
            k=k,
            turns=args.seeds,
            **times,
            **dict(spread_of(qualities[system])),
        )


def compare_gowalla(args: argparse.Namespace) -> None:
    """Compare on the published split of Gowalla, or on a part of its training data."""
    folder = data.data_folder() / "interactions" / "gowalla"
    train = Interactions.read(folder / "train.txt", format="lists")
    if args.validate:
        train, test = train.split(0.2)
    else:
        test = Interactions.read(folder / "test.txt", format="lists")
    compare(SYSTEMS, train, test, "gowalla validation" if args.validate else "gowalla", args.k or 20, args)


def compare_baskets(args: argparse.Namespace) -> None:
    """Compare on baskets, of which one item is held out. With --validate, another item of the rest is."""
    path = data.data_folder() / "interactions" / "retail" / "retail.dat"
    train, test = Interactions.read(path, format="baskets").split(by="one")
    if args.validate:
        train, test = train.split(by="one", seed=2)
    compare(
        BASKET_SYSTEMS, train, test, "retail validation" if args.validate else "retail", args.k or 10, args
    )


TASKS = {"gowalla": compare_gowalla, "baskets": compare_baskets}

if __name__ == "__main__":
    arguments = parse_arguments()
    TASKS[arguments.task](arguments)
