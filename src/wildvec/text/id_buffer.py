"""Where a growing sequence of ids lives: in memory, or in a nameless file when it is too large."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from mmap import mmap
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from wildvec.base.pages import private_pages
from wildvec.base.threads import in_order

Ids = NDArray[np.int32]

# Bytes of ids; what is larger reads as fast from a mapped file, which the system can page out.
IN_MEMORY = 256 << 20


class IdStore:
    """Pieces of ids, one after the other: in pages of memory as long as they fit, then in a file.

    cache_dir: write to a file there from the first piece on; None: stay in memory up to `room_in_memory`,
    then move to the system's directory for temporary files. The file has no name (on Windows it goes
    with its last handle), so it cannot be left behind, however the process ends.
    """

    def __init__(self, cache_dir: str | os.PathLike[str] | None = None) -> None:
        self.cache_dir = cache_dir
        self.lengths: list[int] = []
        self.total = 0
        self.file: IO[bytes] | None = None
        self.pages: mmap | None = None
        if cache_dir is None:
            with contextlib.suppress(OSError, OverflowError, ValueError):  # no such room; the file is left
                self.pages = private_pages(room_in_memory())
        if self.pages is None:
            self._open()

    def _open(self) -> None:
        try:
            self.file = tempfile.TemporaryFile(dir=self.cache_dir)  # noqa: SIM115 (close closes it)
        except OSError as error:
            remedy = "cache_dir must be a folder that can be written to"
            raise OSError(error.errno, f"{error.strerror}: {remedy}", self._where()) from error

    def _where(self) -> str:
        return os.fspath(self.cache_dir or tempfile.gettempdir())

    def close(self) -> None:
        """Give up pages and file; what `finish` gave stays."""
        self.pages = None
        if self.file is not None:
            self.file.close()

    def append(self, ids: Ids) -> None:
        """Take a copy of a piece; OSError if the disk is full."""
        start, self.total = 4 * self.total, self.total + len(ids)
        self.lengths.append(len(ids))
        if self.pages is not None and 4 * self.total <= len(self.pages):
            self.pages[start : 4 * self.total] = ids.data.cast("B")
            return
        if self.pages is not None:
            self._open()
            with memoryview(self.pages) as pages:
                self._write(pages[:start])
            self.pages = None
        self._write(ids.data)

    def _write(self, ids: memoryview) -> None:
        assert self.file is not None
        try:
            self.file.write(ids)
            self.file.flush()
        except OSError as error:
            remedy = "cannot write the ids; free some space, or give cache_dir on another disk"
            raise OSError(error.errno, f"{error.strerror}: {remedy}", self._where()) from error

    def finish(self, remap: Callable[[int, Ids], int], workers: int) -> tuple[Ids, NDArray[np.int64]]:
        """All ids in one array, and how many each piece left.

        remap(i, ids) changes piece i in place, on any thread, and returns how many ids are left at
        its front. They move down to those of the pieces before.
        """
        flat = self._flat(self.total)
        pieces = np.split(flat, np.cumsum(self.lengths)[:-1])
        kept = np.zeros(len(pieces), np.int64)
        at = 0

        def step(i: int) -> int:
            return remap(i, pieces[i])

        with closing(in_order([step] * workers, range(len(pieces)))) as counts:
            for i, count in enumerate(counts):
                flat[at : at + count] = pieces[i][:count]
                at += count
                kept[i] = count
        pieces.clear()
        del flat  # what is mapped cannot be cut
        if at:
            self._cut(4 * at)
        return self._flat(at), kept

    def _flat(self, n: int) -> Ids:
        if n == 0:
            return np.empty(0, np.int32)
        if self.pages is not None:
            return np.frombuffer(self.pages, np.int32, n)
        assert self.file is not None
        ids: Ids = np.memmap(self.file, np.int32, "r+", shape=(n,))
        return ids

    def _cut(self, n_bytes: int) -> None:
        if self.file is not None:
            self.file.truncate(n_bytes)
        elif self.pages is not None:
            with contextlib.suppress(
                SystemError
            ):  # where the system cannot, pages never touched cost nothing
                self.pages.resize(n_bytes)


def room_in_memory() -> int:
    """Bytes of ids to keep in memory: 256 MB, or half of what is free where that is less.

    It is half of what is free also where the directory for temporary files has not even as much.
    """
    free = available_memory() / 2
    try:
        disk = shutil.disk_usage(tempfile.gettempdir()).free
    except OSError:
        disk = 0
    return int(free if disk < free < math.inf else min(free, IN_MEMORY))


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
