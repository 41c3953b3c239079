"""The two files of word2vec: a header "rows values", then a text line or binary record a row."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key, key_bytes
from wildvec.io.atomic import replacing
from wildvec.io.keys import check_writable
from wildvec.io.rows import MAX_DIM, RowReader
from wildvec.io.source import Source

HEADER = re.compile(rb"[ \t]*([+-]?\d+)[ \t]+([+-]?\d+)[ \t\r]*(?:\n|\Z)")
LONGEST_HEADER = 200
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
NUMBER = re.compile(rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)", re.I)
SNIFFED = 1 << 16
BLOCK_VALUES = 1 << 18


def load(
    path: str | os.PathLike[str],
    *,
    binary: bool = False,
    limit: int | None = None,
    errors: str = "strict",
) -> tuple[list[str], NDArray[np.float32]]:
    r"""Keys and float32 matrix (n, dim) of a word2vec file, plain or compressed (gz, bz2, xz).

    `limit` reads the first rows only; `errors` is for keys that are not UTF-8 ("strict",
    "replace", "ignore"). The first of equal keys stays, with a logged warning. Text values may be
    nan or inf, and each is float32(float(text)). EOFError: the file ends before its header says.
    ValueError: anything else that does not fit, with its line.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "v.txt")
    >>> _ = path.write_text("2 3\nking 1 2 3\nqueen .5 1e2 -7\n")
    >>> load(path)[0], load(path, limit=1)[1].tolist()
    (['king', 'queen'], [[1.0, 2.0, 3.0]])
    """
    with Source(path) as source:
        return read(source, binary=binary, limit=limit, errors=errors)


def read(
    source: Source, *, binary: bool, limit: int | None = None, errors: str = "strict"
) -> tuple[list[str], NDArray[np.float32]]:
    """`load` from an open source."""
    line = source.line(LONGEST_HEADER)
    if not line:
        raise EOFError(f"{source.path}: the file is empty")
    match = HEADER.fullmatch(line)
    if not match:
        text = line[:40].decode("utf-8", "backslashreplace")
        raise ValueError(
            f"{source.path}, line 1: {text!r} is no word2vec header, "
            "which is two numbers: rows and values of each"
        )
    n_rows, dim = map(int, match.groups())
    if n_rows < 0 or not 0 < dim <= MAX_DIM:
        raise ValueError(f"{source.path}: its header promises {n_rows} rows of {dim} values")
    binary_by_look = looks_binary(bytes(source.unread[:SNIFFED]), dim)
    if n_rows and binary_by_look is not None and binary_by_look != binary:
        kind = "binary" if binary_by_look else "text"
        raise ValueError(f"{source.path} is word2vec {kind}: load it with binary={binary_by_look}")
    return RowReader(source, dim, promised=n_rows, limit=limit, binary=binary, errors=errors).read()


def looks_binary(rows: bytes, dim: int) -> bool | None:
    r"""Whether what follows a header is binary, by the first row; None where nothing proves it.

    Lines that are UTF-8 without control characters are text, whatever stands for their numbers.

    >>> looks_binary(b"king 0.5 1\n", 2), looks_binary(b"king \0\0\x80\x3f", 1)
    (False, True)
    """
    line, newline, _ = rows.lstrip(b"\n").partition(b"\n")
    values = (*re.split(rb"[ \t]", line, maxsplit=1), b"")[1]
    if CONTROL.search(values[: 4 * dim]):
        return True
    if newline and (count_values(line) == dim or _is_prose(rows)):
        return False
    return None


def _is_prose(data: bytes) -> bool:
    """Whether it is UTF-8, its last character perhaps cut, without control characters."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return not CONTROL.search(data)


def count_values(line: bytes) -> int:
    """How many numbers stand at the end of a line, its first field (the key) apart.

    >>> count_values(b"the 0.1 -2e3"), count_values(b"at 7 o'clock 1 2"), count_values(b"prose")
    (2, 2, 0)
    """
    count = 0
    for field in reversed(line.split()[0 if line[:1].isspace() else 1 :]):
        if not NUMBER.fullmatch(field):
            break
        count += 1
    return count


def save(
    path: str | os.PathLike[str],
    keys: Sequence[Key],
    matrix: NDArray[Any],
    counts: NDArray[np.int64] | None = None,
    binary: bool = False,
) -> None:
    """Write a word2vec file, text or binary, rows by falling count where counts are given.

    Values become float32; text has the 9 digits that bring each back exactly. The suffixes .gz,
    .bz2 and .xz compress. ValueError names a key with white space, which such a file cannot hold.
    """
    if matrix.ndim != 2 or len(keys) != len(matrix):
        raise ValueError(f"{len(keys)} keys do not fit a matrix of shape {matrix.shape}")
    if not matrix.shape[1]:
        raise ValueError("a word2vec file needs vectors of at least one value")
    check_writable(keys, binary)
    order = np.arange(len(keys)) if counts is None else np.argsort(-counts, kind="stable")
    with replacing(path) as stream:
        stream.write(b"%d %d\n" % matrix.shape)
        for rows in _row_blocks(order, matrix.shape[1]):
            block = np.ascontiguousarray(matrix[rows], "<f4")
            names = [key_bytes(str(keys[row])) for row in rows.tolist()]
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
