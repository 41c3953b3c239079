"""Checkpoints: numbered files in a folder, each with the model and the state of its training.

In: a function that stores the model, and a `State` now and then. Out: native files. A training can be resumed from
each of them, and each opens as the model so far. The training loop decides when a state exists (see loop); the model
decides what it stores (see models.stored).
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from wildvec._train import isa_in_use
from wildvec.base.checks import Check, checked, choice, number, whole
from wildvec.io import native
from wildvec.io.atomic import check_output, remove_leftovers
from wildvec.io.lock import lock_folder
from wildvec.training.feed import Feed, Fingerprint
from wildvec.training.schedule import Schedule
from wildvec.training.state import Epoch, State

logger = logging.getLogger(__name__)

VERSION = 5  # raise it when a seed gives other vectors than before, or when the entries change
NAME = re.compile(r"checkpoint-(\d{6,})\.wv")

Result = TypeVar("Result")


# What a checkpoint file may hold. A file can have a correct checksum and still come from somebody else.
COUNT = whole(0)
SECONDS = number(0, math.inf)
SWITCH = choice(False, True)
EPOCHS = whole(1, 10**9)
RATE = number(0, 1e38)


def _loss(value: Any) -> float:
    return value if isinstance(value, float) and math.isnan(value) else number(-math.inf, math.inf)(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("give text")
    return value


def _fingerprint(value: Any) -> Fingerprint:
    if not isinstance(value, dict) or not all(type(part) in (int, str) for part in value.values()):
        raise TypeError("give sizes and a checksum")
    return value


SCHEDULE_CHECKS: dict[str, Check] = {
    "epochs": EPOCHS,
    "alpha": RATE,
    "min_alpha": RATE,
    "first_epoch": COUNT,
    "max_seconds": number(1e-3, math.inf),
    "patience": whole(1, none="all epochs"),
}
EPOCH_CHECKS: dict[str, Check] = {
    "loss": _loss,
    "examples": COUNT,
    "tokens": COUNT,
    "seconds": SECONDS,
    "held_out_loss": _loss,
}
STATE_CHECKS: dict[str, Check] = {
    "examples": COUNT,
    "seconds": SECONDS,
    "elapsed": SECONDS,
    "reserve": SECONDS,
    "finished": SWITCH,
}
ENTRIES = {"version", "isa", "schedule", "own_vocab", "data", "epochs", "state"}


def _checked_entries(name: str, entries: Any, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return a JSON object's entries after their checks; ValueError or TypeError names the wrong one."""
    _check_names(name, entries, checks.keys())
    return {key: checked(f"{name}.{key}", entries[key], check) for key, check in checks.items()}


def _check_names(name: str, entries: Any, names: Any) -> None:
    if not isinstance(entries, dict) or entries.keys() != names:
        raise ValueError(f"{name} must have the entries {', '.join(sorted(names))} and no others")


