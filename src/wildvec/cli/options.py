"""What several commands' options have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from wildvec.io import Kind
from wildvec.io.vectors import kind_by_name

FORMATS = {"native": Kind.NATIVE, "binary": Kind.BINARY, "text": Kind.TEXT}


class UsageError(Exception):
    """The command line asks for what cannot be; the exit code is 2."""


def drop_output() -> None:
    """Whoever read our output wants no more of it; what is still printed, at exit too, goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def add_format(parser: argparse.ArgumentParser, *more: str) -> None:
    """--format, for an output whose ending does not say it."""
    parser.add_argument(
        "--format",
        choices=[*FORMATS, *more],
        help="kind of the output file (default: what its ending says)",
    )


def output_kind(path: str, name: str | None) -> Kind:
    """The kind of file to write; UsageError where neither --format nor the ending says."""
    try:
        return FORMATS[name] if name else kind_by_name(path)
    except ValueError as error:
        raise UsageError(f"{error}, or say --format") from None


def queries(words: list[str], n_words: int) -> Iterator[list[str]]:
    """Queries of `n_words` words: those of the command line or else one from each line of stdin.

    On a terminal there is a prompt. A query of one word is a whole line, spaces and all.
    """
    if words:
        yield from (words[i : i + n_words] for i in range(0, len(words), n_words))
        return
    for line in _lines():
        query = [line.strip()] if n_words == 1 else line.split()
        if any(query):
            yield query


def _lines() -> Iterator[str]:
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    while True:
        try:
            yield input("> ")
        except EOFError:
            print()
            return
