"""`wildvec quantize`: make a text classifier small."""

from __future__ import annotations

import argparse
import os
from typing import Any

from wildvec.base.checks import number
from wildvec.cli.options import UsageError, argument_type, positive_number
from wildvec.cli.output import STDOUT, check_before_work, output_name, write_or_rescue
from wildvec.cli.streams import say
from wildvec.models.settings import number_from_text
from wildvec.models.text_classifier import TextClassifier


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "quantize",
        help="make a text classifier small",
        description="Store the rows of a text classifier in codes (product quantisation), if wanted after leaving "
        "out the words and n-grams with the shortest rows. The result predicts, but cannot be trained.",
    )
    parser.add_argument("model", help="the classifier: native, or .bin of fastText")
    parser.add_argument(
        "-o", "--output", required=True, help="the file to write: .ftz for fastText, else native; - is stdout"
    )
    parser.add_argument(
        "--cutoff", type=argument_type(positive_number), metavar="N", help="keep N words and n-grams"
    )
    parser.add_argument(
        "--retrain", action="store_true", help="train the rows that are kept again, with --input"
    )
    parser.add_argument("--input", metavar="FILE", help="text with labels for --retrain")
    parser.add_argument(
        "--epochs",
        type=argument_type(positive_number),
        metavar="N",
        help="of --retrain (default: those of the model)",
    )
    parser.add_argument(
        "--alpha",
        type=argument_type(lambda text: number(0, 1e6)(number_from_text(text))),
        metavar="X",
        help="learning rate of --retrain (default: that of the model)",
    )
    parser.add_argument(
        "--dsub",
        type=argument_type(positive_number),
        default=2,
        metavar="N",
        help="values in one byte (default: 2)",
    )
    parser.add_argument(
        "--no-norms", action="store_true", help="do not give the length of a row a byte of its own"
    )
    parser.add_argument("--quantize-output", action="store_true", help="also quantise the rows of labels")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Quantise the model, save it and report its size."""
    _check_options(args)
    check_before_work(args.output, [args.model, *([args.input] if args.input else [])])
    model = TextClassifier.load(args.model)
    n_rows = model.n_rows
    model.quantize(
        args.input if args.retrain else None,
        cutoff=args.cutoff or 0,
        dsub=args.dsub,
        qnorm=not args.no_norms,
        qout=args.quantize_output,
        epochs=args.epochs,
        alpha=args.alpha,
    )
    is_saved = write_or_rescue(args.output, model.save, args.signals)
    say(f"{model.n_rows:,} of {n_rows:,} words and n-grams")
    if is_saved:
        say(f"saved {output_name(args.output)}{_sizes(args)}")
    return 0 if is_saved else 1


def _sizes(args: argparse.Namespace) -> str:
    if args.output == STDOUT:
        return ""
    return f", {os.path.getsize(args.output):,} bytes ({args.model}: {os.path.getsize(args.model):,})"


def _check_options(args: argparse.Namespace) -> None:
    if args.retrain and not args.input:
        raise UsageError("--retrain needs the text; add --input FILE")
    if args.retrain and not args.cutoff:
        raise UsageError("--retrain trains the rows that --cutoff keeps; add --cutoff N")
    if not args.retrain and (args.input or args.epochs is not None or args.alpha is not None):
        raise UsageError("--input, --epochs and --alpha are for training again; add --retrain")
