"""Files to read from: found by path, directory or pattern, opened however they are compressed."""

from __future__ import annotations

import bz2
import errno
import glob
import gzip
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

STDIN = "-"


class Paths(tuple[str | os.PathLike[str], ...]):
    """Names of files and nothing else, to be read one after the other; the str ``-`` is stdin.

    Given as one path or as an iterable of paths; TypeError names what is none.

    >>> Paths("a.txt"), Paths(["a.txt", "-"])
    (('a.txt',), ('a.txt', '-'))
    """

    def __new__(cls, given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Paths:
        """Take one path or several."""
        paths = [given] if isinstance(given, (str, os.PathLike)) else list(given)
        for place, path in enumerate(paths):
            if not isinstance(path, (str, os.PathLike)):
                raise TypeError(f"path {place} is {type(path).__name__} {path!r}; give a str or a Path")
        if not paths:
            raise ValueError("no path is given; give at least one")
        return super().__new__(cls, paths)


def find_files(paths: Paths) -> tuple[list[str], int | None]:
    """The files that the paths mean, and their size in bytes together (None if not known).

    A directory means the files directly in it, by name, without hidden ones; a pattern (``*?[``)
    what it matches; the str ``-`` stdin. FileNotFoundError if a path is missing or means no file.
    """
    files = [file for path in paths for file in _expand(path)]
    if any(file == STDIN or not os.path.isfile(file) for file in files):
        return files, None
    return files, sum(map(os.path.getsize, files))


def _expand(path: str | os.PathLike[str]) -> list[str]:
    name = os.fsdecode(path)
    if path == STDIN:
        return [STDIN]
    if name == STDIN:
        name = os.path.join(os.curdir, STDIN)  # a Path is never stdin
    if os.path.isdir(name):
        inside = (os.path.join(name, file) for file in sorted(os.listdir(name)) if file[0] != ".")
        files = [file for file in inside if not os.path.isdir(file)]
        if not files:
            raise FileNotFoundError(errno.ENOENT, "the directory holds no files", name)
        return files
    if os.path.exists(name):
        return [name]
    matches = sorted(file for file in glob.glob(name, recursive=True) if not os.path.isdir(file))
    if not matches:
        hint = "no such file (a lone str is a path; give sentences as lists of words)"
        raise FileNotFoundError(errno.ENOENT, hint, name if len(name) < 200 else name[:200] + "…")
    return matches


@contextmanager
def open_file(path: str) -> Iterator[tuple[IO[bytes], Callable[[], int] | None]]:
    """Open a file for reading as `open_stream` does: (stream, how far the file itself is read)."""
    if path == STDIN:
        with open_stream(sys.stdin.buffer, "stdin") as stream:
            yield stream, None
        return
    with open(path, "rb") as raw, open_stream(raw, path) as stream:
        yield stream, raw.tell if raw.seekable() else None


@contextmanager
def open_stream(raw: Any, name: str) -> Iterator[IO[bytes]]:
    """The bytes of an open file, decompressed: gzip, bzip2, xz, zstd are known by the first bytes.

    EOFError if the compressed file ends too early, ValueError if it is damaged.
    """
    with naming_damage(name):
        yield decompressed(raw)


@contextmanager
def naming_damage(name: str) -> Iterator[None]:
    """Raise what the decompressors raise, each in its way, as an EOFError or ValueError that names the file."""
    try:
        yield
    except EOFError:
        raise EOFError(f"{name}: the compressed file ends too early; it was cut off") from None
    except (zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise ValueError(f"{name}: damaged compressed file: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ValueError(f"{name}: damaged compressed file: {error}") from error  # bz2's way


def decompressed(raw: Any) -> IO[bytes]:
    """The stream itself, or one that decompresses it if it begins as a compressed file does.

    Only a stream that can `peek` is looked at.
    """
    start = raw.peek(10)[:10] if hasattr(raw, "peek") else b""
    if start.startswith(b"\x1f\x8b\x08"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if start.startswith(b"BZh") and start[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):  # data, or an empty file
        return bz2.BZ2File(raw)
    if start.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(raw)
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstd(raw)
    return cast(IO[bytes], raw)


def read_bytes(stream: Any, size: int) -> bytes:
    """Up to `size` bytes (or characters, as UTF-8) of an open file; b"" at its end."""
    data = stream.read(size)
    if isinstance(data, str):
        return data.encode("utf-8", "surrogateescape")
    if not isinstance(data, bytes):
        raise TypeError(f"read() gave {type(data).__name__}, not bytes; open the file in mode 'rb'")
    return data


def _zstd(raw: IO[bytes]) -> IO[bytes]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd

            return cast(IO[bytes], zstd.ZstdFile(raw))
        import zstandard
    except ImportError:
        remedy = "needs Python 3.14 or the package zstandard: pip install 'wildvec[zstd]'"
        raise ModuleNotFoundError(f"reading zstd {remedy}") from None
    return cast(IO[bytes], _ZstdReader(raw, zstandard.ZstdDecompressor))


class _ZstdReader:
    """read() over the frames of a zstd file, which notices a missing end (zstandard's does not)."""

    def __init__(self, raw: IO[bytes], decompressor: Callable[[], Any]) -> None:
        self.raw = raw
        self.decompressor = decompressor
        self.frame = decompressor().decompressobj()
        self.ready = bytearray()

    def read(self, size: int) -> bytes:
        while len(self.ready) < size and (data := self.raw.read(1 << 17)):
            while data:
                if self.frame.eof:
                    self.frame = self.decompressor().decompressobj()
                try:
                    self.ready += self.frame.decompress(data)
                except Exception as error:  # zstandard.ZstdError, which need not be importable
                    raise zlib.error(str(error)) from error
                data = self.frame.unused_data if self.frame.eof else b""
        if not self.ready and not self.frame.eof:
            raise EOFError
        result = bytes(self.ready[:size])
        del self.ready[:size]
        return result
