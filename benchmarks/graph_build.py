"""Build a graph of R-MAT edges, and read it from a file. Out: seconds, CPU seconds and memory.

python benchmarks/graph_build.py --nodes 5000000 --edges 50000000 --workers 2
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from data import cache_folder
from rmat import rmat_edges

from wildvec import Graph
from wildvec.graph.csr import build_csr


def peak_mb() -> float:
    """Return the largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(name: str, function: Callable[[], Any]) -> Any:
    """Return what a function returns; print its seconds, CPU seconds and the growth of the peak of memory."""
    start, cpu, peak = time.perf_counter(), time.process_time(), peak_mb()
    result = function()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"{name:32} {seconds:7.2f} s {cpu_seconds:7.2f} CPU s   peak +{peak_mb() - peak:6.0f} MB", flush=True
    )
    return result


def graph_mb(arrays: Any) -> float:
    """Return the megabytes of some arrays."""
    return sum(array.nbytes for array in arrays if array is not None) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=5_000_000)
    parser.add_argument("--edges", type=int, default=50_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--weights", action="store_true")
    parser.add_argument("--directed", action="store_true")
    parser.add_argument("--ordered", action="store_true", help="nodes with many edges have small numbers")
    parser.add_argument("--file-edges", type=int, default=1_000_000, help="edges of the file; 0: none")
    args = parser.parse_args()
    sources, targets = measured(
        "R-MAT edges", lambda: rmat_edges(args.nodes, args.edges, shuffle=not args.ordered)
    )
    print(f"edge arrays {graph_mb((sources, targets)):.0f} MB")
    weights = np.random.default_rng(1).random(args.edges, np.float32) + 0.5 if args.weights else None
    given = (sources, targets, weights, args.nodes, args.nodes, not args.directed, args.workers)
    csr = measured("CSR", lambda: build_csr(*given))
    print(f"CSR {graph_mb(csr):.0f} MB, {len(csr[1]):,} stored neighbours")
    del csr
    options = {"weights": weights, "nodes": args.nodes, "directed": args.directed, "workers": args.workers}
    graph = measured("Graph.from_edges", lambda: Graph.from_edges(sources, targets, **options))
    print(graph)
    if args.file_edges:
        path = write_edges(sources[: args.file_edges], targets[: args.file_edges])
        measured(f"Graph.read, {args.file_edges:,} edges", lambda: Graph.read(path, workers=args.workers))
        path.unlink()


def write_edges(sources: Any, targets: Any) -> Path:
    """Write an edge list."""
    path = cache_folder() / "rmat.txt"
    with path.open("w") as file:
        file.writelines(f"{a}\t{b}\n" for a, b in zip(sources.tolist(), targets.tolist(), strict=True))
    return path


if __name__ == "__main__":
    main()
