"""The command `wildvec`: parse the command line, run one command, return its exit code. One module per command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from wildvec import __version__
from wildvec.cli import (
    classify,
    convert,
    cooccur,
    demo,
    evaluate,
    infer,
    phrases,
    plot,
    quantize,
    query,
    recommend,
    train,
    train_graph,
    train_items,
)
from wildvec.cli.options import UsageError, in_option_syntax
from wildvec.cli.signals import StopSignals
from wildvec.cli.streams import accept_any_text, drop_output, open_missing_streams, say

COMMANDS = (
    train,
    train_graph,
    train_items,
    infer,
    query,
    recommend,
    evaluate,
    classify,
    quantize,
    plot,
    convert,
    cooccur,
    phrases,
    demo,
)
FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (default: that of the process) and return its exit code.

    0: success. 1: failure, with one line on stderr. 2: wrong command line. 130: Ctrl-C. 143: SIGTERM.
    129: SIGHUP (the terminal was closed).

    >>> main(["convert", "no-such-file.txt", "out.bin"])
    1
    """
    open_missing_streams()
    accept_any_text()
    with StopSignals() as signals:
        code = _run(argv, signals)
        try:
            sys.stdout.flush()
        except OSError:  # the reader of stdout has ended, or its disk is full
            drop_output(sys.stdout)
    return signals.code or code


def _run(argv: Sequence[str] | None, signals: StopSignals) -> int:
    try:
        args = _parse(argv)
        args.signals = signals
        code = int(args.run(args))
        sys.stdout.flush()
    except SystemExit as stop:  # argparse has printed its message
        return int(stop.code or 0)
    except KeyboardInterrupt:
        say("wildvec: interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of stdout has ended, as `head` does
        return 0
    except Exception as error:
        say(f"wildvec: {_one_line(error)}")
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    return code


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse a command line. Words may follow options, which argparse alone refuses."""
    parser = _make_parser()
    args, rest = parser.parse_known_args(argv)
    if rest and (not hasattr(args, "words") or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        args.words = [*args.words, *rest]
    return args


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line: the usage of a command with many options would hide them."""

    def error(self, message: str) -> NoReturn:
        """Print an error and exit."""
        self.exit(WRONG_USAGE, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="wildvec", description="Embeddings of anything discrete, trained fast on the CPU.")
    parser.add_argument("--version", action="version", version=f"wildvec {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def _one_line(error: Exception) -> str:
    """Return the message of an exception in one line; a message of one word gets the exception's name."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    text = " ".join(str(error.args[0] if isinstance(error, KeyError) else error).split())
    text = text.partition("; test with `key in wv`")[0]  # a remedy for Python only
    return in_option_syntax(text) if " " in text else f"{type(error).__name__}: {text}"
