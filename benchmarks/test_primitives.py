"""Measure the primitives in GB/s and in percent of the FMA peak of this machine.

    pip install -e ".[bench]" && pytest benchmarks/test_primitives.py

No time is asserted, because shared machines vary.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import data
import numpy as np
import pytest
from conftest import RATES

from wildvec import KeyedVectors, _train
from wildvec.demo import toy
from wildvec.text.corpus import Corpus

ROOT = Path(__file__).resolve().parents[1]
C_FLAGS = ["-O3", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-wrapv", "-w"]  # as in setup.py
ROUND_SECONDS, ROUNDS = 0.004, 150
WORDS, VECTOR_SIZE = 67_747, 100


class Bench:
    """Benchmark functions of one ISA, compiled from tests/c/bench.c with the C compiler of $CC, or else of Python."""

    def __init__(self, isa: str, folder: Path) -> None:
        """Compile the library into `folder` and load it. Calls do not hold the GIL."""
        compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
        if not shutil.which(compiler[0]):
            pytest.skip(f"no C compiler {compiler[0]!r}; set CC")
        path = folder / f"bench_{isa}.so"
        command = [*compiler, *C_FLAGS, f"-DBENCH_{isa.upper()}", "-shared", "-fPIC"]
        command += [f"-I{ROOT / 'csrc'}", f"-I{ROOT / 'tests' / 'c'}", str(ROOT / "tests" / "c" / "bench.c")]
        subprocess.run([*command, "-o", str(path), "-lm"], check=True)
        library = ctypes.CDLL(str(path))
        self._step, self._fma = library.bench_step, library.bench_fma
        self._step.argtypes = [ctypes.c_int32] * 3 + [ctypes.c_int64, ctypes.c_uint64]
        self._fma.argtypes, self._fma.restype = [ctypes.c_int64], ctypes.c_double

    def step(self, m: int, n: int, dim: int, n_steps: int, seed: int) -> None:
        """Train n_steps times one block of m hidden rows × n targets of `dim` values, a multiple of 16."""
        if self._step(m, n, dim, n_steps, seed):
            raise MemoryError(f"no memory for a block of {m} × {n} rows of {dim} values")

    def fma(self, n_steps: int) -> float:
        """Multiply and add in registers; the number of floating-point operations."""
        return float(self._fma(n_steps))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return the benchmark functions of the ISA in use."""
    return Bench(_train.isa_in_use(), tmp_path_factory.mktemp("bench"))


def report_rate(benchmark: Any, name: str, n_bytes: int) -> None:
    """Add the rate of the fastest call in GB/s (10**9 bytes) to the report; one call processes `n_bytes`."""
    rate = n_bytes / benchmark.stats.stats.min / 1e9
    benchmark.extra_info["GB/s"] = rate
    RATES.append(f"{name:44} {rate:8.3f} GB/s")


def count_steps_per_round(run: Callable[[int], object]) -> int:
    """Return the n_steps for which run(n_steps) takes about ROUND_SECONDS."""
    n_steps, seconds = 100, 0.0
    while seconds < ROUND_SECONDS / 2:
        n_steps *= 2
        started = time.thread_time()
        run(n_steps)
        seconds = time.thread_time() - started
    return max(1, int(n_steps * ROUND_SECONDS / seconds))


def flops_of_step(m: int, n: int, dim: int) -> int:
    """Count a multiply and an add for the score and for each of the two gradients, including padding."""
    return 3 * 2 * m * n * dim


# Hidden rows × targets: a classic pair; CBOW; blocks of two centres; and the mix of blocks in training with windows
# of 1 … 5 words. dim includes padding.
SHAPES = {"1 × 6": [(1, 6)]} | {f"{m} × 7": [(m, 7)] for m in (2, 4, 6)} | {"mix × 7": [(4, 7), (6, 7)]}


