"""`wildvec convert`: read vectors from one kind of file and write another."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from wildvec import io
from wildvec.cli.options import add_reading_options, load_vectors
from wildvec.cli.output import STDOUT, add_format, check_before_work, output_kind, output_name, write_output
from wildvec.cli.streams import say


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "convert",
        help="convert a file of vectors to another format",
        description="Read vectors of any format (the content decides) and write them in the format of the "
        "output's ending: .wv native, .bin word2vec binary, .txt or .vec word2vec text, .glove GloVe text.",
    )
    parser.add_argument("input", help="the file to read: native, word2vec text or binary, or GloVe text")
    parser.add_argument("output", help="the file to write; - is stdout")
    add_format(parser)
    add_reading_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert the file and print what was written."""
    kind = output_kind(args.output, args.format)
    check_before_work(args.output, [args.input])
    vectors = load_vectors(args, args.input)
    content = vectors.index_to_key, vectors.vectors, vectors.counts, kind
    write_output(args.output, lambda path: io.save(path, *content))
    print_done = say if args.output == STDOUT else partial(print, flush=True)
    print_done(
        f"{output_name(args.output)}: {len(vectors)} vectors of {vectors.vector_size} values, {kind.value}"
    )
    return 0
