"""Compare vectors of nodes, and random walks, with those of other systems: CPU time and quality.

    python benchmarks/graphs.py walks --peer ensmallen=… --peer pecanpy=…
    python benchmarks/graphs.py classify --data blogcatalog --peer pecanpy=… --peer pycleora=… --seeds 3
    python benchmarks/graphs.py links --peer pecanpy=…
    python benchmarks/graphs.py rmat

`walks`: steps per core second, first order and p = q = 0.25. `classify`: micro-F1 and macro-F1 with half of the
labels. `links`: AUC of held-out edges of Slashdot, by products of the two vectors. `rmat`: a synthetic graph. Systems
take turns (A B A B). CPU seconds are those of all threads. wildvec evaluates the vectors of all systems. With
--validate, the test is a part of the training data: settings are chosen with it. Data: $WILDVEC_DATA/graphs.
"""

from __future__ import annotations

import argparse
import json
import lzma
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import data
import measure
import numpy as np
import record
from rmat import rmat_edges

from wildvec import Graph, KeyedVectors
from wildvec.evaluate import EdgeSplit, link_prediction, node_classification, split_edges

# Systems that are compared by default, with their settings.
SYSTEMS = {
    "blogcatalog": "Node2Vec:p=0.25:q=0.25,DeepWalk,Propagation,pecanpy:p=0.25:q=0.25,pycleora",
    "cora": "Node2Vec,Propagation,pecanpy",
    "pubmed": "Node2Vec,Propagation,pecanpy",
}
LINK_SYSTEMS = "Node2Vec:num_walks=4:walk_length=40:epochs=1,pecanpy:num_walks=4:walk_length=40"
OPERATOR = (
    "hadamard"  # whose figures are compared: the best one of each system would be chosen by the test edges
)
PEERS = ("pecanpy", "pycleora", "implicit")


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--data", choices=SYSTEMS, default="blogcatalog")
    parser.add_argument(
        "--systems",
        help="a,b,… each NAME:KEY=VALUE:…; NAME is a model of wildvec or a peer, KEY a setting of it",
    )
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="its interpreter")
    parser.add_argument("--vector-size", type=int, default=128)
    parser.add_argument("--window", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1, help="use the seeds 1 … N in all systems")
    parser.add_argument("--rounds", type=int, default=3, help="turns, of walks")
    parser.add_argument("--num-walks", type=int, default=10)
    parser.add_argument("--walk-length", type=int, default=80)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--fraction", type=float, default=0.5, help="of labels for training; of edges held out"
    )
    parser.add_argument("--nodes", type=int, default=5_000_000, help="of rmat")
    parser.add_argument("--edges", type=int, default=50_000_000, help="of rmat")
    parser.add_argument(
        "--validate",
        action="store_true",
        help="test on a part of the training nodes or edges, to choose settings",
    )
    parser.add_argument("--results", action="store_true", help="append the figures to results/graphs.csv")
    return parser.parse_args()


# -- systems --------------------------------------------------------------------------------------------------------


def parse_system(system: str) -> tuple[str, dict[str, Any]]:
    """Split NAME:KEY=VALUE:… into the name and settings, whose values are JSON, else strings.

    >>> parse_system("Node2Vec:p=0.25")
    ('Node2Vec', {'p': 0.25})
    """
    name, *pairs = system.split(":")
    settings = {}
    for key, _, value in (pair.partition("=") for pair in pairs):
        try:
            settings[key] = json.loads(value)
        except json.JSONDecodeError:
            settings[key] = value
    return name, settings


def interpreters(args: argparse.Namespace) -> dict[str, str]:
    """Return the interpreter of each peer that is given."""
    return dict(pair.split("=", 1) for pair in args.peer)


def available(systems: str, given: dict[str, str]) -> list[str]:
    """Return the systems that can be run; name the others."""
    chosen = []
    for system in systems.split(","):
        name = parse_system(system)[0]
        if name in PEERS and name not in given:
            print(f"skipped {system}: give its interpreter with --peer {name}=PYTHON")
        else:
            chosen.append(system)
    return chosen


def train(system: str, edges: Path, seed: int, args: argparse.Namespace) -> tuple[KeyedVectors, measure.Run]:
    """Train one system on a file of edges; return its vectors and figures."""
    name, settings = parse_system(system)
    common = {"vector_size": args.vector_size, "seed": seed, "workers": args.workers}
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "vectors.npz")
        files = {"edges": str(edges), "out": out}
        if name in PEERS:
            walks = {"num_walks": args.num_walks, "walk_length": args.walk_length, "window": args.window}
            options = {"p": 1, "q": 1, "epochs": 1, **walks, **common, **settings, **files}
            run = measure.run_driver(interpreters(args)[name], f"nodes_{name}", options)
        else:
            window = {} if name in ("Propagation", "LINE") else {"window": args.window}
            options = {**common, **window, **settings}
            run = measure.run_driver(
                sys.executable, "nodes_wildvec", {**files, "model": name, "options": options}
            )
        saved = np.load(out)
        wv = KeyedVectors(saved["vectors"].shape[1])
        wv.add_vectors(saved["nodes"].tolist(), saved["vectors"])
    return wv, run


