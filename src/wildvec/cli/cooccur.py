"""`wildvec cooccur`: count how often words occur near each other and write the counts to a file."""

from __future__ import annotations

import argparse
import os
from typing import Any

from wildvec.cli.options import UsageError, add_setting, add_switch, argument_type, positive_number
from wildvec.cli.output import check_before_work, output_name, write_output
from wildvec.cli.streams import say
from wildvec.cooccurrence.cooccurrence import Cooccurrence

TEXT_OPTIONS = (
    "min_count",
    "max_final_vocab",
    "max_vocab_size",
    "max_sentence_length",
    "errors",
    "cache_dir",
)
OPTIONS = (*TEXT_OPTIONS, "window", "symmetric", "distance_weighting", "max_memory", "workers", "lowercase")


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "cooccur",
        help="count co-occurrences of words",
        description="Count how often words occur near each other in text files (each line is a sentence) and save "
        "the sparse matrix, which Cooccurrence.load reads.",
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="text file (plain or compressed), folder or glob pattern; - is stdin",
    )
    parser.add_argument("-o", "--output", required=True, help="the file to write; - is stdout")
    parser.add_argument(
        "--stanford-vocab",
        metavar="FILE",
        help="write the counts as cooccurrence.bin of Stanford's GloVe programs, and the vocabulary to FILE",
    )
    _add_number(parser, "--window", "N", "neighbours on each side (default: 10)")
    _add_number(
        parser, "--max-memory", "BYTES", "memory for counting (default: half of the available memory)"
    )
    for option, name, text in (
        ("--left", "symmetric", "count only neighbours on the left"),
        ("--equal-weights", "distance_weighting", "every neighbour counts 1, not 1/distance"),
    ):
        parser.add_argument(
            option, dest=name, action="store_const", const=False, default=argparse.SUPPRESS, help=text
        )
    add_setting(parser, "workers")
    add_switch(parser, "--lowercase", "lowercase", True)
    for name in TEXT_OPTIONS:
        add_setting(parser, name)
    parser.set_defaults(run=run)


def _add_number(parser: Any, option: str, metavar: str, text: str) -> None:
    parser.add_argument(
        option, type=argument_type(positive_number), default=argparse.SUPPRESS, metavar=metavar, help=text
    )


def run(args: argparse.Namespace) -> int:
    """Count and save."""
    check_before_work(args.output, args.inputs)
    if args.stanford_vocab is not None:
        check_before_work(args.stanford_vocab, args.inputs)
        if os.path.realpath(args.stanford_vocab) == os.path.realpath(args.output):
            raise UsageError("--output and --stanford-vocab are the same file; give two")
    settings = {name: value for name, value in vars(args).items() if name in OPTIONS}
    pairs = Cooccurrence(corpus_file=args.inputs, **settings)
    if args.stanford_vocab is None:
        write_output(args.output, pairs.save)
    else:
        write_output(args.output, lambda path: pairs.save_stanford(path, args.stanford_vocab))
    say(f"{output_name(args.output)}: {len(pairs):,} words, {len(pairs.values):,} cells")
    return 0
