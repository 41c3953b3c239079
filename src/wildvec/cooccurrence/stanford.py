"""Files of Stanford's GloVe programs: cooccurrence.bin (row, column, value) and vocab.txt (word and count)."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.cooccurrence.rows import Rows, split_rows
from wildvec.io import counts as vocab_file
from wildvec.io.atomic import write_atomically
from wildvec.io.keys import check_word2vec_keys
from wildvec.io.source import Source

RECORD = np.dtype([("row", "<i4"), ("column", "<i4"), ("value", "<f8")])
BLOCK_RECORDS = 1 << 20


def save(
    path: str | os.PathLike[str],
    vocab_path: str | os.PathLike[str],
    keys: Sequence[Key],
    counts: NDArray[np.int64],
    rows: Rows,
) -> None:
    """Write both files. ValueError: a key contains white space."""
    check_word2vec_keys(keys, binary=False)
    sizes = np.diff(rows.offsets)
    with write_atomically(path) as stream:
        for first, last in split_rows(sizes, BLOCK_RECORDS):
            cells = slice(rows.offsets[first], rows.offsets[last])
            records = np.empty(cells.stop - cells.start, RECORD)
            records["row"] = np.repeat(np.arange(first + 1, last + 1), sizes[first:last])
            records["column"] = rows.columns[cells] + 1
            records["value"] = rows.values[cells]
            stream.write(records.view(np.uint8).data)
    vocab_file.save(vocab_path, keys, counts)


def load(
    path: str | os.PathLike[str], vocab_path: str | os.PathLike[str]
) -> tuple[list[Key], NDArray[np.int64], Rows]:
    """Read both files. Records may be in any order; those of the same cell are added.

    EOFError: the file is cut off. ValueError: a record or a line of the vocabulary is wrong.
    """
    keys, counts = vocab_file.load_all(vocab_path)
    n = len(keys)
    cells, values = _read_records(path, n)
    if np.any(cells[1:] <= cells[:-1]):
        order = np.argsort(cells, kind="stable")
        cells, values = cells[order], values[order]
        first = np.flatnonzero(np.diff(cells, prepend=-1))
        cells, values = cells[first], np.add.reduceat(values, first) if len(first) else values
    offsets = np.searchsorted(cells, np.arange(n + 1) * n)
    return list(keys), counts, Rows(offsets, (cells % n).astype(np.int32), values.astype(np.float32))


def _read_records(path: str | os.PathLike[str], n: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return row * n + column of each record (both from 0), and its value."""
    cells, values, n_before = [np.empty(0, np.int64)], [np.empty(0)], 0
    with Source(path) as source:
        while True:
            block = np.empty(BLOCK_RECORDS, RECORD)
            n_bytes = source.readinto(block.view(np.uint8).data)
            if n_bytes % RECORD.itemsize:
                raise EOFError(
                    f"{source.path}: cut off after {n_before + n_bytes // RECORD.itemsize} records"
                )
            records = block[: n_bytes // RECORD.itemsize]
            ids = np.stack([records["row"], records["column"]])
            if records.size and not 1 <= ids.min() <= ids.max() <= n:
                bad = n_before + int(np.flatnonzero(((ids < 1) | (ids > n)).any(axis=0))[0])
                raise ValueError(
                    f"{source.path}: record {bad} names a word outside 1..{n}, the words of the vocabulary"
                )
            cells.append((ids[0] - 1) * np.int64(n) + (ids[1] - 1))
            values.append(records["value"].copy())
            n_before += len(records)
            if len(records) < BLOCK_RECORDS:
                return np.concatenate(cells), np.concatenate(values)
