"""Standard streams: one that is closed or broken must not end a command; words are UTF-8 in every locale."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO


def open_missing_streams() -> None:
    """Open the null device in place of standard streams that are closed.

    Without this, the next file that is opened would get the number of the stream, and messages would go into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def accept_any_text() -> None:
    """Let the streams print and read words that their encoding does not have."""
    for stream, errors in (
        (sys.stdin, "surrogateescape"),
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=errors)


def say(text: str) -> None:
    """Print a message to stderr, as stdout may be the output. If stderr is broken, the message is lost."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        drop_output(sys.stderr)


def drop_output(stream: TextIO) -> None:
    """Send to the null device what a stream still holds and what is printed to it later."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)


def as_utf8(text: str, encoding: str, errors: str) -> str:
    """Decode text again as UTF-8 if the locale decoded it in another way; text that is not UTF-8 stays as it is.

    Vector files are UTF-8, whatever the locale is. encoding, errors: how the text was decoded.

    >>> as_utf8("ZÃ¼rich", "latin-1", "strict")
    'Zürich'
    """
    try:
        return text.encode(encoding, errors).decode("utf-8")
    except UnicodeError:
        return text


def argument_as_utf8(text: str) -> str:
    """Decode a word of the command line as UTF-8."""
    return as_utf8(text, sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())


def line_as_utf8(text: str) -> str:
    """Decode a line of stdin as UTF-8."""
    return as_utf8(text, getattr(sys.stdin, "encoding", None) or "utf-8", "surrogateescape")
