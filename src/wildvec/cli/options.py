"""What several commands' options have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from wildvec.io import Kind
from wildvec.io.vectors import kind_by_name
from wildvec.models.settings import SETTINGS

FORMATS = {"native": Kind.NATIVE, "binary": Kind.BINARY, "text": Kind.TEXT}


class UsageError(Exception):
    """The command line asks for what cannot be; the exit code is 2."""


def drop_output(stream: TextIO) -> None:
    """Whoever read a stream wants no more of it; what is still printed, at exit too, goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def add_format(parser: argparse.ArgumentParser, **more: str) -> None:
    """--format, for an output whose ending does not say it; `more` kinds and what they are."""
    kinds = "".join(f"; {name}: {text}" for name, text in more.items())
    parser.add_argument(
        "--format",
        choices=[*FORMATS, *more],
        help=f"kind of the output file (default: what its ending says){kinds}",
    )


def add_setting(parser: Any, name: str, text: str, default: float | None) -> None:
    """An option for one of Word2Vec's settings, which refuses what the model would refuse."""

    def value(given: str) -> Any:
        try:
            return SETTINGS[name](_number(given))
        except (TypeError, ValueError) as error:
            raise argparse.ArgumentTypeError(f"{given!r}: {error}") from None

    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=value,
        default=default,
        metavar="N",
        help=text if default is None else f"{text} (default: {default})",
    )


def _number(text: str) -> float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise ValueError("give a number") from None


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
