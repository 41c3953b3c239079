"""The primitives in GB/s and in percent of the FMA peak, measured on the spot.

    pip install -e ".[bench]" && pytest benchmarks/test_primitives.py

Nothing is asserted about time: shared machines vary, and the figures are for reading.
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
    """Benchmark functions of the ISA in use."""
    return Bench(_train.isa_in_use(), tmp_path_factory.mktemp("bench"))


def note_bytes(benchmark: Any, name: str, n_bytes: int) -> None:
    """Note what one call moves as GB/s (10**9 bytes), at its fastest."""
    rate = n_bytes / benchmark.stats.stats.min / 1e9
    benchmark.extra_info["GB/s"] = rate
    RATES.append(f"{name:44} {rate:8.3f} GB/s")


def round_length(run: Callable[[int], object]) -> int:
    """How many steps run(n_steps) does in about ROUND_SECONDS."""
    n_steps, seconds = 100, 0.0
    while seconds < ROUND_SECONDS / 2:
        n_steps *= 2
        started = time.thread_time()
        run(n_steps)
        seconds = time.thread_time() - started
    return max(1, int(n_steps * ROUND_SECONDS / seconds))


def flops_of_step(m: int, n: int, dim: int) -> int:
    """A multiply and an add for the score and for each of the two gradients, padding counted."""
    return 3 * 2 * m * n * dim


# Hidden rows × targets: the classic update; CBOW; blocks of two centres; and the mix of these that windows of 1 … 5
# words make. dim includes padding.
SHAPES = {"1 × 6": [(1, 6)]} | {f"{m} × 7": [(m, 7)] for m in (2, 4, 6)} | {"mix × 7": [(4, 7), (6, 7)]}


@pytest.mark.parametrize("dim", [112, 304])
@pytest.mark.parametrize("shape", SHAPES)
def test_block_step(bench: Bench, shape: str, dim: int) -> None:
    """Scores, sigmoid and both gradients, with rows in L1, compared with FMAs in registers.

    Another process on the core's second hardware thread slows down a step by half for some milliseconds, and the FMAs
    less. So rounds are short, rounds of steps and of FMAs alternate, and each round has other rows. The first
    percentage compares the fastest tenth of both; the median of all rounds is in parentheses.
    """

    def run(n_steps: int, seed: int = 0) -> None:
        for m, n in SHAPES[shape]:
            bench.step(m, n, dim, n_steps, seed)

    n_steps, n_fma_steps = round_length(run), round_length(bench.fma)
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


@pytest.mark.parametrize("work", ["FMAs in registers", "block steps in L1"])
def test_second_thread(bench: Bench, work: str) -> None:
    """Speed of two threads over that of one, where they share nothing: the most that training can gain here.

    Rounds of one and of two threads alternate; they are long enough that the threads begin and end together.
    """

    def run(n_steps: int) -> None:
        if work == "FMAs in registers":
            bench.fma(n_steps)
        else:
            bench.step(6, 7, 112, n_steps, 1)

    n_steps = 10 * round_length(run)
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
    """wiki8 (100 MB) where $WILDVEC_DATA has it, else about a million tokens of the toy world."""
    if "WILDVEC_DATA" in os.environ:
        return data.corpus("wiki8")[0]
    path = tmp_path_factory.mktemp("text") / "toy.txt"
    lines = (" ".join(sentence) for sentence in toy.sentences(tokens=1_000_000, seed=1))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("workers", [1, 2])
def test_scan_and_encode(benchmark: Any, text: Path, workers: int) -> None:
    """File → vocabulary → ids."""

    def read() -> None:
        Corpus.read(text, min_count=5, workers=workers).close()

    benchmark(read)
    note_bytes(benchmark, f"scan + encode, {workers} workers", text.stat().st_size)


@pytest.fixture(scope="module")
def wv() -> KeyedVectors:
    """Random vectors of the size of wiki8's."""
    matrix = np.random.default_rng(1).standard_normal((WORDS, VECTOR_SIZE), dtype=np.float32)
    return KeyedVectors.from_arrays([f"w{i}" for i in range(WORDS)], matrix)


@pytest.mark.parametrize("queries", [1, 100])
def test_search(benchmark: Any, wv: KeyedVectors, queries: int) -> None:
    """Exact top ten; the matrix is counted once per query."""
    keys = [f"w{i * 7919 % WORDS}" for i in range(queries)]
    benchmark(wv.search, keys, topn=10)
    note_bytes(benchmark, f"search, {queries} queries", queries * wv.vectors.nbytes)


@pytest.mark.parametrize("suffix", [".wv", ".bin", ".txt"])
def test_save_and_load(benchmark: Any, wv: KeyedVectors, tmp_path: Path, suffix: str) -> None:
    """Each format, loaded by its content; the rate is that of the file's bytes."""
    path = tmp_path / f"vectors{suffix}"
    if suffix == ".wv":
        wv.save(path)
    else:
        wv.save_word2vec_format(path, binary=suffix == ".bin")
    benchmark(KeyedVectors.load, path)
    note_bytes(benchmark, f"load {suffix}", path.stat().st_size)
