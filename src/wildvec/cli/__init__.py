"""The command `wildvec`: one module a command; what is theirs together stands here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from wildvec import __version__
from wildvec.cli import convert, demo, evaluate, plot, query, train
from wildvec.cli.options import UsageError, drop_output

COMMANDS = (train, query, evaluate, plot, convert, demo)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (default: the program's own); the exit code.

    0: fine. 1: it failed, and one line on stderr says why. 2: the command line is wrong.
    130: Ctrl-C.

    >>> main(["convert", "no-such-file.txt", "out.bin"])
    1
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any word can be shown on any terminal
    try:
        args = _parse(argv)
    except SystemExit as stop:  # argparse has said what it had to
        return int(stop.code or 0)
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("wildvec: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        drop_output(sys.stdout)
        return 0
    except Exception as error:
        print(f"wildvec: {_one_line(error)}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return code


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; words may also follow options, which argparse alone refuses."""
    parser = _parser()
    args, rest = parser.parse_known_args(argv)
    if rest and (not hasattr(args, "words") or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        args.words = [*args.words, *rest]
    return args


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wildvec", description="Embeddings of anything discrete, trained fast on the CPU."
    )
    parser.add_argument("--version", action="version", version=f"wildvec {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def _one_line(error: Exception) -> str:
    """What an exception says, in one line, with its kind where it says too little."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    text = " ".join(str(error.args[0] if isinstance(error, KeyError) else error).split())
    return text if " " in text else f"{type(error).__name__}: {text}"
