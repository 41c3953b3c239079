"""`wildvec demo`: learn the toy world and show it."""

from __future__ import annotations

import argparse
from typing import Any

from wildvec.cli.options import add_setting
from wildvec.demo import run as demo
from wildvec.io.atomic import check_output


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "demo",
        help="learn a toy world, show what was learned, draw it",
        description="Train on a million generated words, print neighbours and analogies, and "
        "write a picture of the vectors.",
    )
    parser.add_argument("-o", "--output", default="toy.svg", help="the picture (SVG; default: toy.svg)")
    add_setting(parser, "epochs", "times through the text", 5)
    add_setting(parser, "seed", "same seed and one worker: same vectors", 1)
    add_setting(parser, "workers", "threads (default: the CPUs it may use)", None)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run it."""
    check_output(args.output)
    demo.run(args.output, epochs=args.epochs, seed=args.seed, workers=args.workers)
    return 0
