"""Reading a file front to back through one window, whatever it is compressed with."""

from __future__ import annotations

import os
import stat

from wildvec.text.files import decompressed, naming_damage

WINDOW = 1 << 22
LONGEST = 1 << 30  # a line or record beyond this is not one
BOM = b"\xef\xbb\xbf"  # some editors begin a text with it


class Source:
    """A file opened for reading: `unread` is what is at hand, `more()` brings more.

    `size` is the file's length in bytes, None where it cannot be known (compressed, pipe).
    The content decides about decompression, not the name.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._raw = open(path, "rb")  # noqa: SIM115 (closed by __exit__)
        try:
            self._stream = decompressed(self._raw)
            status = os.fstat(self._raw.fileno())
        except BaseException:
            self._raw.close()
            raise
        plain = self._stream is self._raw and stat.S_ISREG(status.st_mode)
        self.size = status.st_size if plain else None
        self._buffer = memoryview(bytearray(WINDOW))
        self._begin = self._end = 0
        self.ended = False
        self._started = False

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self._raw.close()

    @property
    def unread(self) -> memoryview:
        """The bytes at hand, without copying them; valid until the next more()."""
        return self._buffer[self._begin : self._end]

    def skip(self, n_bytes: int) -> None:
        """Be done with the first bytes of `unread`."""
        self._begin += n_bytes

    def more(self) -> bool:
        """Extend `unread`; False when the file has ended."""
        if self.ended:
            return False
        rest = len(self.unread)
        if rest > len(self._buffer) // 2:
            if rest >= LONGEST:
                raise ValueError(f"{self.path}: a line or record longer than {LONGEST} bytes")
            grown = memoryview(bytearray(2 * len(self._buffer)))
        else:
            grown = self._buffer
        grown[:rest] = self.unread
        self._buffer, self._begin = grown, 0
        n_bytes = self._fill(self._buffer[rest:])
        self._end = rest + n_bytes
        if not self._started and self.unread[:3] == BOM and bytes(self.unread[3:4]) > b"\t":
            self.skip(len(BOM))
        self._started = True
        self.ended = self._end < len(self._buffer)
        return n_bytes > 0

    def end_line(self) -> bool:
        """At the file's end, close a last line that lacks its newline; False where none does."""
        rest = self.unread
        if not self.ended or not rest or rest[-1] == ord("\n"):
            return False
        self._buffer[self._end] = ord("\n")  # there is room: the end was noticed by it
        self._end += 1
        return True

    def line(self, longest: int) -> bytes:
        """Take one line with its newline, or what there is of it within `longest` bytes."""
        while b"\n" not in bytes(self.unread[:longest]) and len(self.unread) < longest:
            if not self.more():
                break
        line, newline, _ = bytes(self.unread[:longest]).partition(b"\n")
        self.skip(len(line) + len(newline))
        return line + newline

    def readinto(self, target: memoryview) -> int:
        """Fill `target` (bytes); the number of bytes, smaller only where the file ends."""
        n_ready = min(len(target), len(self.unread))
        target[:n_ready] = self.unread[:n_ready]
        self.skip(n_ready)
        return n_ready + self._fill(target[n_ready:])

    def _fill(self, target: memoryview) -> int:
        done = 0
        while done < len(target):
            with naming_damage(self.path):
                n_bytes = self._read(target[done:])
            if not n_bytes:
                break
            done += n_bytes
        return done

    def _read(self, target: memoryview) -> int:
        if readinto := getattr(self._stream, "readinto", None):
            return int(readinto(target))
        data = self._stream.read(len(target))
        target[: len(data)] = data
        return len(data)
