"""word2vec's vocabulary file: lines of a key and its count. In and out: a path, keys and counts."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.io.atomic import write_atomically
from wildvec.io.options import ReadOptions, undecodable
from wildvec.io.source import Source

logger = logging.getLogger(__name__)

MAX_LINE = 1 << 12  # bytes


def load(
    path: str | os.PathLike[str], keys: Sequence[Key], *, errors: str = "strict", encoding: str = "utf-8"
) -> NDArray[np.int64]:
    """Read the counts of `keys` (int64) from a vocabulary file, plain or compressed.

    A key that the file does not have gets the count 0, with a logged warning. ValueError: a line is
    not a key and a count from 0 to 2**63 - 1; the text names the line.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "vocab.txt")
    >>> save(path, ["king", "queen"], np.array([7, 5]))
    >>> load(path, ["queen", "king"]).tolist()
    [5, 7]
    """
    options = ReadOptions(None, errors, encoding)
    found: dict[str, int] = {}
    with Source(path) as source:
        number = 0
        while line := source.read_line(MAX_LINE):
            number += 1
            if line.strip():
                key, count = _parse(line, f"{source.path}, line {number}", options)
                found.setdefault(key, count)
    missing = [key for key in keys if str(key) not in found]
    if missing:
        logger.warning("%s: no count for %d keys, the first is %r", path, len(missing), missing[0])
    return np.array([found.get(str(key), 0) for key in keys], np.int64)


def load_all(
    path: str | os.PathLike[str], *, errors: str = "strict", encoding: str = "utf-8"
) -> tuple[list[str], NDArray[np.int64]]:
    """Read all keys of a vocabulary file and their counts (int64), in the order of the file.

    ValueError: as for `load`.
    """
    options = ReadOptions(None, errors, encoding)
    found: list[tuple[str, int]] = []
    with Source(path) as source:
        number = 0
        while line := source.read_line(MAX_LINE):
            number += 1
            if line.strip():
                found.append(_parse(line, f"{source.path}, line {number}", options))
    return [key for key, _ in found], np.array([count for _, count in found], np.int64)


def _parse(line: bytes, place: str, options: ReadOptions) -> tuple[str, int]:
    key, _, count = line.strip().rpartition(b" ")
    if not key or not count.isdigit() or int(count) >= 2**63:
        raise ValueError(f"{place}: {line[:40]!r} is not a key and its count, separated by a space")
    try:
        return key.decode(options.encoding, options.errors), int(count)
    except UnicodeDecodeError as error:
        raise undecodable(key, options, place) from error


def save(
    path: str | os.PathLike[str],
    keys: Sequence[Key],
    counts: NDArray[np.int64],
    *,
    prefix: str = "",
    append: bool = False,
) -> None:
    """Write a vocabulary file; `prefix` is added to each key. append: add to the file that exists."""
    with write_atomically(path, append=append) as stream:
        for key, count in zip(keys, counts.tolist(), strict=True):
            stream.write(f"{prefix}{key} {count}\n".encode())
