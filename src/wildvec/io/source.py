"""Read a file from front to back through one buffer. In: a path, plain or compressed. Out: bytes."""

from __future__ import annotations

import os
import re
import stat

import numpy as np

from wildvec.text.files import decompressed, naming_damage

WINDOW = 1 << 22  # first size of the buffer, in bytes
MAX_RECORD = 1 << 26  # the longest line of text or binary record, in bytes
BOM = b"\xef\xbb\xbf"  # some editors begin a UTF-8 text with it
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # bytes that no text holds


class Source:
    r"""An open file: `unread` is the part in the buffer, `more()` reads the next part.

    `size` is the file's length in bytes, None if it cannot be known (compressed file, pipe).
    The content decides how the file is decompressed, not the name. In a text whose lines end with
    "\r" alone, each "\r" is replaced by "\n".
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._raw = open(path, "rb")  # noqa: SIM115 (closed by __exit__)
        try:
            with naming_damage(self.path):
                self._stream = decompressed(self._raw)
            status = os.fstat(self._raw.fileno())
        except BaseException:
            self._raw.close()
            raise
        plain = self._stream is self._raw and stat.S_ISREG(status.st_mode)
        self.size = status.st_size if plain else None
        self.ended = False
        self._buffer = memoryview(bytearray(WINDOW))
        self._begin = self._end = 0
        self._started = False
        self._replace_returns = False

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self._raw.close()

    @property
    def unread(self) -> memoryview:
        """The unread bytes in the buffer, without a copy. They are valid until the next more()."""
        return self._buffer[self._begin : self._end]

    def skip(self, n_bytes: int) -> None:
        """Remove the first `n_bytes` bytes from `unread`."""
        self._begin += n_bytes

    def more(self) -> bool:
        """Read more bytes into `unread`. Return False at the end of the file.

        ValueError: a line or record is longer than MAX_RECORD.
        """
        if self.ended:
            return False
        unread = self.unread
        n_unread = len(unread)
        buffer = self._buffer
        if n_unread > len(buffer) // 2:
            if n_unread >= MAX_RECORD:
                raise ValueError(
                    f"{self.path}: a line or record is longer than {MAX_RECORD:,} bytes; "
                    "this is not a file of vectors, or it is damaged"
                )
            buffer = memoryview(bytearray(2 * len(buffer)))
        buffer[:n_unread] = unread
        self._buffer, self._begin = buffer, 0
        n_bytes = self._fill(buffer[n_unread:])
        self._end = n_unread + n_bytes
        self.ended = self._end < len(buffer)
        if not self._started:
            self._start()
        if self._replace_returns:
            added = np.frombuffer(buffer[n_unread : self._end], np.uint8)
            added[added == ord("\r")] = ord("\n")
        return n_bytes > 0

    def _start(self) -> None:
        """Skip a byte order mark and find out how lines end, from the first bytes of the file."""
        self._started = True
        if self.unread[:3] == BOM and bytes(self.unread[3:4]) > b"\t":
            self.skip(len(BOM))
        head = bytes(self.unread)
        self._replace_returns = b"\r" in head[:-1] and b"\n" not in head and not CONTROL.search(head)

    def end_line(self) -> bool:
        """At the end of the file, add the newline that the last line lacks. Return whether it was added."""
        unread = self.unread
        if not self.ended or not unread or unread[-1] == ord("\n"):
            return False
        self._buffer[self._end] = ord("\n")  # the buffer is never full at the end of the file
        self._end += 1
        return True

    def read_line(self, longest: int) -> bytes:
        """Read one line with its newline, at most `longest` bytes."""
        while b"\n" not in bytes(self.unread[:longest]) and len(self.unread) < longest:
            if not self.more():
                break
        line, newline, _ = bytes(self.unread[:longest]).partition(b"\n")
        self.skip(len(line) + len(newline))
        return line + newline

    def readinto(self, target: memoryview) -> int:
        """Fill `target` (bytes). Return the number of bytes, which is smaller only at the end of the file."""
        n_ready = min(len(target), len(self.unread))
        target[:n_ready] = self.unread[:n_ready]
        self.skip(n_ready)
        return n_ready + self._fill(target[n_ready:])

    def skip_far(self, n_bytes: int) -> bool:
        """Skip `n_bytes` bytes, also beyond the buffer. Return whether there were so many."""
        n_ready = min(n_bytes, len(self.unread))
        self.skip(n_ready)
        left = n_bytes - n_ready
        if self.size is not None and left:
            self._raw.seek(left, os.SEEK_CUR)
            return self._raw.tell() <= self.size
        block = memoryview(bytearray(min(left, WINDOW)))
        while left:
            n_read = self._fill(block[:left])
            if not n_read:
                return False
            left -= n_read
        return True

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
