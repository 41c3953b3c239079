"""Writing a file so that its name only ever stands for a whole one."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

COMPRESSORS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    # No name and no time in the header: equal vectors make equal files.
    ".gz": lambda raw: cast(BinaryIO, gzip.GzipFile("", "wb", 6, raw, mtime=0)),
    ".bz2": lambda raw: cast(BinaryIO, bz2.BZ2File(raw, "wb")),
    ".xz": lambda raw: cast(BinaryIO, lzma.LZMAFile(raw, "wb")),  # noqa: SIM115
}


TEMPORARY = ".tmp"


def check_output(path: str | os.PathLike[str]) -> Path:
    """Raise the OSError that writing to `path` would end in, before any work is done for it.

    >>> check_output("no/such/folder/x.wv")
    Traceback (most recent call last):
    FileNotFoundError: cannot write no/such/folder/x.wv: its folder does not exist
    """
    # The real path of a pipe such as /dev/stdout is no path that can be opened.
    target = Path(path) if _is_device(path) else Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"cannot write {os.fspath(path)}: it is a folder")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {os.fspath(path)}: its folder does not exist")
    place = target.parent if not target.exists() or target.is_file() else target
    if not os.access(place, os.W_OK):
        raise PermissionError(f"cannot write {os.fspath(path)}: no permission to write to {place}")
    return target


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary stream whose bytes become the file `path` when the block ends without an exception.

    They are written under a temporary name in the same folder, synchronised, then renamed; after a
    failure or Ctrl-C the old file, if any, is untouched and nothing else is left. The suffixes
    .gz, .bz2 and .xz compress. Devices and pipes are written to directly.
    """
    target = check_output(path)
    compressor = COMPRESSORS.get(Path(path).suffix.lower())
    if _is_device(target):
        with _named(path), open(target, "wb") as raw, _compressed(raw, compressor) as stream:
            yield stream
        return
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with _named(path), open(temporary, "xb") as raw:
            with _compressed(raw, compressor) as stream:
                yield stream
            raw.flush()
            os.fsync(raw.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove the temporary files that a killed process left of those whose names begin so."""
    for leftover in folder.glob(f".{prefix}*{TEMPORARY}"):
        leftover.unlink(missing_ok=True)


@contextmanager
def _named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Let an OSError of write(), such as that of a full disk, say where it happened."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = os.fspath(path)
        raise


def _is_device(path: str | os.PathLike[str]) -> bool:
    """Whether something stands there that is neither a file nor a folder: a device or a pipe."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def _compressed(raw: BinaryIO, compressor: Callable[[BinaryIO], BinaryIO] | None) -> Iterator[BinaryIO]:
    if compressor is None:
        yield raw
        return
    with compressor(raw) as stream:
        yield stream


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last; not every system lets a folder be opened."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
