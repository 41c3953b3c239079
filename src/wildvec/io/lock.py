"""A lock on a folder, seen by all threads and processes. It ends with the process and its forked children."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

NAME = ".checkpoint.lock"
MAX_TRIES = 100  # how often another process may remove the lock file just before it is locked

if sys.platform == "win32":
    import msvcrt

    BUSY = {errno.EACCES, errno.EDEADLK}

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    BUSY = {errno.EAGAIN}

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock `folder` until the block ends.

    On a file system without locks the block runs without one. BlockingIOError: another thread or
    process has locked the folder. OSError: the folder cannot be written to.
    """
    path = folder / NAME
    with _open_locked(path, folder) as file:
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                if sys.platform == "win32":  # Windows does not remove an open file
                    file.close()
                path.unlink()


def _open_locked(path: Path, folder: Path) -> IO[bytes]:
    """Open the lock file and lock it, if the file system has locks."""
    for _ in range(MAX_TRIES):
        file = open(path, "ab")  # noqa: SIM115
        try:
            _lock(file)
        except OSError as error:
            if error.errno not in BUSY:
                return file
            file.close()
            raise BlockingIOError(
                error.errno,
                "another training writes to this folder; wait until it ends, or give another folder",
                os.fspath(folder),
            ) from None
        if _is_file_at(file, path):
            return file
        file.close()  # the process that held the lock before has removed the file
    return open(path, "ab")  # file numbers mean nothing on this file system, so there is no lock


def _is_file_at(file: IO[bytes], path: Path) -> bool:
    """Whether `path` is still the name of the open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False
