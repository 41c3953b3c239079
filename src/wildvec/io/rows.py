"""Read rows of keys and values into one matrix, block by block. In: a source behind its header. Out: keys, matrix."""

from __future__ import annotations

import logging
import re
import sys

import numpy as np
from numpy.typing import NDArray

from wildvec import _text
from wildvec.base.status import check
from wildvec.io.options import ReadOptions, undecodable
from wildvec.io.source import MAX_RECORD, Source

logger = logging.getLogger(__name__)

Rows = tuple[list[str], NDArray[np.float32]]

MAX_DIM = MAX_RECORD // 4
MAX_ODD_VALUES = 4096  # values per block that C leaves to Python because they are hard to round
WRONG_WIDTH = 61  # WV_WRONG_WIDTH of csrc/status.h
BLANK = re.compile(rb"[ \t\r]")
NUMBER = re.compile(rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)", re.I)
ENDS_IN_NUMBER = re.compile(rb".*[ \t][+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.S)
INTEGERS = re.compile(rb"\d+(?:[ \t]+\d+)*")


def count_values(line: bytes) -> int:
    """Return how many numbers end a line, its first field (the key) not counted.

    >>> count_values(b"the 0.1 -2e3"), count_values(b"at 7 o'clock 1 2"), count_values(b"prose")
    (2, 2, 0)
    """
    count = 0
    for field in reversed(line.split()[0 if line[:1].isspace() else 1 :]):
        if not NUMBER.fullmatch(field):
            break
        count += 1
    return count


class RowReader:
    """Reader of text lines or binary records with `dim` values each.

    announced: the number of rows that the header gives; None: the file has no header. A key of a
    text line may hold spaces: it is the part before the last `dim` fields. Memory is reserved for
    the rows that the file is large enough for, however many the header announces.
    """

    def __init__(
        self,
        source: Source,
        dim: int,
        options: ReadOptions,
        *,
        announced: int | None = None,
        binary: bool = False,
    ) -> None:
        self.source = source
        self.dim = dim
        self.options = options
        self.announced = announced
        self.binary = binary
        self.n_wanted = min(n for n in (announced, options.limit, sys.maxsize) if n is not None)
        self.min_row = 4 * dim + 1 if binary else 2 * dim + 1  # bytes of a row with an empty key
        self.keys: list[str] = []
        self.matrix = np.empty((0, dim), np.float32)
        self._n_integer_keys = 0  # keys such as "24 7"
        self._first_integer_key = ""
        self._n_lines = 0 if announced is None else 1
        self._n_bytes = 0
        self._key_bytes = np.empty(0, np.uint8)
        self._odd = np.empty((0, 3), np.int64)

    def read(self) -> Rows:
        """Return the keys, each once, and the float32 matrix (n, dim)."""
        while len(self.keys) < self.n_wanted:
            if self._reserve() and self._read_block():
                continue
            if not self.source.more() and (self.binary or not self.source.end_line()):
                break
        self._check_end()
        self._drop_repeated()
        if self._n_integer_keys:
            logger.warning(
                "%s: keys that look like numbers: %d (first: %s); check that the file has no header",
                self.source.path,
                self._n_integer_keys,
                self._first_integer_key,
            )
        self.matrix.resize((len(self.keys), self.dim), refcheck=False)
        return self.keys, self.matrix

    def _reserve(self) -> bool:
        """Make the matrix large enough for all rows in the buffer; False if there is no whole row."""
        n_rows = len(self.keys)
        n_more = min((len(self.source.unread) + 1) // self.min_row, self.n_wanted - n_rows)
        if n_rows + n_more > len(self.matrix):
            shape = (n_rows + max(n_more, self._estimate_rows_left()), self.dim)
            if n_rows:
                self.matrix.resize(shape, refcheck=False)
            else:
                self.matrix = np.empty(shape, np.float32)
        return n_more > 0

    def _estimate_rows_left(self) -> int:
        """Estimate how many rows follow, from the size of the file and the part read so far."""
        size, n_rows = self.source.size, len(self.keys)
        if size is None:
            return n_rows // 4
        if self.announced is None:
            return int(1.02 * n_rows * max(size / max(self._n_bytes, 1) - 1, 0))
        return min(self.n_wanted - n_rows, (size + 1) // self.min_row)

    def _read_block(self) -> bool:
        """Parse the buffer; False if it holds no whole row."""
        block = self.source.unread
        if len(self._key_bytes) < len(block):
            self._key_bytes = np.empty(len(block), np.uint8)
        if not len(self._odd):
            self._odd = np.empty((max(MAX_ODD_VALUES, self.dim), 3), np.int64)
        rows = self.matrix[len(self.keys) : self.n_wanted]
        status, n_bytes, n_lines, n_rows, n_key_bytes, n_odd, bad = _text.read_vectors(
            block, rows, self._key_bytes, self._odd, self.binary, True
        )
        if status == WRONG_WIDTH:
            self._refuse_width(n_lines, bytes(block[n_bytes:]).partition(b"\n")[0])
        if status:
            place = self._row_place(n_rows) if self.binary else self._line_place(n_lines)
            check(status, f"{place}, at {_shorten(bytes(block[bad[0] : bad[1]]))} ({self.dim} values a row)")
        with np.errstate(over="ignore"):
            for position, begin, end in self._odd[:n_odd].tolist():
                rows[divmod(position, self.dim)] = np.float32(float(bytes(block[begin:end])))
        if n_rows:
            self.keys += self._decode(self._key_bytes[: n_key_bytes - 1].tobytes(), block)
        self._n_lines += n_lines
        self._n_bytes += n_bytes
        self.source.skip(n_bytes)
        return n_bytes > 0

    def _decode(self, joined: bytes, block: memoryview) -> list[str]:
        r"""Return the keys of a block from their bytes, which '\n' separates."""
        if not self.binary and BLANK.search(joined):
            keys = (self._check_blanks(key, row, block) for row, key in enumerate(joined.split(b"\n")))
            joined = b"\n".join(keys)
        encoding = self.options.encoding
        try:
            return joined.decode(encoding, self.options.errors).split("\n")
        except UnicodeDecodeError as error:
            row = joined.count(b"\n", 0, error.start)
            key = joined.split(b"\n")[row]
            place = self._row_place(row) if self.binary else self._line_place(_line_of_row(block, row))
            raise undecodable(key, self.options, place) from error

    def _check_blanks(self, key: bytes, row: int, block: memoryview) -> bytes:
        """Return a key without blanks around it. ValueError: it holds numbers that may be values of the row."""
        key = key.strip(b" \t\r")
        if not BLANK.search(key):
            return key
        if INTEGERS.fullmatch(key):
            self._n_integer_keys += 1
            self._first_integer_key = self._first_integer_key or repr(key.decode())
        elif ENDS_IN_NUMBER.fullmatch(key):
            line = _line_of_row(block, row)
            self._refuse_width(line, bytes(block).split(b"\n")[line])
        elif b"\r" in key:
            place = self._line_place(_line_of_row(block, row))
            raise ValueError(f"{place}: '\\r' inside a line; convert all line ends to '\\n'")
        return key

    def _refuse_width(self, n_lines: int, line: bytes) -> None:
        n_values = count_values(line)
        wanted = f"the header says {self.dim}"
        remedy = "repair the file"
        if self.announced is None:
            wanted = f"most of the first rows have {self.dim}"
            remedy = "remove each line that is not a row, such as a comment or a header of three numbers"
        if n_values > self.dim:
            remedy = "if the key ends with a number, replace the blank before it by '_'"
        raise ValueError(
            f"{self._line_place(n_lines)}, {_shorten(line)}: wrong number of values: "
            f"it has {n_values}, {wanted}; {remedy}"
        )

    def _line_place(self, n_lines: int) -> str:
        return f"{self.source.path}, line {self._n_lines + n_lines + 1}"

    def _row_place(self, n_rows: int) -> str:
        return f"{self.source.path}, row {len(self.keys) + n_rows + 1}"

    def _check_end(self) -> None:
        """Raise an error unless the file ends where its header says."""
        n_rows = len(self.keys)
        if n_rows < self.n_wanted and self.announced is None and bytes(self.source.unread).strip():
            raise EOFError(
                f"{self.source.path}: its last line, {self._n_lines + 1}, holds fewer than "
                f"{self.dim} values; the file is cut off"
            )
        if n_rows < self.n_wanted and self.announced is not None:
            raise EOFError(
                f"{self.source.path}: its header announces {self.announced} rows of {self.dim} "
                f"values, but the file holds {n_rows}; it is cut off"
            )
        while n_rows == self.announced:
            if bytes(self.source.unread).strip(b"\n" if self.binary else None):
                raise ValueError(
                    f"{self.source.path}: its header announces {n_rows} rows of {self.dim} values, "
                    "but more data follows; the header is wrong or the file is damaged"
                )
            self.source.skip(len(self.source.unread))
            if not self.source.more():
                break

    def _drop_repeated(self) -> None:
        """Keep only the first row of each key."""
        n_repeated = len(self.keys) - len(set(self.keys))
        if not n_repeated:
            return
        first = dict(zip(reversed(self.keys), range(len(self.keys) - 1, -1, -1), strict=True))
        for new, old in enumerate(sorted(first.values())):
            if new != old:
                self.matrix[new] = self.matrix[old]
        self.keys = list(dict.fromkeys(self.keys))
        logger.warning("%s: dropped %d rows whose keys occur in earlier rows", self.source.path, n_repeated)


def _line_of_row(block: memoryview, row: int) -> int:
    """Return the index of the line of a row in a block of text. Empty lines hold no row."""
    lines = enumerate(bytes(block).split(b"\n"))
    return [index for index, line in lines if line.strip(b" \t\r")][row]


def _shorten(text: bytes) -> str:
    return repr(text[:40].decode("utf-8", "backslashreplace"))
