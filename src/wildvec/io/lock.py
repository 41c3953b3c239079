"""A folder of one's own: a lock that all threads and processes see. It goes with its process and those it forked."""

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
TURNS = 100  # so often others may remove the file just before it is locked

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
def alone_in(folder: Path) -> Iterator[None]:
    """Whoever else enters such a block for the folder meanwhile gets a BlockingIOError.

    Where the file system knows no locks, nobody is kept out. OSError: the folder cannot be written to.
    """
    path = folder / NAME
    with _locked(path, folder) as file:
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                if sys.platform == "win32":  # no open file can be removed there
                    file.close()
                path.unlink()


def _locked(path: Path, folder: Path) -> IO[bytes]:
    """The lock file, locked if the file system can do that."""
    for _ in range(TURNS):
        file = open(path, "ab")  # noqa: SIM115
        try:
            _lock(file)
        except OSError as error:
            if error.errno not in BUSY:
                return file
            file.close()
            raise BlockingIOError(
                error.errno,
                "another training is at work there; wait for its end, or give another folder",
                os.fspath(folder),
            ) from None
        if _is(file, path):
            return file
        file.close()  # whoever had the lock before has removed it meanwhile
    return open(path, "ab")  # numbers of files mean nothing there: no better than no locks


def _is(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False
