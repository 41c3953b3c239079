"""`wildvec convert`: vectors from one kind of file to another."""

from __future__ import annotations

import argparse
from typing import Any

from wildvec import io
from wildvec.cli.options import add_format, output_kind
from wildvec.io.atomic import check_output


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "convert",
        help="turn a file of vectors into another kind",
        description="Read vectors of any kind (told by the content) and write them as what the "
        "output's ending says: .wv native, .bin word2vec binary, .txt or .vec word2vec text.",
    )
    parser.add_argument("input", help="native, word2vec text or binary, or GloVe text")
    parser.add_argument("output", help="the file to write")
    add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert."""
    kind = output_kind(args.output, args.format)
    check_output(args.output)
    keys, matrix, counts = io.load(args.input)
    io.save(args.output, keys, matrix, counts, kind)
    print(f"{args.output}: {len(keys)} vectors of {matrix.shape[1]} values, {kind.value}")
    return 0
