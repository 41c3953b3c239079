"""`wildvec demo`: learn the toy world and show it."""

from __future__ import annotations

import argparse
from typing import Any

from wildvec import demo
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
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run it."""
    check_output(args.output)
    demo.run(args.output, epochs=args.epochs, seed=args.seed, workers=args.workers)
    return 0
