"""Text files as sentences, which can be read as often as needed. In: paths or open files. Out: lists of words.

Models and `Corpus.read` do not iterate over these objects: they read the files in C.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

from wildvec.base.checks import checked, whole
from wildvec.text.files import Paths, find_files, open_file, read_bytes

MAX_SENTENCE_LENGTH = 10_000
BLOCK_BYTES = 1 << 16
LENGTH, LIMIT = whole(1, 2**31 - 1), whole(0, none="all lines")


class LineSentence:
    r"""The lines of a file as sentences; words end at white space, and lines without words are left out.

    Args:
        source: A path (plain or compressed), or an open file that has the method `seek`. It is read from its begin.
        max_sentence_length: Longer lines are split.
        limit: Read only this many lines; None: all.

    Raises:
        OSError: The file cannot be read. ValueError: it is not UTF-8, or an argument is out of range.

    >>> import io
    >>> list(LineSentence(io.BytesIO(b"one two three\nfour\n"), max_sentence_length=2))
    [['one', 'two'], ['three'], ['four']]
    """

    joins_lines = False  # the whole file is one line

    def __init__(
        self, source: Any, max_sentence_length: int = MAX_SENTENCE_LENGTH, limit: int | None = None
    ) -> None:
        self.source = source
        self.max_sentence_length = checked("max_sentence_length", max_sentence_length, LENGTH)
        self.limit: int | None = checked("limit", limit, LIMIT)

    def text(self) -> Any:
        """Return what the C core can read instead of this object, Paths or an open file; None: there is nothing."""
        if self.limit is not None:
            return None
        if not hasattr(self.source, "seek"):
            return Paths(self._paths())
        self.source.seek(0)
        return self.source

    def _paths(self) -> list[str]:
        return [os.fspath(self.source)]

    def __iter__(self) -> Iterator[list[str]]:
        for line in self._lines():
            words = (line if isinstance(line, str) else bytes(line).decode()).split()
            for start in range(0, len(words), self.max_sentence_length):
                yield words[start : start + self.max_sentence_length]

    def _lines(self) -> Iterator[Any]:
        if hasattr(self.source, "seek"):
            self.source.seek(0)
            yield from islice(self.source, self.limit)
            return
        files, _ = find_files(Paths(self._paths()))
        for file in files:
            with open_file(file) as (stream, _):
                yield from islice(_split_lines(stream), self.limit)


class PathLineSentences(LineSentence):
    """The lines of all files in a folder as sentences, in the order of the files' names. Folders in it are not read.

    Args:
        source: Path of a folder or of one file.
        max_sentence_length: Longer lines are split.
        limit: Read only this many lines of each file; None: all.

    Raises:
        ValueError: There is no such file or folder.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> n_written = (folder / "1.txt").write_text("one two"), (folder / "2.txt").write_text("three")
    >>> list(PathLineSentences(folder))
    [['one', 'two'], ['three']]
    """

    def __init__(
        self, source: Any, max_sentence_length: int = MAX_SENTENCE_LENGTH, limit: int | None = None
    ) -> None:
        super().__init__(source, max_sentence_length, limit)
        if os.path.isfile(source):
            self.input_files = [os.fspath(source)]
        elif os.path.isdir(source):
            paths = (os.path.join(source, name) for name in sorted(os.listdir(source)))
            self.input_files = [path for path in paths if os.path.isfile(path)]
        else:
            raise ValueError(f"{source!r} is neither a file nor a folder")

    def _paths(self) -> list[str]:
        return self.input_files


class Text8Corpus(LineSentence):
    """A file that is one long text, such as text8, as sentences of max_sentence_length words; line ends are spaces.

    Args:
        fname: Path of the file.
        max_sentence_length: Words in a sentence; the last one can be shorter.

    >>> import io
    >>> list(Text8Corpus(io.BytesIO(b"one two three"), 2))
    [['one', 'two'], ['three']]
    """

    joins_lines = True

    def __init__(self, fname: Any, max_sentence_length: int = MAX_SENTENCE_LENGTH) -> None:
        super().__init__(fname, max_sentence_length)
        self.fname = fname

    def __iter__(self) -> Iterator[list[str]]:
        words: list[str] = []
        for line in self._lines():
            words += (line if isinstance(line, str) else bytes(line).decode()).split()
            while len(words) >= self.max_sentence_length:
                yield words[: self.max_sentence_length]
                words = words[self.max_sentence_length :]
        if words:
            yield words

    def _lines(self) -> Iterator[Any]:
        if hasattr(self.source, "seek"):
            self.source.seek(0)
            yield from self.source
            return
        with open_file(os.fspath(self.source)) as (stream, _):
            held = b""
            while data := read_bytes(stream, BLOCK_BYTES):
                data = held + data
                cut = max(data.rfind(b" "), data.rfind(b"\n")) + 1
                held = data[cut:]
                yield data[:cut]
            yield held


def _split_lines(stream: Any) -> Iterator[bytes]:
    held: list[bytes] = []
    while data := read_bytes(stream, BLOCK_BYTES):
        first, *rest = data.split(b"\n")
        held.append(first)
        if rest:
            yield b"".join(held)
            yield from rest[:-1]
            held = [rest[-1]]
    if any(held):
        yield b"".join(held)
