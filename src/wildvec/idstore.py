"""Where a growing sequence of ids lives: in memory, or in a nameless file when it is too large."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from wildvec.workers import in_order

Ids = NDArray[np.int32]


class IdStore:
    """Pieces of ids in order, then one flat array.

    cache_dir: write to a file there from the first piece on; None: stay in memory up to half of
    what is free, then move to the system's directory for temporary files. The file has no name (on
    Windows it goes with its last handle), so it cannot be left behind, however the process ends.
    """

    def __init__(self, cache_dir: str | os.PathLike[str] | None = None) -> None:
        self.cache_dir = cache_dir
        self.limit = available_memory() / 2 if cache_dir is None else 0
        self.pieces: list[Ids] = []
        self.lengths: list[int] = []
        self.total = 0
        self.file: IO[bytes] | None = None
        if cache_dir is not None:
            try:
                self.file = tempfile.TemporaryFile(dir=cache_dir)  # noqa: SIM115 (close closes it)
            except OSError as error:
                remedy = "cache_dir must be a folder that can be written to"
                raise OSError(error.errno, f"{error.strerror}: {remedy}", os.fspath(cache_dir)) from error

    def close(self) -> None:
        """Give the file up, if there is one that no array maps."""
        if self.file is not None:
            self.file.close()

    def append(self, ids: Ids) -> None:
        """Take a piece; OSError if the disk is full."""
        self.lengths.append(len(ids))
        self.total += len(ids)
        if self.file is None and 4 * self.total > self.limit:
            self.file = tempfile.TemporaryFile()  # noqa: SIM115
            for piece in self.pieces:
                self._write(piece)
            self.pieces.clear()
        if self.file is None:
            self.pieces.append(ids)
        else:
            self._write(ids)

    def _write(self, ids: Ids) -> None:
        assert self.file is not None
        try:
            self.file.write(ids.data)
            self.file.flush()
        except OSError as error:
            where = os.fspath(self.cache_dir or tempfile.gettempdir())
            remedy = "cannot write the ids; free some space, or give cache_dir on another disk"
            raise OSError(error.errno, f"{error.strerror}: {remedy}", where) from error

    def finish(self, remap: Callable[[int, Ids], int], workers: int) -> tuple[Ids, NDArray[np.int64]]:
        """All ids in one array, and how many each piece left.

        remap(i, ids) changes piece i in place, on any thread, and returns how many ids are left at
        its front. The pieces are given back as they are copied.
        """
        flat, pieces = self._flat()
        kept = np.zeros(len(pieces), np.int64)
        at = 0

        def step(i: int) -> int:
            return remap(i, pieces[i])

        with closing(in_order([step] * workers, range(len(pieces)))) as counts:
            for i, count in enumerate(counts):
                flat[at : at + count] = pieces[i][:count]
                pieces[i] = flat[:0]
                at += count
                kept[i] = count
        if self.file is None or at == 0:
            return flat[:at], kept
        pieces.clear()
        del flat  # a system may refuse to cut a file that is mapped
        self.file.truncate(4 * at)
        return np.memmap(self.file, np.int32, "r+", shape=(at,)), kept

    def _flat(self) -> tuple[Ids, list[Ids]]:
        """The array to copy into, and the pieces; in a file they lie in it and move down."""
        if self.file is None:
            pieces, self.pieces = self.pieces, []
            return np.empty(self.total, np.int32), pieces
        flat: Ids = np.memmap(self.file, np.int32, "r+", shape=(self.total,))
        return flat, np.split(flat, np.cumsum(self.lengths)[:-1])


def available_memory() -> float:
    """Bytes that system and container still have to give; infinity if unknown."""
    return min(_meminfo(Path("/proc/meminfo")), _cgroup(Path("/sys/fs/cgroup")))


def _meminfo(path: Path) -> float:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return float("inf")
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    kilobytes = fields.get("MemAvailable", "inf").split()[0]
    return float(kilobytes) * 1024


def _cgroup(root: Path) -> float:
    try:
        return int((root / "memory.max").read_text()) - int((root / "memory.current").read_text())
    except (OSError, ValueError):  # no such limit, or "max"
        return float("inf")
