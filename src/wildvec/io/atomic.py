"""Write a file atomically: under its name there is always a complete file, the old one or the new one."""

from __future__ import annotations

import bz2
import errno
import glob
import gzip
import lzma
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

COMPRESSORS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    # No name and no time in the header, so that equal vectors make equal files.
    ".gz": lambda raw: cast(BinaryIO, gzip.GzipFile("", "wb", 6, raw, mtime=0)),
    ".bz2": lambda raw: cast(BinaryIO, bz2.BZ2File(raw, "wb")),
    ".xz": lambda raw: cast(BinaryIO, lzma.LZMAFile(raw, "wb")),  # noqa: SIM115
}
TEMPORARY = ".tmp"
STANDARD_STREAM = "-"  # on the command line: standard input or output

DISK_FULL = "free some space or write to another folder"
REMEDIES = {
    errno.ENOSPC: DISK_FULL,
    getattr(errno, "EDQUOT", errno.ENOSPC): DISK_FULL,
    errno.EFBIG: "raise the limit (ulimit -f) or write to another file system",
}


def check_output(path: str | os.PathLike[str]) -> Path:
    """Return the real path of an output file. Raise the OSError that writing to it would raise.

    IsADirectoryError: it is a folder. FileNotFoundError: its folder does not exist. PermissionError:
    it is read-only, or its folder is.

    >>> check_output("no/such/folder/x.wv")
    Traceback (most recent call last):
    FileNotFoundError: cannot write no/such/folder/x.wv: its folder does not exist
    """
    # The real path of a pipe such as /dev/stdout cannot be opened.
    target = Path(path) if _is_device(path) else Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"cannot write {os.fspath(path)}: it is a folder")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {os.fspath(path)}: its folder does not exist")
    if target.exists() and not _is_writable(target):
        remedy = "make it writable, remove it or choose another name"
        raise PermissionError(f"cannot write {os.fspath(path)}: it is read-only; {remedy}")
    if not _is_device(target) and not os.access(target.parent, os.W_OK):
        raise PermissionError(f"cannot write {os.fspath(path)}: no permission to write to {target.parent}")
    return target


def check_output_is_no_input(
    output: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str]]
) -> None:
    """Raise ValueError if writing `output` would replace an input file or add a file to an input folder.

    inputs: files, folders (whose files are the input) and patterns as for glob. Symbolic links are
    followed. "-", a standard stream, is never the same as a file.

    >>> check_output_is_no_input("wiki.wv", ["wiki.txt"])
    """
    if output == STANDARD_STREAM:
        return
    folder = os.path.dirname(os.path.realpath(output))
    for path in inputs:
        if path == STANDARD_STREAM:
            continue
        name = os.fspath(path)
        if os.path.isdir(name) and os.path.isdir(folder) and os.path.samefile(name, folder):
            raise ValueError(
                f"the output {os.fspath(output)} lies in the input folder {name}; write it to another folder"
            )
        files = [name] if os.path.exists(name) else glob.iglob(name, recursive=True)
        for file in files:
            if os.path.exists(output) and os.path.exists(file) and os.path.samefile(file, output):
                raise ValueError(
                    f"the output {os.fspath(output)} is also an input ({file}); choose another output"
                )


@contextmanager
def write_atomically(path: str | os.PathLike[str] | BinaryIO, *, append: bool = False) -> Iterator[BinaryIO]:
    """Open a binary stream whose bytes become the file `path` when the block ends without an exception.

    The bytes go to a temporary file in the same folder, which is synchronised and then renamed.
    After an error or Ctrl-C the old file is unchanged and the temporary file is removed. The
    suffixes .gz, .bz2 and .xz compress. Devices, pipes and open streams are written to directly.

    append: begin with a copy of the old file, if there is one.

    Raises OSError with path and remedy, for example if the disk is full; TypeError if `path` is neither a path nor a
    stream; others as `check_output`.
    """
    if not isinstance(path, (str, os.PathLike)):
        if not hasattr(path, "write"):
            raise TypeError(f"{path!r} is {type(path).__name__}; give the path of a file")
        yield path
        return
    target = check_output(path)
    compressor = COMPRESSORS.get(Path(path).suffix.lower())
    if _is_device(target):
        with _explain(path), open(target, "wb") as raw, _compressed(raw, compressor) as stream:
            yield stream
        return
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with _explain(path), open(temporary, "xb") as raw:
            if append and target.exists():
                with open(target, "rb") as old:
                    shutil.copyfileobj(old, raw)
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
    """Remove temporary files that a killed process left, of outputs whose names begin with `prefix`."""
    for leftover in folder.glob(f".{prefix}*{TEMPORARY}"):
        leftover.unlink(missing_ok=True)


@contextmanager
def _explain(path: str | os.PathLike[str]) -> Iterator[None]:
    """Add path and remedy to an OSError of write(), which has neither."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = os.fspath(path)
            if remedy := REMEDIES.get(error.errno):
                error.strerror = f"{error.strerror}; {remedy}"
        raise


def _is_writable(file: Path) -> bool:
    """Whether a file may be changed. os.access alone says yes to root for every file."""
    return bool(file.stat().st_mode & 0o222) and os.access(file, os.W_OK)


def _is_device(path: str | os.PathLike[str]) -> bool:
    """Whether `path` exists and is neither a file nor a folder: a device or a pipe."""
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
    """Make the rename durable. Some systems do not let a folder be opened."""
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