@pytest.mark.parametrize("dim", [112, 304])
@pytest.mark.parametrize("shape", SHAPES)
def test_block_step(bench: Bench, shape: str, dim: int) -> None:
    """Compare scores, sigmoid and both gradients, rows in L1, with FMAs on registers on the same core.

    Another process on the core's second hardware thread makes a step 1.5 times slower for some milliseconds, and the
    FMAs less so. Therefore rounds are short, steps and FMAs take turns, and each round has its rows at other
    addresses. The reported part of the peak compares the fastest tenth of both. The median is reported as well.
    """

    def run(n_steps: int, seed: int = 0) -> None:
        for m, n in SHAPES[shape]:
            bench.step(m, n, dim, n_steps, seed)

    n_steps, n_fma_steps = count_steps_per_round(run), count_steps_per_round(bench.fma)
    rates, peaks = [], []
    for seed in range(ROUNDS):
        started = time.thread_time()
        run(n_steps, seed)
        between = time.thread_time()
        fma_flops = bench.fma(n_fma_steps)
        peaks.append(fma_flops / (time.thread_time() - between))
        rates.append(n_steps * sum(flops_of_step(m, n, dim) for m, n in SHAPES[shape]) / (between - started))
    rate, peak = np.quantile(rates, 0.9), np.quantile(peaks, 0.9)
    typical = np.median(np.array(rates) / np.array(peaks))
    name = f"block step {shape}, {dim} d, {_train.isa_in_use()}"
    RATES.append(
        f"{name:44} {rate / 1e9:8.1f} GFLOP/s, {rate / peak:.0%} of {peak / 1e9:.0f} (median {typical:.0%})"
    )
    assert 0 < rate < 1.1 * peak


@pytest.mark.parametrize("work", ["FMAs on registers", "block steps in L1"])
def test_second_thread(bench: Bench, work: str) -> None:
    """Measure the speed of two threads that share no data, relative to one: the upper bound for training.

    One thread and two threads take turns. Rounds are long, so that both threads run for almost all of a round.
    """

    def run(n_steps: int) -> None:
        if work == "FMAs on registers":
            bench.fma(n_steps)
        else:
            bench.step(6, 7, 112, n_steps, 1)

    n_steps = 10 * count_steps_per_round(run)
    gains = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS // 3):
            seconds = []
            for threads in (1, 2):
                started = time.perf_counter()
                list(pool.map(run, [n_steps] * threads))
                seconds.append(time.perf_counter() - started)
            gains.append(2 * seconds[0] / seconds[1])
    low, median, high = np.quantile(gains, (0.25, 0.5, 0.75))
    name = f"two threads over one, {work}"
    RATES.append(f"{name:44} {median:8.2f} × ({low:.2f} … {high:.2f}, quartiles)")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return wiki8 (100 MB) if $WILDVEC_DATA is set, else a text of about a million tokens of the demo."""
    if "WILDVEC_DATA" in os.environ:
        return data.corpus("wiki8")[0]
    path = tmp_path_factory.mktemp("text") / "toy.txt"
    lines = (" ".join(sentence) for sentence in toy.sentences(tokens=1_000_000, seed=1))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("workers", [1, 2])
def test_scan_and_encode(benchmark: Any, text: Path, workers: int) -> None:
    """Read a file into a vocabulary and ids."""

    def read() -> None:
        Corpus.read(text, min_count=5, workers=workers).close()

    benchmark(read)
    report_rate(benchmark, f"scan + encode, {workers} workers", text.stat().st_size)


@pytest.fixture(scope="module")
def wv() -> KeyedVectors:
    """Return as many random vectors as wiki8 has words."""
    matrix = np.random.default_rng(1).standard_normal((WORDS, VECTOR_SIZE), dtype=np.float32)
    return KeyedVectors.from_arrays([f"w{i}" for i in range(WORDS)], matrix)


@pytest.mark.parametrize("queries", [1, 100])
def test_search(benchmark: Any, wv: KeyedVectors, queries: int) -> None:
    """Find the exact ten nearest; the matrix counts once per query."""
    keys = [f"w{i * 7919 % WORDS}" for i in range(queries)]
    benchmark(wv.search, keys, topn=10)
    report_rate(benchmark, f"search, {queries} queries", queries * wv.vectors.nbytes)


@pytest.mark.parametrize("suffix", [".wv", ".bin", ".txt"])
def test_save_and_load(benchmark: Any, wv: KeyedVectors, tmp_path: Path, suffix: str) -> None:
    """Load each format; the rate is that of the file size."""
    path = tmp_path / f"vectors{suffix}"
    if suffix == ".wv":
        wv.save(path)
    else:
        wv.save_word2vec_format(path, binary=suffix == ".bin")
    benchmark(KeyedVectors.load, path)
    report_rate(benchmark, f"load {suffix}", path.stat().st_size)