def training_seconds(run: measure.Run) -> float:
    """Return the CPU seconds from the edges to the vectors, without compilation."""
    names = ("graph_seconds", "walk_seconds", "train_seconds")
    return sum(run.figures.get(name, 0.0) for name in names)


def write_edges(edges: np.ndarray, folder: Path) -> Path:
    """Write edges (n, 2), one in a line, with a tab between."""
    path = folder / "edges.tsv"
    np.savetxt(path, edges, fmt="%d", delimiter="\t")
    return path


def read_edges(name: str) -> np.ndarray:
    """Return the edges (n, 2) of one of the graphs in $WILDVEC_DATA."""
    folder = data.data_folder() / "graphs" / name
    compressed = folder / "edges.txt.xz"
    if compressed.exists():
        with lzma.open(compressed, "rt") as file:
            return np.loadtxt(file, dtype=np.int64)
    return np.loadtxt(folder / "edges.txt", dtype=np.int64)


def report(task: str, args: argparse.Namespace, file: str = "graphs", **figures: Any) -> None:
    """Print figures and, if wanted, append them to results/<file>.csv."""
    parts = (f"{key} {record.format_figure(x) if isinstance(x, float) else x}" for key, x in figures.items())
    print(f"{task}: {', '.join(parts)}", flush=True)
    if args.results:
        record.append(file, {"task": task, **figures})


# -- tasks ----------------------------------------------------------------------------------------------------------


def compare_walks(args: argparse.Namespace) -> None:
    """Print the steps per core second of all systems, first order and p = q = 0.25, in turns."""
    given = interpreters(args)
    drivers = {"wildvec": (sys.executable, "walks_wildvec")}
    if "ensmallen" in given:
        drivers["ensmallen"] = given["ensmallen"], "walks_ensmallen"
    if "pecanpy" in given:
        drivers["pecanpy"] = given["pecanpy"], "nodes_pecanpy"
    settings = {"num_walks": args.num_walks, "walk_length": args.walk_length, "workers": args.workers}
    with tempfile.TemporaryDirectory() as folder:
        edges = write_edges(read_edges(args.data), Path(folder))
        for bias in (1.0, 0.25):
            runs: dict[str, list[dict[str, Any]]] = {name: [] for name in drivers}
            for turn in range(args.rounds):
                for name, (python, driver) in drivers.items():
                    # The slow ones draw fewer walks: a rate does not depend on their number.
                    n = args.num_walks if name == "wildvec" or bias == 1 else 1
                    all_settings = {**settings, "num_walks": n, "p": bias, "q": bias, "seed": turn + 1}
                    run = measure.run_driver(python, driver, {**all_settings, "edges": str(edges)})
                    runs[name].append(run.figures)
            report_walks(bias, runs, args)


def report_walks(bias: float, runs: dict[str, list[dict[str, Any]]], args: argparse.Namespace) -> None:
    """Print the median rates and the ratios to wildvec within a turn."""
    rates = {name: [f["steps"] / f["walk_seconds"] for f in figures] for name, figures in runs.items()}
    for name, values in rates.items():
        ratios = [ours / theirs for ours, theirs in zip(rates["wildvec"], values, strict=True)]
        report(
            "walks",
            args,
            data=args.data,
            system=f"{name} {runs[name][0]['version']}",
            settings=f"p=q={bias:g}",
            turns=len(values),
            steps_per_core_second=median(values),
            ratio=median(ratios),
        )


