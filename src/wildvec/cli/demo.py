"""`wildvec demo`: train on a generated text and show the result."""

from __future__ import annotations

import argparse
from typing import Any

from wildvec.cli.options import UsageError, add_setting
from wildvec.cli.output import STDOUT
from wildvec.demo import run as demo
from wildvec.io.atomic import check_output

SETTINGS = ("epochs", "seed", "workers")


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "demo",
        help="train on a generated text, print and draw the result",
        description="Train skip-gram on a million generated words, print neighbours and analogies, and "
        "draw the vectors.",
    )
    parser.add_argument("-o", "--output", default="toy.svg", help="the picture (SVG; default: toy.svg)")
    for name in SETTINGS:
        add_setting(parser, name)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, print and draw."""
    if args.output == STDOUT:
        raise UsageError("-o -: the demo prints text to stdout; give a file for the picture")
    check_output(args.output)
    demo.run(args.output, **{name: value for name, value in vars(args).items() if name in SETTINGS})
    return 0
