"""The text module of the C core: types of _text.pyx."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Bytes = bytes | bytearray | memoryview | NDArray[np.uint8]
_Ids = NDArray[np.int32]

def prepare_text(text: bytearray | NDArray[np.uint8], lower: bool) -> tuple[int, bool]: ...
def last_space(text: _Bytes) -> int: ...
def split_sentences(ends: _Ids, n_ids: int, max_length: int, open_tokens: int) -> tuple[_Ids, int]: ...
def remap_block(ids: _Ids, ends: _Ids, map: _Ids | None = None) -> int: ...
def join_tokens(
    items: Iterator[Any],
    tokens_of: Callable[[Any, int], Sequence[Any]],
    first: int,
    ends: _Ids,
    data: NDArray[np.uint8],
    lengths: NDArray[np.uint32],
) -> tuple[list[Sequence[Any]], NDArray[np.uint8], NDArray[np.uint32], int]: ...
def trim_heap() -> None: ...
def vocab_bytes(size: int, key_bytes: int) -> int: ...

class VocabTable:
    @property
    def frozen(self) -> bool: ...
    def __len__(self) -> int: ...
    def load(self, keys: _Bytes, ends: NDArray[np.int64]) -> None: ...
    def scan_text(
        self, text: _Bytes, block: int, ids: _Ids, ends: _Ids, all_ends: bool = False
    ) -> tuple[int, int]: ...
    def scan_lines(self, text: _Bytes, block: int, ids: _Ids, ends: _Ids) -> tuple[int, int]: ...
    def scan_tokens(self, tokens: _Bytes, lengths: NDArray[np.uint32], block: int, ids: _Ids) -> None: ...
    def scan_ints(self, values: NDArray[np.int64] | array[Any], block: int, ids: _Ids) -> None: ...
    def merge(self, other: VocabTable) -> _Ids: ...
    def prune(self, min_count: int) -> _Ids: ...
    def export(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]: ...
    def keys(self, ids: NDArray[np.int64], separator: int) -> NDArray[np.uint8]: ...

# --- Files of vectors (csrc/text/numbers.h) ---

def read_vectors(
    block: bytes | bytearray | memoryview,
    rows: NDArray[np.float32],
    keys: NDArray[np.uint8],
    odd: NDArray[np.int64],
    binary: bool,
    spaced_keys: bool,
) -> tuple[int, int, int, int, int, int, tuple[int, int]]: ...

# --- Features of texts (csrc/text/features.h) ---

def gather_lists(ids: _Ids, offsets: NDArray[np.int64], order: _Ids, map: _Ids, out: _Ids) -> None: ...

class FeatureTable:
    def __init__(
        self,
        keys: _Bytes,
        ends: NDArray[np.int64],
        words: _Ids,
        is_skipped: NDArray[np.uint8] | None = None,
        *,
        n_words: int,
        word_ngrams: int,
        min_n: int,
        max_n: int,
        bucket: int,
        binary: bool = False,
        prefix: bytes = b"",
    ) -> None: ...
    @property
    def n_words(self) -> int: ...
    def own(self, type: int) -> _Ids: ...
    def of_lines(
        self, types: _Ids, ends: _Ids, used: NDArray[np.uint8] | None = None
    ) -> tuple[_Ids, NDArray[np.int64]]: ...

class RowEncoder:
    def __init__(
        self, words: VocabTable, features: FeatureTable, row_of: _Ids, pruned: bool = False
    ) -> None: ...
    def encode(self, text: _Bytes) -> tuple[_Ids, NDArray[np.int64], NDArray[np.int64]]: ...

# --- Character n-grams (csrc/text/subword.h) ---

def find_ngrams(
    keys: _Bytes, ends: NDArray[np.int64], min_n: int, max_n: int, bucket: int
) -> tuple[_Ids, NDArray[np.int64]]: ...

# --- fastText's dictionary ---

def parse_entries(
    data: memoryview | _Bytes, n: int, kind: int, words: list[str], counts: NDArray[np.int64]
) -> int: ...
