from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

PAD: int
TILE: int
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
def init_rows(rows: NDArray[np.float32], first: int, size: int, seed: int, width: int = 0) -> None: ...
def shared_noise(negative: int) -> int: ...
def noise_draws(n_noise: int, n_windows: int) -> int: ...
def merge_round(workers: Sequence[Worker], part: int, n_parts: int, rate: float) -> None: ...
def apply_deltas(
    task: Task, role: str, ids: NDArray[np.int32], deltas: NDArray[np.float32], factor: float = 1
) -> None: ...

class Task:
    def __init__(self, objective: str, *, max_chunk: int, seed: int) -> None: ...
    def matrix(
        self,
        role: str,
        rows: NDArray[np.float32],
        size: int,
        *,
        width: int = 0,
        row_rate: NDArray[np.float32] | None = None,
        curvature: float = 0,
        l2: float = 0,
    ) -> None: ...
    def private_rows(
        self, role: str, uses: NDArray[np.float32], ids: NDArray[np.int32] | None = None
    ) -> None: ...
    def items(self, ids: NDArray[np.int32], offsets: NDArray[np.int64], role: str = "input") -> None: ...
    def walks(
        self,
        offsets: NDArray[np.int64],
        neighbours: NDArray[np.int32],
        weights: NDArray[np.float32] | None = None,
        alias: NDArray[np.uint32] | None = None,
        *,
        n_walks: int,
        per_unit: int,
        length: int,
        p: float,
        q: float,
        symmetric: bool,
    ) -> None: ...
    def edges(
        self,
        offsets: NDArray[np.int64],
        neighbours: NDArray[np.int32],
        sources: NDArray[np.uint32],
        weights: NDArray[np.float32] | None = None,
        alias: NDArray[np.uint32] | None = None,
        *,
        n_edges: int,
        per_unit: int,
    ) -> None: ...
    def line(self, noise: NDArray[np.uint32], negative: int, order: int) -> None: ...
    def parts(self, ids: NDArray[np.int32], offsets: NDArray[np.int64]) -> None: ...
    def tags(self, ids: NDArray[np.int32], offsets: NDArray[np.int64]) -> None: ...
    def documents(self, *, train_words: bool, concat_tags: int = 0, null_word: int = 0) -> None: ...
    def infer_documents(self) -> None: ...
    def subsample(self, keep: NDArray[np.uint32]) -> None: ...
    def windows(
        self, window: int, *, shrink: bool, one_pair_at_a_time: bool, shuffle: bool = False
    ) -> None: ...
    def compose(self, *, average_hidden: bool, average_grad: bool) -> None: ...
    def negative_sampling(self, noise: NDArray[np.uint32], negative: int) -> None: ...
    def hierarchical_softmax(
        self,
        offsets: NDArray[np.int64],
        nodes: NDArray[np.int32],
        codes: NDArray[np.uint8],
        max_path: int,
    ) -> None: ...
    def cells(self, values: NDArray[np.float32], weights: NDArray[np.float32]) -> None: ...
    def cell_counts(self, counts: NDArray[np.float32], unit_rows: NDArray[np.int32]) -> None: ...
    def glove(self, *, x_max: float, exponent: float) -> None: ...
    def fm(
        self,
        values: NDArray[np.float32],
        *,
        labels: NDArray[np.int32] | None = None,
        targets: NDArray[np.float32] | None = None,
    ) -> None: ...
    def fm_rows(
        self,
        pair_weights: NDArray[np.float32],
        sizes: NDArray[np.int32],
        decay: NDArray[np.float32],
        masked: NDArray[np.int32],
        mask: int,
    ) -> None: ...
    def labels(self, ids: NDArray[np.int32], offsets: NDArray[np.int64]) -> None: ...
    def supervised(
        self,
        loss: str,
        *,
        noise: NDArray[np.uint32] | None = None,
        negative: int = 0,
        paths: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], int] | None = None,
    ) -> None: ...
    def interactions(
        self,
        users: NDArray[np.int32],
        items: NDArray[np.int32],
        n_trained: int,
        own_ids: NDArray[np.int32],
        own_offsets: NDArray[np.int64],
    ) -> None: ...
    def triplets(
        self,
        candidates: int,
        *,
        sampling: NDArray[np.uint32] | None = None,
        margin: float = 0,
        item_bias: bool = False,
    ) -> None: ...
    def shared_negatives(
        self,
        n_negatives: int,
        *,
        block: int,
        sampling: NDArray[np.uint32] | None = None,
        margin: float = 0,
        weight: float = 1,
        temperature: float = 1,
    ) -> None: ...
    def item_features(self, features: NDArray[np.float32]) -> None: ...
    def freeze_targets(self) -> None: ...
    def workers(self, n_workers: int, *, n_hottest: int, merge_every: int) -> None: ...
    def rounds(self, tokens: int, round_rows: Mapping[str, int]) -> None: ...
    def stop(self, stop: bool = True) -> None: ...
    def worker_bytes(self) -> int: ...

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
    def export_deltas(self, role: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]: ...

class BagModel:
    def __init__(
        self,
        rows: NDArray[np.float32],
        output: NDArray[np.float32],
        size: int,
        loss: str,
        paths: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint8], int] | None = None,
    ) -> None: ...
    def predict(
        self,
        ids: NDArray[np.int32],
        offsets: NDArray[np.int64],
        sizes: NDArray[np.int64],
        probabilities: bool = True,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]: ...

def count_columns(columns: NDArray[np.int32], counts: NDArray[np.int64]) -> None: ...

class CellOrder:
    n_cells: NDArray[np.int64]
    n_units: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    unit_offsets: NDArray[np.int64]
    unit_rows: NDArray[np.int32]
    def __init__(
        self,
        offsets: NDArray[np.int64],
        columns: NDArray[np.int32],
        values: NDArray[np.float32],
        strip_ends: NDArray[np.int64],
        rows: NDArray[np.int32],
        block_starts: NDArray[np.int64],
        *,
        held_out: int,
        key: int,
    ) -> None: ...
    def count(self, block: int, most_cells: int) -> bool: ...
    def allocate(
        self,
        columns: NDArray[np.int32],
        values: NDArray[np.float32],
        unit_offsets: NDArray[np.int64],
        unit_rows: NDArray[np.int32],
    ) -> None: ...
    def order(self, block: int, most_cells: int) -> bool: ...
