"""`wildvec phrases`: find phrases in text files and write the text with the words of phrases joined."""

from __future__ import annotations

import argparse
from typing import Any

from wildvec.base.checks import number
from wildvec.cli.options import UsageError, add_setting, argument_type, positive_number
from wildvec.cli.output import check_before_work, output_name, write_output
from wildvec.cli.streams import say
from wildvec.models.phrases import ENGLISH_CONNECTOR_WORDS, SCORERS, FrozenPhrases, Phrases
from wildvec.text.files import STDIN, Paths

NUMBER = number(-1e300, 1e300)


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "phrases",
        help="join words that are phrases",
        description="Find words that occur together much more often than by chance, and write the text (each "
        "line is a sentence) with such words joined. Run it again on its output for longer phrases.",
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="text file (plain or compressed), folder or glob pattern"
    )
    parser.add_argument("-o", "--output", required=True, help="the text to write; - is stdout")
    parser.add_argument(
        "--save", metavar="FILE", help="also save the phrases (FrozenPhrases.load reads them)"
    )
    parser.add_argument(
        "--min-count",
        type=argument_type(positive_number),
        default=5,
        metavar="N",
        help="rarer pairs are no phrases (default: 5)",
    )
    parser.add_argument(
        "--threshold",
        type=argument_type(lambda text: NUMBER(float(text))),
        metavar="X",
        help="a phrase has a higher score (default: 10; npmi: 0.5)",
    )
    parser.add_argument("--scoring", choices=list(SCORERS), default="default", help="score of a pair")
    parser.add_argument("--delimiter", default="_", help="stands between the words of a phrase (default: _)")
    parser.add_argument(
        "--connector-words",
        metavar="WORDS",
        default="",
        help='words that may stand inside of a phrase, such as "of the"; "english": a list for English',
    )
    parser.add_argument(
        "--max-vocab-size",
        type=argument_type(positive_number),
        default=40_000_000,
        metavar="N",
        help="drop rare words and pairs when there are more (default: 40 million)",
    )
    add_setting(parser, "workers")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Count, find the phrases and write the text."""
    if STDIN in args.inputs:
        raise UsageError("the text is read twice, so it cannot be standard input; give a file")
    check_before_work(args.output, args.inputs)
    if args.save is not None:
        check_before_work(args.save, args.inputs)
    phrases = find_phrases(args)
    if args.save is not None:
        phrases.save(args.save)
    write_output(args.output, lambda output: phrases.join_file(args.inputs, output, workers=_workers(args)))
    say(f"{output_name(args.output)}: {len(phrases.phrasegrams):,} phrases")
    return 0


def find_phrases(args: argparse.Namespace) -> FrozenPhrases:
    """Count the words and pairs of the inputs and return the phrases."""
    words = args.connector_words
    threshold = args.threshold
    if threshold is None:
        threshold = 0.5 if args.scoring == "npmi" else 10.0
    return Phrases(
        Paths(args.inputs),
        min_count=args.min_count,
        threshold=threshold,
        max_vocab_size=args.max_vocab_size,
        delimiter=args.delimiter,
        scoring=args.scoring,
        connector_words=ENGLISH_CONNECTOR_WORDS if words == "english" else words.split(),
        workers=_workers(args),
    ).freeze()


def _workers(args: argparse.Namespace) -> int | None:
    workers: int | None = getattr(args, "workers", None)
    return workers
