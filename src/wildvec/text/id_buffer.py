"""A growing sequence of ids. In: pieces of ids. Out: one array, in memory or (if it is large) in a mapped file."""

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

# Bytes of ids. A larger array is read as fast from a mapped file, and the system can page it out.
IN_MEMORY = 256 << 20


class IdBuffer:
    """Pieces of ids, one after the other: in memory pages while they fit, then in a file.

    cache_dir: write all pieces to a file in this folder. None: keep up to `max_bytes_in_memory` in memory, then move
    to a file in the system's folder for temporary files. The file has no name (on Windows it is deleted when it is
    closed), so it disappears however the process ends. TypeError: cache_dir is no path. OSError: the file cannot be
    created.
    """

    def __init__(self, cache_dir: str | os.PathLike[str] | None = None) -> None:
        if not isinstance(cache_dir, str | os.PathLike | None):
            raise TypeError(f"cache_dir={cache_dir!r}: give the path of a folder, or None")
        self.cache_dir = cache_dir
        self.lengths: list[int] = []
        self.total = 0
        self.file: IO[bytes] | None = None
        self.pages: mmap | None = None
        if cache_dir is None:
            with contextlib.suppress(OSError, OverflowError, ValueError):  # without memory, the file is used
                self.pages = private_pages(max_bytes_in_memory())
        if self.pages is None:
            self._open()

    def _open(self) -> None:
        try:
            self.file = tempfile.TemporaryFile(dir=self.cache_dir)  # noqa: SIM115 (close closes it)
        except OSError as error:
            remedy = "cache_dir must be a folder that can be written to"
            raise OSError(error.errno, f"{error.strerror}: {remedy}", self._folder()) from error

    def _folder(self) -> str:
        return os.fspath(self.cache_dir or tempfile.gettempdir())

    def close(self) -> None:
        """Release the pages and the file; arrays that `finish` returned stay valid."""
        self.pages = None
        if self.file is not None:
            self.file.close()

    def append(self, ids: Ids) -> None:
        """Copy a piece to the end. OSError: the disk is full."""
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
            raise OSError(error.errno, f"{error.strerror}: {remedy}", self._folder()) from error

    def finish(self, remap: Callable[[int, Ids], int], workers: int) -> tuple[Ids, NDArray[np.int64]]:
        """Remap each piece and return all ids in one array, and the number of ids that each piece kept.

        remap(i, ids) changes piece i in place, on any thread. It returns how many ids to keep, from the front.
        """
        flat = self._flat(self.total)
        pieces = np.split(flat, np.cumsum(self.lengths)[:-1])
        kept = np.zeros(len(pieces), np.int64)
        end = 0

        def step(i: int) -> int:
            return remap(i, pieces[i])

        with closing(in_order([step] * workers, range(len(pieces)))) as counts:
            for i, count in enumerate(counts):
                flat[end : end + count] = pieces[i][:count]
                end += count
                kept[i] = count
        pieces.clear()
        del flat  # a mapped file cannot be truncated
        if end:
            self._truncate(4 * end)
        return self._flat(end), kept

    def _flat(self, n: int) -> Ids:
        if n == 0:
            return np.empty(0, np.int32)
        if self.pages is not None:
            return np.frombuffer(self.pages, np.int32, n)
        assert self.file is not None
        ids: Ids = np.memmap(self.file, np.int32, "r+", shape=(n,))
        return ids

    def _truncate(self, n_bytes: int) -> None:
        if self.file is not None:
            self.file.truncate(n_bytes)
        elif self.pages is not None:
            # Not every system can resize; there, pages that were never touched cost nothing.
            with contextlib.suppress(SystemError):
                self.pages.resize(n_bytes)


def max_bytes_in_memory() -> int:
    """Return how many bytes of ids to keep in memory: 256 MB, or half of the free memory if that is less.

    If the folder for temporary files has less free space than that half, return the half.
    """
    free = available_memory() / 2
    try:
        disk = shutil.disk_usage(tempfile.gettempdir()).free
    except OSError:
        disk = 0
    return int(free if disk < free < math.inf else min(free, IN_MEMORY))


def available_memory() -> float:
    """Return the bytes of memory that the system and the container can still give; infinity if unknown."""
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
    except (OSError, ValueError):  # there is no limit, or it is "max"
        return float("inf")
