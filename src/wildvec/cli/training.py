"""What the commands that train share: options from the settings of models, progress, saving, interruption."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wildvec import io
from wildvec.cli.options import UsageError, add_setting, option_name
from wildvec.cli.output import output_kind, output_name, warn_if_disk_is_small, write_or_rescue
from wildvec.cli.signals import StopSignals
from wildvec.cli.streams import say
from wildvec.models.base import Model
from wildvec.models.settings import HasSettings
from wildvec.training.checkpoint import list_checkpoints

STOP_OPTIONS = ("held_out", "patience", "max_seconds")
CHECKPOINT_OPTIONS = ("checkpoint_minutes", "checkpoint_epochs", "keep_checkpoints")
BYTES_PER_VALUE = {io.Kind.NATIVE: 4, io.Kind.BINARY: 4, io.Kind.TEXT: 12, io.Kind.GLOVE: 12}

Classes = Mapping[str, type[HasSettings]]  # the models of a command by the value of its option


def add_model_options(
    parser: Any, classes: Classes, without: Sequence[str] = (), terms: Mapping[str, str] | None = None
) -> None:
    """Add an option for each setting of the models.

    without: settings that have no option. terms: words of the settings' help, and what the help says in their place.
    """
    names = dict.fromkeys(name for cls in classes.values() for name in cls.SETTINGS)
    elsewhere = {*STOP_OPTIONS, *CHECKPOINT_OPTIONS, "checkpoint", *without}
    model = parser.add_argument_group("model")
    for name in names:
        if name not in elsewhere:
            add_setting(model, name, classes, terms)
    stopping = parser.add_argument_group("early stopping")
    checkpoints = parser.add_argument_group("checkpoints")
    for group, of_group in ((stopping, STOP_OPTIONS), (checkpoints, ("checkpoint", *CHECKPOINT_OPTIONS))):
        for name in of_group:
            if name in names:
                add_setting(group, name, classes, terms)
    if "checkpoint" in names:
        checkpoints.add_argument(
            "--resume",
            action="store_true",
            help="resume the training from its newest checkpoint in DIR, with the same data; options that are left "
            "out stay as they were. If DIR has no checkpoint, start a new training",
        )


def given_settings(args: argparse.Namespace, classes: Classes, option: str) -> dict[str, Any]:
    """Return the settings of the command line for the chosen model; UsageError if one does not fit.

    option: the name of the option that chooses the model.
    """
    chosen = getattr(args, option)
    names = {name for cls in classes.values() for name in cls.SETTINGS}
    settings = {name: value for name, value in vars(args).items() if name in names}
    for name in settings:
        if name not in classes[chosen].SETTINGS:
            raise UsageError(f"{option_name(name)} is no option of --{option} {chosen}; leave it out")
    if getattr(args, "resume", False) and "checkpoint" not in settings:
        raise UsageError("--resume needs the folder of the checkpoints; add --checkpoint DIR")
    if "patience" in settings and not (settings.get("held_out") or args.resume):
        raise UsageError("--patience needs a held-out loss; add --held-out 0.01")
    return settings


def train_model(
    cls: Any, data: Any, args: argparse.Namespace, settings: dict[str, Any], report: Report
) -> Any:
    """Train a new model on data, or resume a training with --resume."""
    if "checkpoint" in cls.SETTINGS:
        settings = {**settings, "callbacks": [report]}
    if getattr(args, "resume", False) and list_checkpoints(settings["checkpoint"]):
        return cls.resume(settings.pop("checkpoint"), data, **settings)
    return cls(data, **settings)


class Report:
    """Callback that prints progress, and keeps the model so that it can be saved when training is interrupted.

    output, kind: the file to be written; kind None is the whole model. begun: at least one epoch has begun.
    """

    def __init__(self, output: str, kind: io.Kind | None) -> None:
        self.output, self.kind = output, kind
        self.model: Any = None
        self.begun = False

    def on_train_begin(self, model: Any) -> None:
        """Keep the model, and warn if the disk is too small for the output."""
        self.model = model
        if model.epochs_trained:
            say(f"resumed: {model!r}")
        warn_if_disk_is_small(self.output, self.output_bytes(model))

    def output_bytes(self, model: Any) -> int:
        """Return about how many bytes the output takes, without compression and without its keys."""
        return output_bytes(model, self.kind)

    def on_epoch_begin(self, model: Any) -> None:
        """Note that something is learned from now on."""
        self.begun = True

    def on_epoch_end(self, model: Any) -> None:
        """Print the loss."""
        held_out = f", {model.held_out_losses[-1]:.4f} held out" if model.held_out else ""
        say(f"epoch {len(model.epoch_losses)}/{model.epochs}: loss {model.epoch_losses[-1]:.4f}{held_out}")


def output_bytes(model: Model, kind: io.Kind | None) -> int:
    """Return about how many bytes the output takes, without compression and without its keys."""
    if kind is None:
        return sum(rows.nbytes for rows in model._unpadded_matrices().values())
    return BYTES_PER_VALUE.get(kind, 4) * len(model.vocab) * model.vector_size


def save_model(model: Any, output: Any, kind: io.Kind | None) -> None:
    """Write the whole model (kind None), or its vectors."""
    if kind is None:
        model.save(output)
    else:
        io.save(output, model.wv.index_to_key, model.wv.vectors, model.wv.counts, kind)


def train_and_save(
    args: argparse.Namespace,
    report: Report,
    train: Callable[[], Any],
    save: Callable[[Any, Any, io.Kind | None], None] = save_model,
    summarize: Callable[[Any], str] = repr,
) -> int:
    """Train and write the output; if training is interrupted, write what was learned. Returns the exit code.

    save: writes a model to a path, as a kind of file. summarize: returns one line about the model.
    """
    signals: StopSignals = args.signals
    interrupted = False
    try:
        model = train()
        signals.hold()
    except KeyboardInterrupt:
        signals.hold()
        if report.model is None or not (report.begun or report.model.epochs_trained):
            raise
        model, interrupted = report.model, True
    is_saved = write_or_rescue(args.output, lambda path: save(model, path, report.kind), signals)
    if report.model is None and getattr(args, "resume", False):
        say(f"nothing was trained: the training in {args.checkpoint} is finished")
    say(summarize(model))
    name = output_name(args.output)
    if interrupted and is_saved:
        say(f"wildvec: interrupted; {name} holds what was learned{_resume_hint(model)}")
    elif is_saved:
        say(f"saved {name}")
    return 0 if is_saved else 1


def _resume_hint(model: Any) -> str:
    if not model.checkpoint:
        return ""
    if model._is_in_checkpoint:
        return "; add --resume to continue"
    return "; the newest checkpoint is older, so --resume would train again what was learned since then"


def chosen_kind(args: argparse.Namespace, *, whole_model: bool) -> io.Kind | None:
    """Return the kind of file to write; None is the whole model. whole_model: native files hold the whole model."""
    if args.format == "model":
        return None
    kind = output_kind(args.output, args.format)
    return None if whole_model and kind is io.Kind.NATIVE else kind
