from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PAD: int
PATH_PADDING: int

def isa_in_use() -> str: ...
def isas() -> list[str]: ...
def alias_table(weights: NDArray[np.float64], table: NDArray[np.uint32]) -> None: ...
def huffman(
    counts: NDArray[np.int64],
    order: NDArray[np.int32],
    offsets: NDArray[np.int64],
    nodes: NDArray[np.int32] | None,
    codes: NDArray[np.uint8] | None,
) -> None: ...
def init_rows(rows: NDArray[np.float32], first: int, size: int, seed: int) -> None: ...
def merge_round(workers: Sequence[Worker], part: int, n_parts: int, rate: float) -> None: ...
def noise_draws(negative: int, n_windows: int) -> int: ...
def worker_bytes(
    *,
    cbow: bool,
    n_words: int,
    dim: int,
    window: int,
    negative: int,
    max_path: int,
    n_hot: int,
    max_chunk: int,
) -> int: ...
def bench_step(m: int, n: int, dim: int, n_steps: int, seed: int) -> None: ...
def bench_fma(n_steps: int) -> float: ...

class Task:
    def __init__(
        self,
        ids: NDArray[np.int32],
        sentences: NDArray[np.int64],
        input_rows: NDArray[np.float32],
        size: int,
        max_chunk: int,
    ) -> None: ...
    def subsample(self, keep: NDArray[np.uint32]) -> None: ...
    def negative_sampling(
        self, output_rows: NDArray[np.float32], noise: NDArray[np.uint32], negative: int
    ) -> None: ...
    def hierarchical_softmax(
        self,
        node_rows: NDArray[np.float32],
        offsets: NDArray[np.int64],
        nodes: NDArray[np.int32],
        codes: NDArray[np.uint8],
        max_path: int,
    ) -> None: ...
    def settings(
        self,
        *,
        cbow: bool,
        window: int,
        shrink_windows: bool,
        cbow_mean: bool,
        one_pair_at_a_time: bool,
        seed: int,
        n_hottest: int,
        merge_every: int,
        n_workers: int,
        hot_uses: NDArray[np.float32],
        share: int = 0,
    ) -> None: ...
    def stop(self, stop: bool = True) -> None: ...

class Worker:
    def __init__(self, task: Task) -> None: ...
    def train(
        self,
        epoch: int,
        first_chunk: int,
        chunks: NDArray[np.int64],
        rates: NDArray[np.float32],
        losses: NDArray[np.float64],
    ) -> int: ...
    def merge(self) -> None: ...
