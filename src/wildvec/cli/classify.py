"""`wildvec train-classifier`, `predict` and `test`: labels of texts."""

from __future__ import annotations

import argparse
import math
import sys
from itertools import islice
from typing import Any

from wildvec.base.checks import number
from wildvec.cli import autotune
from wildvec.cli.options import UsageError, argument_type, positive_number
from wildvec.cli.output import check_before_work, output_name, write_or_rescue
from wildvec.cli.streams import say
from wildvec.models.fasttext_files import is_fasttext_name
from wildvec.models.settings import Setting, number_from_text
from wildvec.models.text_classifier import TextClassifier
from wildvec.text.files import Paths
from wildvec.text.labelled import text_lines
from wildvec.text.readers import ERRORS

MODEL_OPTIONS = (
    *(
        "vector_size",
        "alpha",
        "min_alpha",
        "epochs",
        "loss",
        "negative",
        "word_ngrams",
        "min_n",
        "max_n",
        "bucket",
    ),
    *("l2", "pretrained", "min_count", "min_count_label", "label_prefix", "errors", "seed", "workers"),
)
STOP_OPTIONS = ("held_out", "patience", "max_seconds")
CHECKPOINT_OPTIONS = ("checkpoint", "checkpoint_minutes", "checkpoint_epochs", "keep_checkpoints")
TEXTS_AT_ONCE = 20_000
INPUTS = "text file with one text a line (plain or compressed), folder or glob pattern; - is stdin"


def add_to(commands: Any) -> None:
    """Declare the three commands."""
    _add_train(commands)
    _add_predict(commands)
    _add_test(commands)


def _add_train(commands: Any) -> None:
    parser = commands.add_parser(
        "train-classifier",
        help="learn to predict labels of texts",
        description="Learn labels from text files: each line is a text, and tokens that begin with __label__ are its "
        "labels. Ctrl-C and SIGTERM stop early and save what was learned.",
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help=INPUTS)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        help="the file to write: .bin for fastText, any other ending for wildvec; - is stdout",
    )
    model = parser.add_argument_group("model")
    _add_settings(model, MODEL_OPTIONS)
    model.add_argument(
        "--count-repeats",
        dest="binary",
        action="store_const",
        const=False,
        default=argparse.SUPPRESS,
        help="count each occurrence of a feature in a text, as fastText does",
    )
    model.add_argument(
        "--deterministic",
        action="store_const",
        const=True,
        default=argparse.SUPPRESS,
        help=TextClassifier.SETTINGS["deterministic"].help,
    )
    _add_settings(parser.add_argument_group("early stopping"), STOP_OPTIONS)
    _add_settings(parser.add_argument_group("checkpoints"), CHECKPOINT_OPTIONS)
    autotune.add_options(parser)
    parser.set_defaults(run=train)


def _add_settings(group: Any, names: tuple[str, ...]) -> None:
    for name in names:
        setting: Setting[Any] = TextClassifier.SETTINGS[name]
        default = "" if setting.default is None else f" (default: {setting.default})"
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=argument_type(setting.parse),
            choices=setting.choices or None,
            default=argparse.SUPPRESS,
            metavar=None if setting.choices else setting.metavar,
            help=setting.help + default,
        )


def _add_predict(commands: Any) -> None:
    parser = commands.add_parser(
        "predict",
        help="predict labels of texts",
        description="Print the most probable labels of each line of a text, one line for each text.",
    )
    _add_model_and_inputs(parser)
    parser.add_argument(
        "--probabilities", action="store_true", help="print the probability behind each label"
    )
    parser.set_defaults(run=predict)


def _add_test(commands: Any) -> None:
    parser = commands.add_parser(
        "test",
        help="measure predictions of texts with known labels",
        description="Print precision and recall of the labels that are predicted for text files with labels.",
    )
    _add_model_and_inputs(parser)
    parser.add_argument("--per-label", action="store_true", help="also print them for each label")
    parser.set_defaults(run=test)


