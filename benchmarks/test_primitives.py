"""The primitives in GB/s and in percent of the FMA peak, measured on the spot.

    pip install -e ".[bench]" && pytest benchmarks/test_primitives.py

Nothing is asserted about time: shared machines vary, and the figures are for reading.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import RATES

from wildvec import KeyedVectors, _kernels, toy
from wildvec.corpus import Corpus

SECONDS = 0.3
WORDS, VECTOR_SIZE = 67_747, 100


def note_bytes(benchmark: Any, name: str, n_bytes: int) -> None:
    """Note what one call moves as GB/s (10**9 bytes), at its fastest."""
    rate = n_bytes / benchmark.stats.stats.min / 1e9
    benchmark.extra_info["GB/s"] = rate
    RATES.append(f"{name:44} {rate:8.3f} GB/s")


def seconds_per_step(run: Callable[[int], object]) -> float:
    """Seconds of one step of run(n_steps), of the fastest of some runs of about SECONDS in all."""
    n_steps, seconds = 1000, 0.0
    while seconds < SECONDS / 10:
        n_steps *= 2
        started = time.perf_counter()
        run(n_steps)
        seconds = time.perf_counter() - started
    times = []
    for _ in range(10):
        started = time.perf_counter()
        run(n_steps)
        times.append(time.perf_counter() - started)
    return min(times) / n_steps


@pytest.fixture(scope="module")
def fma_peak() -> float:
    """Floating-point operations per second of one core that only does FMAs on registers."""
    return _kernels.bench_fma(1) / seconds_per_step(_kernels.bench_fma)


# Hidden rows × targets: a pair, one window, two fused ones (window 5, negative 5); d as padded.
@pytest.mark.parametrize("dim", [64, 112, 304])
@pytest.mark.parametrize(("m", "n"), [(1, 6), (6, 6), (10, 6), (12, 7)])
def test_block_step(fma_peak: float, m: int, n: int, dim: int) -> None:
    """Scores, sigmoid and both gradients of m hidden rows × n targets, all in L1."""
    flops = 3 * 2 * m * n * dim  # a multiply and an add for the score and for each gradient
    rate = flops / seconds_per_step(lambda n_steps: _kernels.bench_step(m, n, dim, n_steps))
    name = f"block step {m} × {n}, {dim} d, {_kernels.isa_in_use()}"
    of_peak = f"{100 * rate / fma_peak:.0f}% of {fma_peak / 1e9:.0f}"
    RATES.append(f"{name:44} {rate / 1e9:8.1f} GFLOP/s, {of_peak}")
    assert 0 < rate < 1.1 * fma_peak


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About a million tokens of the toy world, a sentence a line."""
    path = tmp_path_factory.mktemp("text") / "toy.txt"
    lines = (" ".join(sentence) for sentence in toy.sentences(tokens=1_000_000, seed=1))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("workers", [1, 2])
def test_scan_and_encode(benchmark: Any, text: Path, workers: int) -> None:
    """File → vocabulary → ids."""

    def read() -> None:
        Corpus.read(text, min_count=1, workers=workers).close()

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