@dataclass
class Training:
    """A training that can be resumed: its schedule, its data and the state.

    own_vocab: the vocabulary was made from this data. data: the fingerprint of the data; empty if the training writes
    no checkpoints.
    """

    schedule: Schedule
    own_vocab: bool
    state: State = field(default_factory=State)
    data: Fingerprint = field(default_factory=dict)

    def check_feed(self, feed: Feed, remedy: str) -> None:
        """Raise ValueError, which ends with the remedy, if the training began with other data."""
        now = feed.fingerprint()
        different = [
            f"{name} {now.get(name)}, not {self.data.get(name)}"
            for name in {**self.data, **now}
            if now.get(name) != self.data.get(name)
        ]
        if different:
            raise ValueError(
                f"this is not the data that the training began with: {'; '.join(different)}; {remedy}"
            )

    def pack(self) -> tuple[native.Tensors, native.Metadata]:
        """Return tensors and metadata for a native file."""
        state = self.state
        tensors: native.Tensors = {"chunk_losses": state.losses, "skipped_chunks": state.skipped}
        tensors |= {f"best_{i}": rows for i, rows in enumerate(state.best_rows)}
        entries = {
            "version": VERSION,
            "isa": isa_in_use(),
            "schedule": asdict(self.schedule),
            "own_vocab": self.own_vocab,
            "data": self.data,
            "epochs": [asdict(epoch) for epoch in state.epochs],
            "state": {name: getattr(state, name) for name in STATE_CHECKS},
        }
        return tensors, {"training": json.dumps(entries)}

    @classmethod
    def unpack(cls, path: Path, tensors: native.Tensors, metadata: native.Metadata) -> Training:
        """Return the training that `pack` stored in the file `path`.

        ValueError: the file holds no training, one of another version, or entries that cannot be.
        """
        if "training" not in metadata:
            raise ValueError(
                f"{path} holds a model, but no training that can be resumed; load the model and train it"
            )
        try:
            training, isa = cls._from_entries(json.loads(metadata["training"]), tensors)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ValueError(f"{path}: damaged checkpoint: {error}") from error
        if isa != isa_in_use() and not training.state.finished:
            logger.warning(
                "the training began with the instruction set %s and continues with %s: the last bits will differ",
                isa,
                isa_in_use(),
            )
        return training

    @classmethod
    def _from_entries(cls, entries: Any, tensors: native.Tensors) -> tuple[Training, str]:
        """Return the training and the name of the instruction set that it ran on."""
        version = entries.get("version") if isinstance(entries, dict) else None
        if version != VERSION:
            raise ValueError(f"its version is {version!r}; this wildvec resumes version {VERSION}")
        _check_names("training", entries, ENTRIES)
        schedule = Schedule(**_checked_entries("schedule", entries["schedule"], SCHEDULE_CHECKS))
        if not isinstance(entries["epochs"], list) or len(entries["epochs"]) > schedule.epochs:
            raise ValueError(f"epochs must be a list of up to {schedule.epochs} epochs")
        state = State(
            [Epoch(**_checked_entries("epoch", epoch, EPOCH_CHECKS)) for epoch in entries["epochs"]],
            losses := _chunk_losses(tensors),
            _skipped_chunks(tensors, len(losses)),
            best_rows=_best_rows(tensors),
            **_checked_entries("state", entries["state"], STATE_CHECKS),
        )
        keeps_best = schedule.patience is not None and bool(state.epochs) and not state.finished
        if bool(state.best_rows) != keeps_best:
            raise ValueError(f"the rows of the best epoch are {'missing' if keeps_best else 'not expected'}")
        own_vocab = checked("own_vocab", entries["own_vocab"], SWITCH)
        data = checked("data", entries["data"], _fingerprint)
        return cls(schedule, own_vocab, state, data), checked("isa", entries["isa"], _text)


def _chunk_losses(tensors: native.Tensors) -> NDArray[np.float64]:
    losses = tensors.get("chunk_losses")
    if losses is None or losses.ndim != 1 or losses.dtype != np.float64:
        raise ValueError("chunk_losses must be a flat array of float64")
    return losses


def _skipped_chunks(tensors: native.Tensors, n_chunks: int) -> NDArray[np.int64]:
    skipped = tensors.get("skipped_chunks")
    if skipped is None or skipped.ndim != 1 or skipped.dtype != np.int64:
        raise ValueError("skipped_chunks must be a flat array of int64")
    if (np.diff(skipped) <= 0).any() or not ((skipped >= 0) & (skipped < n_chunks)).all():
        raise ValueError(f"skipped_chunks must rise and be below {n_chunks}")
    return skipped


def _best_rows(tensors: native.Tensors) -> Sequence[NDArray[np.float32]]:
    return [tensors[f"best_{i}"] for i in range(len(tensors)) if f"best_{i}" in tensors]


