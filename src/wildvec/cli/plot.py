"""`wildvec plot`: a picture of vectors as SVG."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.keys import Key
from wildvec.cli.options import (
    UsageError,
    add_reading_options,
    argument_type,
    find_key,
    load_vectors,
    positive_number,
)
from wildvec.cli.output import STDOUT, check_before_work
from wildvec.cli.streams import argument_as_utf8
from wildvec.vectors import plot


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "plot",
        help="draw words as points in the plane",
        description="Draw words at the first two principal components of their vectors, as an SVG picture. "
        "Without words, draw the most frequent ones.",
    )
    parser.add_argument("vectors", help="a file of vectors of any format")
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="the words to draw (default: the most frequent ones)"
    )
    parser.add_argument(
        "-o", "--output", required=True, help="the picture to write, such as words.svg; - is standard output"
    )
    parser.add_argument(
        "-n",
        "--topn",
        type=argument_type(positive_number),
        default=100,
        metavar="N",
        help="without words: draw the N most frequent ones (default: 100)",
    )
    parser.add_argument("--title", default="", help="text above the picture (default: none)")
    add_reading_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw the picture and write it."""
    if args.output != STDOUT and Path(args.output).suffix.lower() != ".svg":
        raise UsageError(f"{args.output}: the picture is SVG; give a name that ends in .svg")
    check_before_work(args.output, [args.vectors])
    wv = load_vectors(args, args.vectors)
    if args.words:
        chosen = list(dict.fromkeys(find_key(wv, argument_as_utf8(word)) for word in args.words))
        for key in chosen:
            wv.get_index(key)  # KeyError, if there is no such key
    else:
        chosen = _most_frequent(wv.index_to_key, wv.counts, args.topn)
    drawn = wv.index_to_key, wv.vectors, [plot.Panel("", {"": chosen})]
    if args.output == STDOUT:
        sys.stdout.write(plot.draw(*drawn, title=args.title))
        return 0
    plot.save(args.output, *drawn, title=args.title)
    print(f"{args.output}: a picture of {len(chosen)} words")
    return 0


def _most_frequent(keys: Sequence[Key], counts: NDArray[np.int64] | None, n: int) -> list[Key]:
    """Return the n most frequent keys; without counts, files have the most frequent keys first."""
    if counts is None:
        return list(keys[:n])
    return [keys[row] for row in np.argsort(-counts, kind="stable")[:n].tolist()]
