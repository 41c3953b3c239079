"""Checked access to the counting of co-occurrences in the C core (csrc/cooccur)."""

import numpy as np
from numpy.typing import NDArray

MAX_TOKENS: int
MAX_WINDOW: int

class Text:
    counts: NDArray[np.int64]
    n_counted: int
    def __init__(self, ids: NDArray[np.int32], offsets: NDArray[np.int64], n_words: int) -> None: ...
    def count(self, n: int) -> None: ...

class Positions:
    text: Text
    first: int
    last: int
    n_collected: int
    def __init__(self, text: Text, first: int, last: int) -> None: ...
    def collect(self, n: int) -> None: ...

class Counter:
    text: Text
    n_cells: int
    def __init__(self, text: Text, window: int, symmetric: bool, harmonic: bool) -> None: ...
    def start(
        self,
        positions: Positions,
        first: int,
        last: int,
        columns: NDArray[np.int32],
        values: NDArray[np.float32],
        row_ends: NDArray[np.int64],
    ) -> None: ...
    def most_cells(self, first: int, last: int) -> int: ...
    def run(self, n: int) -> bool: ...
