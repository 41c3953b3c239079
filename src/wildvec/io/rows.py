"""Rows of keys and values from a source straight into one matrix, block by block."""

from __future__ import annotations

import logging
import sys

import numpy as np
from numpy.typing import NDArray

from wildvec import _text
from wildvec.base.status import check
from wildvec.io.source import Source

logger = logging.getLogger(__name__)

MAX_DIM = 2**31 - 1
ODD_VALUES = 4096


class RowReader:
    """Reads what a header, if there is one, has announced: `promised` rows of `dim` values.

    Text lines or binary records; `spaced_keys` lets the key of a line hold spaces. Memory is
    never reserved on a header's word alone: the file must be large enough for it.
    """

    def __init__(
        self,
        source: Source,
        dim: int,
        *,
        promised: int | None = None,
        limit: int | None = None,
        binary: bool = False,
        spaced_keys: bool = False,
        errors: str = "strict",
    ) -> None:
        if limit is not None and limit < 0:
            raise ValueError(f"limit={limit}: must be None or at least 0")
        if errors not in ("strict", "replace", "ignore"):
            raise ValueError(f"errors={errors!r}: must be 'strict', 'replace' or 'ignore'")
        self.source = source
        self.dim = dim
        self.promised = promised
        self.wanted = min(n for n in (promised, limit, sys.maxsize) if n is not None)
        self.binary = binary
        self.spaced_keys = spaced_keys
        self.errors = errors
        self.smallest = 4 * dim + 1 if binary else 2 * dim + 1  # bytes of a row with an empty key
        self.keys: list[str] = []
        self.matrix = np.empty((0, dim), np.float32)
        self._n_lines = 0 if promised is None else 1
        self._n_bytes = 0
        self._key_bytes = np.empty(0, np.uint8)
        self._odd = np.empty((0, 3), np.int64)

    def read(self) -> tuple[list[str], NDArray[np.float32]]:
        """All rows: their keys, each once, and the float32 matrix (n, dim)."""
        while len(self.keys) < self.wanted:
            if self._reserve() and self._block():
                continue
            if not self.source.more() and (self.binary or not self.source.end_line()):
                break
        self._check_end()
        self._drop_repeated()
        self.matrix.resize((len(self.keys), self.dim), refcheck=False)
        return self.keys, self.matrix

    def _reserve(self) -> bool:
        """Make room for every row that the bytes at hand can hold; False if they hold none."""
        n_rows = len(self.keys)
        room = min((len(self.source.unread) + 1) // self.smallest, self.wanted - n_rows)
        if n_rows + room > len(self.matrix):
            shape = (n_rows + max(room, self._outlook()), self.dim)
            if n_rows:
                self.matrix.resize(shape, refcheck=False)
            else:
                self.matrix = np.empty(shape, np.float32)
        return room > 0

    def _outlook(self) -> int:
        """How many more rows are likely, from the size of the file and what was read of it."""
        size, n_rows = self.source.size, len(self.keys)
        if size is None:
            return n_rows // 4
        if self.promised is None:
            return int(1.02 * n_rows * max(size / max(self._n_bytes, 1) - 1, 0))
        return min(self.wanted - n_rows, (size + 1) // self.smallest)

    def _block(self) -> bool:
        """Parse the bytes at hand; False if they do not hold a whole row."""
        block = self.source.unread
        if len(self._key_bytes) < len(block):
            self._key_bytes = np.empty(len(block), np.uint8)
        if not len(self._odd):
            self._odd = np.empty((max(ODD_VALUES, self.dim), 3), np.int64)
        rows = self.matrix[len(self.keys) : self.wanted]
        status, n_bytes, n_lines, n_rows, n_key_bytes, n_odd, bad = _text.read_vectors(
            block, rows, self._key_bytes, self._odd, self.binary, self.spaced_keys
        )
        self._n_lines += n_lines
        if status:
            self._refuse(status, n_rows, bytes(block[bad[0] : bad[1]]))
        with np.errstate(over="ignore"):
            for place, begin, end in self._odd[:n_odd].tolist():
                rows[divmod(place, self.dim)] = np.float32(float(bytes(block[begin:end])))
        if n_rows:
            self.keys += self._decode(self._key_bytes[: n_key_bytes - 1].tobytes())
        self._n_bytes += n_bytes
        self.source.skip(n_bytes)
        return n_bytes > 0

    def _refuse(self, status: int, n_rows: int, bad: bytes) -> None:
        row, line = len(self.keys) + n_rows, self._n_lines + 1
        place = f"row {row}" if self.binary else f"line {line}"
        text = bad[:40].decode("utf-8", "backslashreplace")
        check(
            status,
            f"{self.source.path}, {place}, at {text!r} ({self.dim} values a row)",
        )

    def _decode(self, joined: bytes) -> list[str]:
        r"""Keys from their bytes, which '\n' separates."""
        try:
            return joined.decode("utf-8", self.errors).split("\n")
        except UnicodeDecodeError as error:
            row = joined.count(b"\n", 0, error.start)
            key = joined.split(b"\n")[row]
            raise ValueError(
                f"{self.source.path}, row {len(self.keys) + row}: the key {key!r} is not UTF-8; "
                "take errors='replace' or 'ignore'"
            ) from error

    def _check_end(self) -> None:
        """A file must end where its header says."""
        n_rows = len(self.keys)
        if n_rows < self.wanted and self.promised is None and bytes(self.source.unread).strip():
            raise EOFError(
                f"{self.source.path}: its last line, {self._n_lines + 1}, holds fewer than "
                f"{self.dim} values; the file is cut off"
            )
        if n_rows < self.wanted and self.promised is not None:
            raise EOFError(
                f"{self.source.path}: its header promises {self.promised} rows of {self.dim} "
                f"values, the file holds {n_rows}"
            )
        while n_rows == self.promised:
            if bytes(self.source.unread).strip():
                raise ValueError(
                    f"{self.source.path}: its header promises {n_rows} rows of {self.dim} values, "
                    "but the file goes on after them"
                )
            self.source.skip(len(self.source.unread))
            if not self.source.more():
                break

    def _drop_repeated(self) -> None:
        """Keep the first row of each key."""
        n_repeated = len(self.keys) - len(set(self.keys))
        if not n_repeated:
            return
        first = dict(zip(reversed(self.keys), range(len(self.keys) - 1, -1, -1), strict=True))
        for new, old in enumerate(sorted(first.values())):
            if new != old:
                self.matrix[new] = self.matrix[old]
        self.keys = list(dict.fromkeys(self.keys))
        logger.warning(
            "%s: dropped %d rows whose keys had come before",
            self.source.path,
            n_repeated,
        )
