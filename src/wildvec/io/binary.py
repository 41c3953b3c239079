"""Read numbers, arrays and words of a binary file from front to back. In: a path. Out: values.

Each size is checked before memory is reserved.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._text import parse_entries
from wildvec.io.source import Source

BLOCK = 1 << 20  # bytes of a matrix that are read and checked while they are in the cache
UNKNOWN_SIZE_BLOCK = 1 << 24  # bytes that are reserved at once if the size of the file is unknown
SHORTEST_ENTRY = 1 + 9  # bytes: NUL, count and type of a word


class BinaryReader:
    """An open binary file, from its begin. Errors name the part that is read and its position in bytes.

    The file may be compressed (gz, bz2, xz, zst); then its size is unknown, and memory grows with what is read.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.path = source.path
        self.position = 0

    def error(self, problem: str) -> ValueError:
        """Return the exception for a damaged file."""
        return ValueError(f"{self.path}: damaged file, near byte {self.position:,}: {problem}")

    def read(self, n_bytes: int, part: str) -> bytes:
        """Read a few bytes. part: what they are, for errors."""
        data = bytearray(n_bytes)
        self._fill(memoryview(data), part)
        return bytes(data)

    def read_flag(self, part: str) -> bool:
        """Read a byte that is 0 or 1."""
        (byte,) = self.read(1, part)
        if byte > 1:
            raise ValueError(f"{part} is {byte}; it must be 0 or 1")
        return bool(byte)

    def read_array(self, shape: Sequence[int], dtype: np.dtype[Any], part: str) -> NDArray[Any]:
        """Read an array. EOFError, before memory is reserved: the file is too short for it."""
        n_bytes = math.prod(shape) * dtype.itemsize
        self._check_left(n_bytes, part)
        if self._source.size is not None:
            array = np.empty(shape, dtype)
            self._fill(array.reshape(-1).view(np.uint8).data, part)
        else:
            array = np.frombuffer(self._read_blocks(n_bytes, part), dtype).reshape(shape)
        return array.astype(dtype.newbyteorder("="), copy=False)

    def read_floats(
        self, shape: tuple[int, int], part: str, into: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Read a matrix of float32. ValueError: a value is NaN or infinite.

        into: the memory to read into: rows of any stride; None: a new array.
        """
        rows, columns = shape
        self._check_left(4 * rows * columns, part)
        if into is None and self._source.size is None:
            into = np.frombuffer(self._read_blocks(4 * rows * columns, part), "<f4").reshape(shape)
            begin = self.position - into.nbytes
            _check_finite(into, part, begin)
            return into.astype(np.float32, copy=False)
        matrix = np.empty(shape, np.float32) if into is None else into
        n_rows = max(1, BLOCK // (4 * columns))
        for first in range(0, rows, n_rows):
            begin = self.position
            self._read_rows(matrix[first : first + n_rows], part)
            _check_finite(matrix[first : first + n_rows], part, begin)
        return matrix

    def _read_rows(self, rows: NDArray[np.float32], part: str) -> None:
        block = rows if rows.flags.c_contiguous else np.empty(rows.shape, np.float32)
        self._fill(block.reshape(-1).view(np.uint8).data, part)
        if sys.byteorder == "big":
            block.byteswap(inplace=True)
        if block is not rows:
            rows[...] = block

    def _read_blocks(self, n_bytes: int, part: str) -> bytearray:
        """Read bytes of a file of unknown size: memory grows with what is read."""
        blocks = bytearray()
        while len(blocks) < n_bytes:
            blocks += self.read(min(UNKNOWN_SIZE_BLOCK, n_bytes - len(blocks)), part)
        return blocks

    def skip(self, n_bytes: int, part: str) -> None:
        """Skip some bytes. EOFError: the file is shorter."""
        self._check_left(n_bytes, part)
        self.position += n_bytes
        if not self._source.skip_far(n_bytes):
            raise EOFError(f"{self.path}: the file is cut off in {part}")

    def read_entries(self, n: int, kind: int, part: str) -> tuple[list[str], NDArray[np.int64]]:
        """Read n entries of a dictionary: words that end with NUL, their counts (int64) and their types (int8)."""
        self._check_left(n * SHORTEST_ENTRY, part)
        words: list[str] = []
        counts = np.empty(n if self._source.size is not None else 0, np.int64)
        while len(words) < n:
            if len(counts) < n:  # the size is unknown: memory grows with what is read
                counts = np.resize(counts, min(n, len(words) + len(self._source.unread) // SHORTEST_ENTRY))
            used = parse_entries(self._source.unread, len(counts), kind, words, counts)
            self._source.skip(used)
            self.position += used
            if not used and not self._source.more():
                raise EOFError(
                    f"{self.path}: the file is cut off in its {part}, after {len(words):,} of {n:,}"
                )
        return words, counts

    def check_end(self) -> None:
        """Raise ValueError if bytes follow."""
        if len(self._source.unread) or self._source.more():
            raise ValueError("more bytes follow the last matrix")

    def _fill(self, target: memoryview, part: str) -> None:
        n_read = self._source.readinto(target)
        self.position += n_read
        if n_read < len(target):
            raise EOFError(f"{self.path}: the file is cut off in {part}, at byte {self.position:,}")

    def _check_left(self, n_bytes: int, part: str) -> None:
        size = self._source.size
        if size is not None and n_bytes > size - self.position:
            raise EOFError(
                f"{self.path}: {part} at byte {self.position:,} would take {n_bytes:,} bytes, but only "
                f"{size - self.position:,} follow; the file is cut off or damaged"
            )


def _check_finite(rows: NDArray[np.float32], part: str, begin: int) -> None:
    """Raise ValueError if a value is NaN or infinite. begin: the position of the first one in the file."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(rows.sum()):  # faster than to test each value; large values may overflow
            return
    flat = np.ascontiguousarray(rows).reshape(-1)
    for first in range(0, flat.size, UNKNOWN_SIZE_BLOCK // 4):
        is_finite = np.isfinite(flat[first : first + UNKNOWN_SIZE_BLOCK // 4])
        if not is_finite.all():
            at = first + int(is_finite.argmin())
            raise ValueError(
                f"{part} holds {flat[at]} (byte {begin + 4 * at:,}); the model did not train well"
            )
