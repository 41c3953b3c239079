"""Files of text. In: paths, folders, patterns, open files. Out: streams of decompressed bytes."""

from __future__ import annotations

import bz2
import errno
import glob
import gzip
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

SENTENCE_HINT = " (a single str is a path; give sentences as lists of words)"
STDIN = "-"


class Paths(tuple[str | os.PathLike[str], ...]):
    """One or more paths of files, folders or patterns, read one after the other; the str ``-`` is standard input.

    Given as one path or as an iterable of paths. TypeError: an item is no path. ValueError: there is no path.

    >>> Paths("a.txt"), Paths(["a.txt", "-"])
    (('a.txt',), ('a.txt', '-'))
    """

    def __new__(cls, given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Paths:
        """Take one path or several."""
        paths = [given] if isinstance(given, (str, os.PathLike)) else list(given)
        for number, path in enumerate(paths):
            if not isinstance(path, (str, os.PathLike)):
                raise TypeError(f"path {number} is {type(path).__name__} {path!r}; give a str or a Path")
        if not paths:
            raise ValueError("no path is given; give at least one")
        return super().__new__(cls, paths)


def as_paths(corpus_file: Any) -> Any:
    """Return a corpus_file as paths, because a list of str would be taken for sentences. Open files stay as they are.

    TypeError: it is no path.
    """
    if isinstance(corpus_file, (bytes, bytearray)) or hasattr(corpus_file, "read"):
        return corpus_file
    if not isinstance(corpus_file, Iterable) and not isinstance(corpus_file, os.PathLike):
        raise TypeError(f"corpus_file={corpus_file!r}: give a path or a list of paths")
    return Paths(corpus_file)


def find_files(paths: Paths) -> tuple[list[str], int | None]:
    """Return the files that the paths stand for, and their total size in bytes (None if unknown).

    A path that exists stands for itself; it may be a pipe. A folder stands for the regular files in it and a pattern
    (``*?[``, ``**`` for all folders below) for the regular files that it matches: sorted by name, without hidden
    ones, each file once even if links or other patterns lead to it again. The str ``-`` is standard input.
    FileNotFoundError: a path is missing, or there is no file in a folder.
    """
    files: list[str] = []
    found: set[str] = set()
    for path in paths:
        if path == STDIN:
            files.append(STDIN)
            continue
        for file, named in _expand(os.fsdecode(path)):
            real = os.path.realpath(file)
            if named or real not in found:
                files.append(file)
                found.add(real)
    if any(file == STDIN or not os.path.isfile(file) for file in files):
        return files, None
    return files, sum(map(os.path.getsize, files))


def _expand(name: str) -> list[tuple[str, bool]]:
    """Return (file, whether the user named the file itself) of one path."""
    if name == STDIN:
        name = os.path.join(os.curdir, STDIN)  # a Path("-") is a file of that name
    if os.path.exists(name) and not os.path.isdir(name):
        return [(name, True)]
    if os.path.isdir(name):
        candidates = [os.path.join(name, entry) for entry in os.listdir(name) if entry[0] != "."]
        problem = "the folder contains no files"
    else:
        candidates = list(_match(name))
        is_sentence = " " in name and os.sep not in name
        problem = "no such file" + (SENTENCE_HINT if is_sentence else "")
    # A broken link is kept: it becomes an error when it is opened.
    files = sorted(file for file in candidates if os.path.isfile(file) or not os.path.exists(file))
    if not files:
        raise FileNotFoundError(errno.ENOENT, problem, name if len(name) < 200 else name[:200] + "…")
    return [(file, False) for file in files]


def _match(pattern: str) -> Iterator[str]:
    """Yield what a pattern matches. Unlike in glob.glob, ``**`` enters a folder once, even if links form a loop."""
    parts = pattern.replace(os.altsep or os.sep, os.sep).split(os.sep)
    if "**" not in parts:
        yield from glob.glob(pattern)
        return
    position = parts.index("**")
    rest = parts[position + 1 :] or ["*"]
    seen: set[str] = set()

    def is_new(folder: str) -> bool:
        real = os.path.realpath(folder)
        new = real not in seen
        seen.add(real)
        return new

    tops = sorted(glob.glob(os.sep.join([*parts[:position], ""]))) if position else [os.curdir]
    for top in filter(is_new, tops):
        for folder, folders, _ in os.walk(top, followlinks=True):
            yield from _match(os.path.join(glob.escape(folder), *rest))
            visible = (name for name in sorted(folders) if name[0] != ".")
            folders[:] = [name for name in visible if is_new(os.path.join(folder, name))]


@contextmanager
def open_file(file: Any) -> Iterator[tuple[IO[bytes], Callable[[], int] | None]]:
    """Open a file for reading: (decompressed stream, function that returns the position in the file itself).

    file: a path as str, "-" for standard input, or an open file, which is not closed. The position is None where
    there is none. EOFError: a compressed file ends too early. ValueError: a compressed file is damaged, or the file
    at a path changed while it was read.
    """
    name = name_of(file)
    if file == STDIN:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "it is closed", name)
        file = sys.stdin.buffer
    if not isinstance(file, str):
        with naming_damage(name):
            yield decompressed(file), None
        return
    with open(file, "rb") as raw:
        before = os.fstat(raw.fileno())
        with naming_damage(name):
            yield decompressed(raw), raw.tell if raw.seekable() else None
        _check_unchanged(name, before, os.fstat(raw.fileno()))


