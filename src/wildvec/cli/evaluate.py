"""`wildvec evaluate`: score vectors on files of analogies or of word pairs."""

from __future__ import annotations

import argparse
from textwrap import indent
from typing import Any

from wildvec.cli.options import add_reading_options, argument_type, load_vectors, positive_number
from wildvec.vectors import evaluate
from wildvec.vectors.evaluation_files import detect_kind


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "evaluate",
        help="score vectors on analogies or on word pairs",
        description="Score vectors on each FILE. The content decides what a file is: analogies in Google's "
        "format (lines ': section', then four words in a line), or word pairs (two words and a score in a "
        "line, such as WordSim-353, SimLex-999, SimVerb or RW as published).",
    )
    parser.add_argument("vectors", help="a file of vectors of any format")
    parser.add_argument("questions", nargs="+", metavar="FILE", help="a file of analogies or of word pairs")
    kind = parser.add_mutually_exclusive_group()
    for name, text in (("analogies", "analogies"), ("pairs", "word pairs")):
        kind.add_argument(
            f"--{name}", dest="kind", action="store_const", const=name, help=f"read the files as {text}"
        )
    parser.add_argument(
        "--columns",
        type=_parse_columns,
        metavar="A,B,SCORE",
        help="word pairs: the numbers, from 1, of the columns of the two words and of the score "
        "(default: found in the file)",
    )
    parser.add_argument(
        "--delimiter",
        metavar="CHARACTER",
        help="word pairs: the character between two columns, \\t for a tab (default: found in the file)",
    )
    parser.add_argument(
        "--restrict-vocab",
        type=argument_type(positive_number),
        default=300_000,
        metavar="N",
        help="use only the first N vectors (default: 300000)",
    )
    parser.add_argument(
        "--case-sensitive",
        action="store_true",
        help="distinguish upper and lower case (default: they are equal)",
    )
    add_reading_options(parser)
    parser.set_defaults(run=run)


def _parse_columns(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: give three numbers, such as 1,2,4") from None


def run(args: argparse.Namespace) -> int:
    """Evaluate on each file and print the results."""
    wv = load_vectors(args, args.vectors)
    keys, matrix = wv.index_to_key, wv.vectors
    options: dict[str, Any] = {
        "restrict_vocab": args.restrict_vocab,
        "case_insensitive": not args.case_sensitive,
    }
    delimiter = "\t" if args.delimiter == "\\t" else args.delimiter
    only_pairs = args.columns or delimiter
    for path in args.questions:
        kind = args.kind or ("pairs" if only_pairs else detect_kind(path))
        result = (
            evaluate.analogies(keys, matrix, path, **options)
            if kind == "analogies"
            else evaluate.word_pairs(keys, matrix, path, delimiter=delimiter, columns=args.columns, **options)
        )
        print(f"{path}:\n{indent(str(result), '  ')}", flush=True)
    return 0
