"""`wildvec train-items`: learn vectors of users and items from interactions and write them to a file."""

from __future__ import annotations

import argparse
from typing import Any

from wildvec.cli.options import ITEM_MODELS
from wildvec.cli.output import add_format, check_before_work
from wildvec.cli.training import (
    Report,
    add_model_options,
    chosen_kind,
    given_settings,
    train_and_save,
    train_model,
)
from wildvec.interactions.interactions import Interactions
from wildvec.interactions.sources import FORMATS

TERMS = {"the text": "the interactions", "the lines": "the interactions"}  # in the help of settings


def add_to(commands: Any) -> None:
    """Declare the command. Its options are the models' settings, with their defaults."""
    parser = commands.add_parser(
        "train-items",
        help="learn vectors of users and items from interactions",
        description="Learn vectors of users and items from a file of interactions and save them. Each line holds a "
        "user, an item and, if they are there, a weight and a time, divided by tabs, commas or spaces. The file .wv "
        "holds the whole model, which `recommend` and `nearest` open; other formats hold the vectors of the items. "
        "Ctrl-C and SIGTERM stop early and save what was learned.",
    )
    parser.add_argument("interactions", help="file of interactions, plain or compressed")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        help="the file to write: .wv the model; .bin, .txt, .vec, .glove: the items",
    )
    add_format(parser, model="the same as native")
    parser.add_argument(
        "--input-format",
        choices=FORMATS,
        default="columns",
        help="what a line holds: user and item (columns), a user and all its items (lists), or only the items of a "
        "basket (baskets, whose users are the numbers of lines) (default: columns)",
    )
    parser.add_argument(
        "--header", action="store_true", help="the first line names the columns, whatever their names"
    )
    parser.add_argument(
        "--loss", choices=tuple(ITEM_MODELS), default="bpr", help="what is trained (default: bpr)"
    )
    add_model_options(parser, ITEM_MODELS, terms=TERMS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train and save; if training is interrupted, save what was learned."""
    settings = given_settings(args, ITEM_MODELS, "loss")
    kind = chosen_kind(args, whole_model=True)
    check_before_work(args.output, [args.interactions])
    report = Report(args.output, kind)

    def train() -> Any:
        data = Interactions.read(args.interactions, format=args.input_format, header=args.header or None)
        if not len(data):
            raise ValueError(f"{args.interactions} has no interactions; each line holds a user and an item")
        return train_model(ITEM_MODELS[args.loss], data, args, settings, report)

    return train_and_save(args, report, train)
