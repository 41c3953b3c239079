"""Checked access to graphs in the C core (csrc/graph)."""

import numpy as np
from numpy.typing import NDArray

MAX_ROWS: int
MAX_PARTS: int
SEPARATORS: tuple[str, ...]

class CsrBuilder:
    n_parts: int
    offsets: NDArray[np.int64]
    def __init__(
        self,
        rows: NDArray[np.int32],
        columns: NDArray[np.int32],
        weights: NDArray[np.float32] | None,
        n_rows: int,
        n_columns: int,
        symmetric: bool,
        n_parts: int,
    ) -> None: ...
    def count(self, part: int, n: int) -> int: ...
    def allocate(self) -> None: ...
    def place(self, part: int, n: int) -> int: ...
    def plan(self, n: int) -> list[int]: ...
    def sort(self, unit: int) -> int: ...
    def take(self) -> tuple[NDArray[np.int32], NDArray[np.float32] | None]: ...
    def stop(self, stop: bool = True) -> None: ...

def find_bad_row(
    offsets: NDArray[np.int64], columns: NDArray[np.int32], n_columns: int, first: int, last: int
) -> int: ...
def read_edge_lines(
    text: bytes,
    start: int,
    separator: str,
    sources: NDArray[np.int64],
    targets: NDArray[np.int64],
    values: NDArray[np.float64] | None,
) -> tuple[int, int, int]: ...
def read_name_lines(
    text: bytes,
    start: int,
    separator: str,
    names: NDArray[np.uint8],
    lengths: NDArray[np.uint32],
    values: NDArray[np.float64] | None,
) -> tuple[int, int, int, int]: ...

class Numbering:
    def number(self, keys: NDArray[np.int64], numbers: NDArray[np.int32]) -> None: ...
    def keys(self) -> NDArray[np.int64]: ...

class Walks:
    alias: NDArray[np.uint32] | None
    def __init__(
        self,
        offsets: NDArray[np.int64],
        neighbours: NDArray[np.int32],
        weights: NDArray[np.float32] | None = None,
        *,
        length: int,
        p: float,
        q: float,
        symmetric: bool,
    ) -> None: ...
    def build_alias(self, first: int, last: int) -> None: ...
    def draw(self, seed: int, epoch: int, first: int, nodes: NDArray[np.int32]) -> NDArray[np.int64]: ...
    def stop(self, stop: bool = True) -> None: ...

PAD_ROWS: int

class Propagator:
    def __init__(
        self,
        offsets: NDArray[np.int64],
        neighbours: NDArray[np.int32],
        weights: NDArray[np.float32] | None,
        scale: NDArray[np.float32],
        degrees: NDArray[np.float32],
        source: NDArray[np.float32],
        target: NDArray[np.float32],
        isa: str,
    ) -> None: ...
    def swap(self) -> None: ...
    def propagate(self, first: int, last: int, shift: float) -> None: ...
    def gram(self, first: int, last: int) -> NDArray[np.float64]: ...
    def multiply(self, first: int, last: int, factors: NDArray[np.float32]) -> None: ...
    def scale_rows(self, first: int, last: int, length: float) -> None: ...
    def stop(self, stop: bool = True) -> None: ...
