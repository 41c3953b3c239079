"""A growing array. In: pieces of numbers. Out: one array, in memory or (if it is large) in a mapped file."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from wildvec.base.pages import private_pages


class CellBuffer:
    """Pieces of one dtype, one after the other: in memory while they fit, then in a file without a name.

    max_bytes: bytes that may be in memory; memory that is never written costs nothing. cache_dir: the folder of the
    file; None: the system's folder for temporary files. The array that `finish` returns keeps the memory or the file.
    OSError: the file cannot be created, or the disk is full.

    >>> buffer = CellBuffer(np.int32, 1000)
    >>> buffer.append(np.array([1, 2], np.int32)); buffer.append(np.array([3], np.int32))
    >>> buffer.finish().tolist()
    [1, 2, 3]
    """

    def __init__(
        self, dtype: DTypeLike, max_bytes: int, cache_dir: str | os.PathLike[str] | None = None
    ) -> None:
        self.dtype = np.dtype(dtype)
        self.n_bytes = 0
        self._cache_dir = cache_dir
        self._file: IO[bytes] | None = None
        self._pages: mmap.mmap | None = None
        if max_bytes > 0:
            with contextlib.suppress(OSError, OverflowError, ValueError):  # without memory, the file is used
                self._pages = private_pages(max_bytes)
        if self._pages is None:
            self._open_file()

    @property
    def in_memory(self) -> bool:
        """Whether all pieces so far are in memory."""
        return self._pages is not None

    def append(self, piece: NDArray[Any]) -> None:
        """Copy a contiguous piece of this dtype to the end."""
        begin, self.n_bytes = self.n_bytes, self.n_bytes + piece.nbytes
        data = piece.view(np.uint8).data
        if self._pages is not None and self.n_bytes <= len(self._pages):
            self._pages[begin : self.n_bytes] = data
            return
        if self._pages is not None:
            self._open_file()
            with memoryview(self._pages) as pages:
                self._write(pages[:begin])
            self._pages = None
        self._write(data)

    def finish(self) -> NDArray[Any]:
        """Return the array. Nothing can be appended afterwards."""
        n = self.n_bytes // self.dtype.itemsize
        if self._file is not None:
            with self._file as file:
                array: NDArray[Any] = np.memmap(file, self.dtype, "r+", shape=(n,)) if n else self._empty()
            return array
        assert self._pages is not None
        if not n:
            return self._empty()
        with contextlib.suppress(SystemError):  # not every system can resize; untouched pages cost nothing
            self._pages.resize(self.n_bytes)
        return np.frombuffer(self._pages, self.dtype, n)

    def close(self) -> None:
        """Release the memory and the file, unless an array of `finish` uses them."""
        self._pages = None
        if self._file is not None:
            self._file.close()

    def _empty(self) -> NDArray[Any]:
        return np.empty(0, self.dtype)

    def _folder(self) -> str:
        return os.fspath(self._cache_dir or tempfile.gettempdir())

    def _open_file(self) -> None:
        try:
            self._file = tempfile.TemporaryFile(dir=self._cache_dir)  # noqa: SIM115 (close closes it)
        except OSError as error:
            remedy = "cache_dir must be a folder that can be written to"
            raise OSError(error.errno, f"{error.strerror}: {remedy}", self._folder()) from error

    def _write(self, data: memoryview) -> None:
        assert self._file is not None
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            remedy = "cannot write the counts; free some space, or give cache_dir on another disk"
            raise OSError(error.errno, f"{error.strerror}: {remedy}", self._folder()) from error
