"""Options that several commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any

from wildvec.base.checks import Check, whole
from wildvec.cli.streams import argument_as_utf8, line_as_utf8
from wildvec.models.settings import SETTINGS
from wildvec.text.readers import ERRORS
from wildvec.vectors.keyedvectors import KeyedVectors


class UsageError(Exception):
    """A wrong command line; the exit code is 2."""


def argument_type(check: Check) -> Callable[[str], Any]:
    """Return a `type=` for an option with a number: it refuses what `check` refuses, with the same text."""

    def convert(text: str) -> Any:
        try:
            return check(_number(text))
        except (TypeError, ValueError) as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None

    return convert


def _number(text: str) -> float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise ValueError("give a number")


def add_setting(parser: Any, name: str, text: str, default: float | None) -> None:
    """Add an option for one of Word2Vec's settings. Left out, it is absent from the parsed arguments.

    default: only shown in the help.
    """
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=argument_type(SETTINGS[name]),
        default=argparse.SUPPRESS,
        metavar="N",
        help=text if default is None else f"{text} (default: {default})",
    )


def add_reading_options(parser: Any) -> None:
    """Add options that say how a file of vectors is read; `load_vectors` uses them."""
    parser.add_argument(
        "--limit",
        type=argument_type(whole(1)),
        default=argparse.SUPPRESS,
        metavar="N",
        help="read only the first N vectors",
    )
    add_errors(parser, "keys")


def add_errors(parser: Any, what: str) -> None:
    """Add --errors, for text files with bytes that are not UTF-8."""
    parser.add_argument(
        "--errors",
        choices=ERRORS,
        default=argparse.SUPPRESS,
        help=f"{what} that are not UTF-8: stop, replace or ignore the wrong bytes (default: strict)",
    )


def load_vectors(args: argparse.Namespace, path: str) -> KeyedVectors:
    """Load a file of vectors as --limit and --errors say."""
    given: dict[str, Any] = {name: value for name, value in vars(args).items() if name in ("limit", "errors")}
    return KeyedVectors.load(path, **given)


def queries(words: list[str], n_words: int) -> Iterator[list[str]]:
    """Yield queries of `n_words` words: from the command line, or without words one from each line of stdin.

    On a terminal there is a prompt. A query of one word is a whole line, with its spaces.
    """
    if words:
        words = [argument_as_utf8(word) for word in words]
        yield from (words[i : i + n_words] for i in range(0, len(words), n_words))
        return
    for line in _lines():
        line = line_as_utf8(line)
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
