"""word2vec's two formats: a header "rows values", then a text line or binary record for each row.

In: a path. Out: keys and matrix, and the other way round.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key, key_bytes
from wildvec.io.atomic import write_atomically
from wildvec.io.keys import check_word2vec_keys
from wildvec.io.options import ReadOptions
from wildvec.io.rows import MAX_DIM, RowReader, Rows, count_values
from wildvec.io.source import CONTROL, Source

HEADER = re.compile(rb"[ \t]*([+-]?\d+)[ \t]+([+-]?\d+)[ \t\r]*(?:\n|\Z)")
MAX_HEADER = 200
HEAD = 1 << 16  # bytes of a file that decide what kind it is
BLOCK_VALUES = 1 << 18


def load(
    path: str | os.PathLike[str],
    *,
    binary: bool = False,
    limit: int | None = None,
    errors: str = "strict",
    encoding: str = "utf-8",
) -> Rows:
    r"""Read a word2vec file, plain or compressed (gz, bz2, xz, zst): keys and float32 matrix (n, dim).

    Each value of a text is float32(float(text)) and may be nan or inf. In text, a key may hold
    spaces: it is the part of a line before its last `dim` fields. Of rows with the same key only
    the first is kept, with a logged warning.

    Args:
        path: the file.
        binary: whether it is the binary format.
        limit: read only the first `limit` rows; None: all rows.
        errors: treatment of keys that `encoding` cannot decode: "strict" (an error), "replace" or "ignore".
        encoding: encoding of the keys. It must contain ASCII.

    Raises:
        EOFError: the file has fewer rows than its header says.
        ValueError: other damage; the text names the line or row.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "v.txt")
    >>> _ = path.write_text("2 3\nking 1 2 3\nqueen .5 1e2 -7\n")
    >>> load(path)[0], load(path, limit=1)[1].tolist()
    (['king', 'queen'], [[1.0, 2.0, 3.0]])
    """
    options = ReadOptions(limit, errors, encoding)
    with Source(path) as source:
        return read(source, options, binary=binary)


def read(source: Source, options: ReadOptions, *, binary: bool) -> Rows:
    """Read header and rows of an open file; otherwise like `load`."""
    line = source.read_line(MAX_HEADER)
    if not line:
        raise EOFError(f"{source.path}: the file is empty")
    match = HEADER.fullmatch(line)
    if not match:
        text = line[:40].decode("utf-8", "backslashreplace")
        raise ValueError(
            f"{source.path}, line 1: {text!r} is not a word2vec header, which is two integers, the number of "
            "rows and of values in each; if the file has no header, read it with KeyedVectors.load or no_header=True"
        )
    n_rows, dim = map(int, match.groups())
    if n_rows < 0 or not 0 < dim <= MAX_DIM:
        raise ValueError(
            f"{source.path}, line 1: the header announces {n_rows} rows of {dim} values; "
            f"wanted at least 0 rows of 1 to {MAX_DIM:,} values"
        )
    looks_like = looks_binary(bytes(source.unread[:HEAD]), dim)
    if n_rows and looks_like is not None and looks_like != binary:
        kind = "binary" if looks_like else "text"
        raise ValueError(f"{source.path} is word2vec {kind}; load it with binary={looks_like}")
    return RowReader(source, dim, options, announced=n_rows, binary=binary).read()


def looks_binary(rows: bytes, dim: int) -> bool | None:
    r"""Return whether the bytes after a header are binary, judged by the first row; None if it is unclear.

    UTF-8 without control characters is text, even if its fields are not numbers.

    >>> looks_binary(b"king 0.5 1\n", 2), looks_binary(b"king \0\0\x80\x3f", 1)
    (False, True)
    """
    line, newline, _ = rows.lstrip(b"\n").partition(b"\n")
    values = (*re.split(rb"[ \t]", line, maxsplit=1), b"")[1]
    if CONTROL.search(values[: 4 * dim]):
        return True
    if newline and (count_values(line) == dim or _is_text(rows)):
        return False
    return None


def _is_text(data: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters. The last character may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return not CONTROL.search(data)


def save(
    path: str | os.PathLike[str],
    keys: Sequence[Key],
    matrix: NDArray[Any],
    counts: NDArray[np.int64] | None = None,
    binary: bool = False,
    *,
    header: bool = True,
    n_announced: int | None = None,
    prefix: str = "",
    append: bool = False,
) -> None:
    """Write a word2vec file, text or binary. With counts, rows are sorted by falling count.

    Values become float32; in text they have 9 digits, from which the same float32 is read. The
    suffixes .gz, .bz2 and .xz compress.

    Args:
        path: the file.
        keys: n keys.
        matrix: (n, dim), any float type.
        counts: n counts, or None.
        binary: whether to write the binary format.
        header: whether to write the line of the numbers of rows and values. Text without it is GloVe's format.
        n_announced: number of rows in the header; None: n. More is right if other rows are appended later.
        prefix: text before each key.
        append: add to the file that exists.

    Raises:
        ValueError: a key holds white space, or the arguments do not fit each other.
        OSError: the file cannot be written.
    """
    if matrix.ndim != 2 or len(keys) != len(matrix):
        raise ValueError(f"{len(keys)} keys do not fit a matrix of shape {matrix.shape}")
    if not matrix.shape[1]:
        raise ValueError("a word2vec file needs vectors of at least one value")
    check_word2vec_keys(keys, binary, prefix)
    order = np.arange(len(keys)) if counts is None else np.argsort(-counts, kind="stable")
    with write_atomically(path, append=append) as stream:
        if header:
            stream.write(b"%d %d\n" % (len(keys) if n_announced is None else n_announced, matrix.shape[1]))
        for rows in _row_blocks(order, matrix.shape[1]):
            block = np.ascontiguousarray(matrix[rows], "<f4")
            names = [key_bytes(f"{prefix}{keys[row]}") for row in rows.tolist()]
            stream.write(_records(names, block) if binary else _lines(names, block))


def _row_blocks(order: NDArray[np.int64], dim: int) -> Iterator[NDArray[np.int64]]:
    n_rows = max(1, BLOCK_VALUES // dim)
    for begin in range(0, len(order), n_rows):
        yield order[begin : begin + n_rows]


def _records(names: list[bytes], block: NDArray[np.float32]) -> bytes:
    data, width = block.tobytes(), 4 * block.shape[1]
    return b"".join(
        b"%s %s" % (name, data[row * width : (row + 1) * width]) for row, name in enumerate(names)
    )


def _lines(names: list[bytes], block: NDArray[np.float32]) -> bytes:
    line = "%s" + " %.9g" * block.shape[1] + "\n"
    return "".join(
        line % (name.decode(), *row) for name, row in zip(names, block.tolist(), strict=True)
    ).encode()
