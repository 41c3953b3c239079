"""The options of `wildvec train-classifier` that search for settings, and the search."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from wildvec.base.checks import number
from wildvec.cli.options import UsageError, argument_type, positive_number
from wildvec.cli.streams import say
from wildvec.models.autotune import Trial
from wildvec.models.autotune_metric import Metric
from wildvec.models.settings import number_from_text
from wildvec.models.text_classifier import TextClassifier
from wildvec.text.files import Paths


def add_options(parser: Any) -> None:
    """Declare the options; the arguments are `autotune` (a path or None) and others that begin with autotune_."""
    group = parser.add_argument_group(
        "autotune",
        "Search for the settings that are not given. Ctrl-C ends the search and keeps the best model.",
    )
    group.add_argument("--autotune", metavar="FILE", help="maximize a measure of the labels of this file")
    group.add_argument(
        "--autotune-seconds",
        type=argument_type(lambda text: number(1e-3, 1e9)(number_from_text(text))),
        metavar="X",
        help="duration of the search (default: 300)",
    )
    group.add_argument(
        "--autotune-metric",
        type=argument_type(_metric),
        metavar="NAME",
        help="f1, precisionAtRecall:x or recallAtPrecision:x, each also with :label at its end (default: f1)",
    )
    group.add_argument(
        "--autotune-predictions",
        type=argument_type(positive_number),
        metavar="N",
        help="for f1: number of labels that are predicted for each text (default: 1)",
    )
    group.add_argument(
        "--autotune-bytes",
        type=argument_type(positive_number),
        metavar="N",
        help="quantize the model to a .ftz file of at most N bytes",
    )


def _metric(text: str) -> str:
    Metric.parse(text, 1)
    return text


def check_options(args: argparse.Namespace) -> None:
    """Raise UsageError if an option of the search is given without --autotune."""
    given = [
        name for name in ("seconds", "metric", "predictions", "bytes") if getattr(args, f"autotune_{name}")
    ]
    if given and not args.autotune:
        raise UsageError(f"--autotune-{given[0]} needs a file with labels; add --autotune FILE")


def train(args: argparse.Namespace, inputs: Any, settings: Mapping[str, Any]) -> TextClassifier:
    """Return the best model of a search. settings: those that are given, which are not searched."""
    metric = args.autotune_metric or "f1"
    model = TextClassifier.autotune(
        Paths(inputs),
        args.autotune,
        args.autotune_seconds or 300,
        metric,
        k=args.autotune_predictions or 1,
        max_bytes=args.autotune_bytes,
        report=_Report(),
        **settings,
    )
    best = model.trials_[0]
    say(f"best of {len(model.trials_)} trials: {metric} {best.score:.4f} with {_text(best)}")
    return model


class _Report:
    """Prints each trial that is better than all before."""

    def __init__(self) -> None:
        self.n = 0
        self.best = -1.0

    def __call__(self, trial: Trial) -> None:
        self.n += 1
        if trial.score > self.best:
            self.best = trial.score
            say(f"trial {self.n}: {trial.score:.4f} with {_text(trial)}")


def _text(trial: Trial) -> str:
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in trial.settings.items())