class Checkpoints:
    """A `Saver` that writes the states of one training into a folder.

    store(path, tensors, metadata): writes the model, with these tensors and metadata added. minutes: time from the
    end of one checkpoint to the next; None: not by time. epochs: write one every n epochs; None: not by epochs.
    keep: number of newest checkpoints that are kept. While one is written there is one more.
    """

    def __init__(
        self,
        folder: Path,
        minutes: float | None,
        epochs: int | None,
        keep: int,
        training: Training,
        store: Callable[[Path, native.Tensors, native.Metadata], None],
    ) -> None:
        self._folder = folder
        self._seconds = math.inf if minutes is None else 60 * minutes
        self._epochs = epochs
        self._keep = keep
        self._training = training
        self._store = store
        self._written_at = time.perf_counter()
        self.is_current = training.state.begun  # a training that has begun comes from a checkpoint

    @property
    def due_at(self) -> float:
        """The time.perf_counter() at which the next checkpoint is due."""
        return self._written_at + self._seconds

    def due_after(self, epochs: int) -> bool:
        """Whether a checkpoint is due after `epochs` epochs."""
        return time.perf_counter() >= self.due_at or (self._epochs is not None and epochs % self._epochs == 0)

    def write(self, state: State) -> None:
        """Write a checkpoint, then remove the oldest ones.

        OSError: it cannot be written, for example because the disk is full. Earlier checkpoints are unchanged.
        """
        start = time.perf_counter()
        self.is_current = False
        self._training.state = state
        files = list_checkpoints(self._folder)
        path = self._folder / f"checkpoint-{1 + (_number(files[0]) if files else 0):06d}.wv"
        try:
            self._store(path, *self._training.pack())
        finally:
            # Also after an error: the next attempt then is as late as the next checkpoint.
            self._written_at = time.perf_counter()
        self.is_current = True
        for old in list_checkpoints(self._folder)[self._keep :]:
            with suppress(OSError):  # on Windows while a process reads it; the next write tries again
                old.unlink()
        logger.info("%s: written in %.2f s", path, self._written_at - start)

    def warn_not_saved(self, error: Exception, *, continues: bool) -> None:
        """Warn that the current state is in no checkpoint."""
        self.is_current = False
        reason = str(error)
        if isinstance(error, OSError) and error.filename is not None:
            reason = f"{error.filename}: {error.strerror}"
        files = list_checkpoints(self._folder)
        last = f"the last checkpoint is {files[0]}" if files else "there is no earlier checkpoint"
        then = f"Training continues; {last}" if continues else last[0].upper() + last[1:]
        logger.warning("cannot write a checkpoint: %s. %s", reason, then)


def list_checkpoints(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the checkpoints in a folder, the newest first; none if there is no folder."""
    try:
        files = [Path(folder, name) for name in os.listdir(folder) if NAME.fullmatch(name)]
    except FileNotFoundError:
        return []
    return sorted(files, key=_number, reverse=True)


def _number(path: Path) -> int:
    match = NAME.fullmatch(path.name)
    assert match
    return int(match[1])


def absolute_folder(folder: Any) -> Path:
    """Return the absolute path of a folder for checkpoints; TypeError if it is no path."""
    if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
        raise TypeError(f"checkpoint={folder!r}: give the path of a folder for checkpoints")
    return Path(folder).absolute()


@contextmanager
def claim_folder(folder: Any, created_by_us: bool) -> Iterator[Path]:
    """Make a folder ready for checkpoints and lock it; yield its absolute path.

    No other training can claim the folder until the block ends. Files that a killed process left half written are
    removed. created_by_us: checkpoints that are in the folder belong to this training.
    TypeError: it is no path. FileExistsError: it holds checkpoints of another training. BlockingIOError: another
    training is using it. OSError: it cannot be made or written to.
    """
    path = absolute_folder(folder)
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        reason = f"{error.strerror}: checkpoint must be a folder, or a new name in a folder that exists"
        raise OSError(error.errno, reason, os.fspath(folder)) from error
    check_output(path / "checkpoint")
    with lock_folder(path):
        if list_checkpoints(path) and not created_by_us:
            raise FileExistsError(
                f"{os.fspath(folder)} holds the checkpoints of another training; resume that training, remove its "
                "checkpoints, or give another folder"
            )
        remove_leftovers(path, "checkpoint-")
        yield path


def checkpoint_folder(path: str | os.PathLike[str]) -> tuple[Path, bool]:
    """Return the folder for further checkpoints, and whether its checkpoints belong to the training to resume.

    path: a folder with checkpoints, one of its checkpoints, or a copy of one elsewhere. FileNotFoundError: there is
    no checkpoint.
    """
    absolute = Path(path).absolute()
    if absolute.is_file():
        return absolute.parent, absolute in list_checkpoints(absolute.parent)
    if not list_checkpoints(absolute):
        raise FileNotFoundError(f"no checkpoint in {os.fspath(path)}: nothing to resume")
    return absolute, True


def read_newest(path: str | os.PathLike[str], read: Callable[[Path], Result]) -> Result:
    """Call `read` with the newest checkpoint in a folder, or with `path` itself if it is a file; return its result.

    If a checkpoint is damaged, a warning is logged and the one before it is read. ValueError: all are damaged.
    """
    if os.path.isfile(path):
        return read(Path(path))
    problems = []
    for file in list_checkpoints(Path(path).absolute()):
        try:
            return read(file)
        except (OSError, EOFError, ValueError, AttributeError) as error:
            logger.warning("checkpoint skipped: %s", error)
            problems.append(str(error))
    raise ValueError(f"every checkpoint in {os.fspath(path)} is damaged: {'; '.join(problems)}")
