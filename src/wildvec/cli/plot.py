"""`wildvec plot`: a picture of vectors as SVG."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec import io
from wildvec.base.keys import Key
from wildvec.cli.options import UsageError
from wildvec.io.atomic import check_output
from wildvec.vectors import plot
from wildvec.vectors.keyedvectors import KeyedVectors

STDOUT = "-"


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "plot",
        help="draw words as points in the plane",
        description="Draw words at the first two principal components of their vectors, as an SVG picture. "
        "Without words, draw the most frequent ones.",
    )
    parser.add_argument("vectors", help="a file of vectors of any kind")
    parser.add_argument("words", nargs="*", metavar="WORD", help="the words to draw")
    parser.add_argument(
        "-o", "--output", required=True, help="the picture to write, such as words.svg; - is standard output"
    )
    parser.add_argument(
        "-n",
        "--topn",
        type=int,
        default=100,
        metavar="N",
        help="without words: draw the N most frequent ones (default: 100)",
    )
    parser.add_argument("--title", default="", help="text above the picture (default: none)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw the picture and write it."""
    if args.topn < 1:
        raise UsageError(f"--topn {args.topn}: give at least 1")
    if args.output != STDOUT:
        if Path(args.output).suffix.lower() != ".svg":
            raise UsageError(f"{args.output}: the picture is SVG; give a name that ends in .svg")
        check_output(args.output)
    keys, matrix, counts = io.load(args.vectors)
    chosen = _find_keys(keys, matrix, args.words) if args.words else _most_frequent(keys, counts, args.topn)
    panels = [plot.Panel("", {"": chosen})]
    if args.output == STDOUT:
        sys.stdout.write(plot.draw(keys, matrix, panels, title=args.title))
        return 0
    plot.save(args.output, keys, matrix, panels, title=args.title)
    print(f"{args.output}: a picture of {len(chosen)} words")
    return 0


def _find_keys(keys: Sequence[Key], matrix: NDArray[Any], words: Sequence[str]) -> list[Key]:
    """Return the keys for the words of the command line; KeyError for a word without a vector."""
    wv = KeyedVectors.from_arrays(keys, matrix)
    integers = {str(key): key for key in keys if not isinstance(key, str)}
    chosen = [integers.get(word, word) if word not in wv else word for word in words]
    for key in chosen:
        wv.get_index(key)
    return list(dict.fromkeys(chosen))


def _most_frequent(keys: Sequence[Key], counts: NDArray[np.int64] | None, n: int) -> list[Key]:
    """Return the n most frequent keys; without counts, files have the most frequent keys first."""
    if counts is None:
        return list(keys[:n])
    return [keys[row] for row in np.argsort(-counts, kind="stable")[:n].tolist()]