def compare_vectors(
    task: str,
    systems: str,
    edges: np.ndarray,
    args: argparse.Namespace,
    evaluate: Callable[[KeyedVectors, int], dict[str, float]],
) -> None:
    """Train all systems on the same edges in turns, and print the means over the seeds."""
    chosen = available(args.systems or systems, interpreters(args))
    seconds: dict[str, list[float]] = {system: [] for system in chosen}
    wall: dict[str, list[float]] = {system: [] for system in chosen}
    qualities: dict[str, list[dict[str, float]]] = {system: [] for system in chosen}
    versions: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = write_edges(edges, Path(folder))
        for seed in range(1, args.seeds + 1):
            for system in chosen:
                wv, run = train(system, path, seed, args)
                seconds[system].append(training_seconds(run))
                wall[system].append(run.figures["wall_seconds"])
                qualities[system].append(evaluate(wv, seed))
                versions[system] = run.figures["version"]
                print(
                    f"  {system}, seed {seed}: {seconds[system][-1]:.1f} s, {qualities[system][-1]}",
                    flush=True,
                )
    for system in chosen:
        report(
            task,
            args,
            data=(args.data if task == "classify" else "slashdot") + " validation" * args.validate,
            system=f"{system.partition(':')[0]} {versions[system]}",
            settings=system.partition(":")[2],
            turns=args.seeds,
            seconds=median(wall[system]),
            cpu_seconds=median(seconds[system]),
            **dict(spread_of(qualities[system])),
        )


def spread_of(qualities: list[dict[str, float]]) -> Iterator[tuple[str, float]]:
    """Yield the mean of each figure and, of several, its standard deviation."""
    for key in qualities[0]:
        values = [quality[key] for quality in qualities]
        yield key, mean(values)
        if len(values) > 1:
            yield f"{key}_sd", stdev(values)


def compare_classification(args: argparse.Namespace) -> None:
    """Compare F1 of node classification, and the CPU time of training."""
    labels = data.data_folder() / "graphs" / args.data / "labels.txt"

    def evaluate(wv: KeyedVectors, seed: int) -> dict[str, float]:
        result = node_classification(
            wv, labels, train_fraction=args.fraction, seed=seed, validation=args.validate
        )
        return {"micro_f1": result.micro_f1, "macro_f1": result.macro_f1}

    compare_vectors("classify", SYSTEMS[args.data], read_edges(args.data), args, evaluate)


def compare_links(args: argparse.Namespace) -> None:
    """Compare AUC and average precision of held-out edges of Slashdot. Its training graph is taken as undirected."""
    split = split_edges(Graph.from_edges(*read_edges("slashdot").T), args.fraction)
    if args.validate:
        split = split_edges(split.train, args.fraction / 2)
    print(split)

    def evaluate(wv: KeyedVectors, seed: int) -> dict[str, float]:
        del seed
        result = link_prediction(wv, with_vectors(split, wv))
        chosen = {"auc": result.auc[OPERATOR], "average_precision": result.average_precision[OPERATOR]}
        return {**chosen, **{f"auc_{name}": auc for name, auc in result.auc.items()}}

    compare_vectors("links", LINK_SYSTEMS, edges_of(split.train), args, evaluate)


def with_vectors(split: EdgeSplit, wv: KeyedVectors) -> EdgeSplit:
    """Return the split; give nodes without an edge, which a file of edges does not name, vectors of zeros."""
    missing = [node for node in split.train.nodes if node not in wv]
    if missing:
        wv.add_vectors(missing, np.zeros((len(missing), wv.vector_size), np.float32))
    return split


def edges_of(graph: Graph) -> np.ndarray:
    """Return the edges (n, 2) of an undirected graph, each once."""
    sources = np.repeat(np.arange(graph.n_nodes), np.diff(graph.offsets))
    once = sources <= graph.neighbours
    names = np.array(graph.nodes)
    return np.stack([names[sources[once]], names[graph.neighbours[once]]], axis=1)


def measure_rmat(args: argparse.Namespace) -> None:
    """Print the speed of building a synthetic graph and of walking on it."""
    sources, targets = rmat_edges(args.nodes, args.edges)
    started, cpu = time.perf_counter(), time.process_time()
    graph = Graph.from_edges(sources, targets, nodes=np.arange(args.nodes), workers=args.workers)
    built = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}
    settings = f"{args.nodes:,} nodes, {args.edges:,} edges"
    report("build", args, data="R-MAT", system="wildvec", settings=settings, **built)
    del sources, targets
    for bias in (1.0, 0.25):
        started, cpu = time.perf_counter(), time.process_time()
        walks = graph.walks(1, args.walk_length, p=bias, q=bias, workers=args.workers)
        walked = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}
        steps = int(np.count_nonzero(walks >= 0)) - len(walks)
        report(
            "walks",
            args,
            data="R-MAT",
            system="wildvec",
            settings=f"{settings}, p=q={bias:g}",
            steps_per_second=steps / walked["seconds"],
            steps_per_core_second=steps / walked["cpu_seconds"],
            **walked,
        )
        del walks


TASKS = {
    "walks": compare_walks,
    "classify": compare_classification,
    "links": compare_links,
    "rmat": measure_rmat,
}

if __name__ == "__main__":
    arguments = parse_arguments()
    TASKS[arguments.task](arguments)