def _add_model_and_inputs(parser: Any) -> None:
    parser.add_argument("model", help="file of a classifier: of wildvec, or .bin or .ftz of fastText")
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help=INPUTS)
    parser.add_argument(
        "--errors",
        choices=ERRORS,
        help="what to do with bytes that are not UTF-8 (default: as in the training)",
    )
    parser.add_argument(
        "-k", type=argument_type(positive_number), default=1, metavar="N", help="labels per text (default: 1)"
    )
    parser.add_argument(
        "--threshold",
        type=argument_type(lambda text: number(0, 1)(number_from_text(text))),
        default=0.0,
        metavar="X",
        help="least probability of a label (default: 0)",
    )


class _Report:
    """Callback that prints losses, and keeps the model so that it can be saved when training is interrupted."""

    def __init__(self) -> None:
        self.model: TextClassifier | None = None

    def on_epoch_begin(self, model: TextClassifier) -> None:
        self.model = model

    def on_epoch_end(self, model: TextClassifier) -> None:
        held_out = f", {model.held_out_losses[-1]:.4f} held out" if model.held_out else ""
        say(f"epoch {len(model.epoch_losses)}/{model.epochs}: loss {model.epoch_losses[-1]:.4f}{held_out}")


def train(args: argparse.Namespace) -> int:
    """Train a classifier and save it; if training is interrupted, save what was learned."""
    settings = {name: value for name, value in vars(args).items() if name in TextClassifier.SETTINGS}
    if "patience" in settings and not settings.get("held_out"):
        raise UsageError("--patience needs a held-out loss; add --held-out 0.01")
    autotune.check_options(args)
    if not args.autotune and is_fasttext_name(args.output, (".ftz",)):
        raise UsageError(
            f"{args.output}: .ftz is for quantised models; save as .bin, then call wildvec quantize"
        )
    check_before_work(args.output, [*args.inputs, *([args.autotune] if args.autotune else [])])
    report, interrupted = _Report(), False
    try:
        if args.autotune:
            model = autotune.train(args, args.inputs, settings)
        else:
            model = TextClassifier(**settings).fit_file(args.inputs, callbacks=[report])
        args.signals.hold()
    except KeyboardInterrupt:
        args.signals.hold()
        if report.model is None:
            raise
        model, interrupted = report.model, True
    save = (
        model.save_fasttext if is_fasttext_name(args.output) else model.save
    )  # a small autotuned model is never quantised
    is_saved = write_or_rescue(args.output, save, args.signals)
    say(f"{len(model.words):,} words, {len(model.labels):,} labels{_speed(model)}")
    if is_saved:
        name = output_name(args.output)
        say(f"wildvec: interrupted; {name} holds what was learned" if interrupted else f"saved {name}")
    return 0 if is_saved else 1


def _speed(model: TextClassifier) -> str:
    speed = model.tokens_per_second
    return "" if math.isnan(speed) else f"; {speed:,.0f} tokens/s with {model.workers} workers"


def _load(args: argparse.Namespace) -> TextClassifier:
    model = TextClassifier.load(args.model)
    return model if args.errors is None else model.set_params(errors=args.errors)


def predict(args: argparse.Namespace) -> int:
    """Print the labels of each line."""
    model = _load(args)
    lines = text_lines(Paths(args.inputs), model.errors)
    while texts := list(islice(lines, TEXTS_AT_ONCE)):
        found = model.predict(texts, args.k, args.threshold)
        sys.stdout.writelines(f"{_line(labels, args.probabilities)}\n" for labels in found)
    return 0


def _line(labels: list[tuple[Any, float]], with_probabilities: bool) -> str:
    """Return one line of output; a text without a label has an empty one."""
    return " ".join(f"{label} {p:.6g}" if with_probabilities else f"{label}" for label, p in labels)


def test(args: argparse.Namespace) -> int:
    """Print precision and recall."""
    model = _load(args)
    metrics = model.label_metrics(Paths(args.inputs), k=args.k, threshold=args.threshold)
    rows = [("examples", f"{metrics.n_texts}"), ("precision", f"{metrics.precision:.4f}")]
    sys.stdout.writelines(
        f"{name}\t{value}\n" for name, value in [*rows, ("recall", f"{metrics.recall:.4f}")]
    )
    if args.per_label:
        sys.stdout.write(f"{metrics.table()}\n")
    return 0