def name_of(file: Any) -> str:
    """Return the name of a path or an open file, for messages."""
    if file == STDIN:
        return "standard input"
    return file if isinstance(file, str) else str(getattr(file, "name", type(file).__name__))


def _check_unchanged(name: str, before: os.stat_result, after: os.stat_result) -> None:
    if not stat.S_ISREG(before.st_mode):
        return
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        sizes = f"{before.st_size:,} bytes at first, {after.st_size:,} at last"
        raise ValueError(f"{name}: the file changed while it was read ({sizes}); read a copy of it")


@contextmanager
def naming_damage(name: str) -> Iterator[None]:
    """Convert the errors of all decompressors to EOFError or ValueError with the name of the file."""
    try:
        yield
    except EOFError:
        raise EOFError(f"{name}: the compressed file ends too early; it was cut off") from None
    except (zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise ValueError(f"{name}: damaged compressed file: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ValueError(f"{name}: damaged compressed file: {error}") from error  # raised by bz2


def decompressed(raw: Any) -> IO[bytes]:
    """Return a stream that decompresses gzip, bzip2, xz and zstd, or `raw` itself for other content.

    The first bytes decide, not the name. Without a method `peek`, raw is returned as it is.
    """
    start = raw.peek(10)[:10] if hasattr(raw, "peek") else b""
    if start.startswith(b"\x1f\x8b\x08"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if start.startswith(b"BZh") and start[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):  # data, or an empty file
        return bz2.BZ2File(raw)
    if start.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(raw)
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return cast(IO[bytes], _ZstdReader(raw, _zstd_decompressor()))
    return cast(IO[bytes], raw)


def read_bytes(stream: Any, size: int) -> bytes:
    """Read up to `size` bytes (or characters, as UTF-8) of an open file; b"" at its end."""
    try:
        data = stream.read(size)
    except UnicodeDecodeError as error:  # of a file that was opened as text
        raise ValueError(
            f"{name_of(stream)}: {error}; open the file in mode 'rb', to read it as UTF-8"
        ) from None
    if isinstance(data, str):
        return data.encode("utf-8", "surrogateescape")
    if not isinstance(data, bytes):
        raise TypeError(f"read() gave {type(data).__name__}, not bytes; open the file in mode 'rb'")
    return data


def _zstd_decompressor() -> Callable[[], Any]:
    """Return a function that makes a decompressor of one zstd frame."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd

            return cast(Callable[[], Any], zstd.ZstdDecompressor)
        import zstandard
    except ImportError:
        remedy = "needs Python 3.14 or the package zstandard: pip install 'wildvec[zstd]'"
        raise ModuleNotFoundError(f"reading zstd {remedy}") from None
    return lambda: zstandard.ZstdDecompressor().decompressobj()


class _ZstdReader:
    """read() over the frames of a zstd file. EOFError: the last frame is not complete."""

    def __init__(self, raw: IO[bytes], new_frame: Callable[[], Any]) -> None:
        self.raw = raw
        self.new_frame = new_frame
        self.frame = new_frame()
        self.ready = bytearray()

    def read(self, size: int) -> bytes:
        while len(self.ready) < size and (data := self.raw.read(1 << 17)):
            while data:
                if self.frame.eof:
                    self.frame = self.new_frame()
                try:
                    self.ready += self.frame.decompress(data)
                except Exception as error:  # ZstdError, whose class depends on the package
                    raise zlib.error(str(error)) from error
                data = self.frame.unused_data if self.frame.eof else b""
        if not self.ready and not self.frame.eof:
            raise EOFError
        result = bytes(self.ready[:size])
        del self.ready[:size]
        return result
