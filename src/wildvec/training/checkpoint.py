"""Checkpoints: states of a training in a folder, numbered; from any of them it goes on as if never stopped.

In: a model's way to store itself, a `State` now and then. Out: native files that also open as the model so far.
When a state can be had is not here (see train), nor what a model stores (see models.stored).
"""

from __future__ import annotations

import errno
import json
import logging
import math
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from wildvec._train import isa_in_use
from wildvec.io import native
from wildvec.io.atomic import check_output, remove_leftovers
from wildvec.io.lock import lock_folder
from wildvec.text.corpus import Corpus
from wildvec.text.vocab import Vocab
from wildvec.training.schedule import Schedule
from wildvec.training.state import Epoch, State

logger = logging.getLogger(__name__)

NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
VERSION = 3  # raise it when a seed gives other vectors than before, or the entries change
NAME = re.compile(r"checkpoint-(\d{6,})\.wv")

Result = TypeVar("Result")
Fingerprint = dict[str, Any]


def fingerprint(corpus: Corpus) -> Fingerprint:
    """What tells a corpus from another: its sizes, and a checksum of all ids and all ends of sentences.

    >>> fingerprint(Corpus.read([["a", "b"], ["a"]], min_count=1))
    {'sentences': 2, 'tokens': 3, 'tokens read': 3, 'checksum': 'b77fc6f1aaeee8a0'}
    """
    return corpus.fingerprint()


@dataclass
class Training:
    """A training that may be gone on with: what it set out to do, on what, and where it stands.

    own_vocab: the vocabulary was made of this very corpus. corpus: its fingerprint, which no training needs that
    keeps no checkpoints.
    """

    schedule: Schedule
    own_vocab: bool
    state: State = field(default_factory=State)
    corpus: Fingerprint = field(default_factory=dict)

    def check(self, corpus: Corpus, vocab: Vocab) -> None:
        """Raise ValueError unless it is the corpus that the training began with; `vocab` is the model's."""
        now = fingerprint(corpus)
        different = [
            f"{name} {now[name]}, not {value}" for name, value in self.corpus.items() if value != now[name]
        ]
        if corpus.vocab.keys != vocab.keys:
            different.append("another vocabulary")
        if different:
            raise ValueError(
                f"this is not the text that the training began with: {'; '.join(different)}; "
                "give the same text in the same order, and the same tokenizer"
            )

    def pack(self) -> tuple[native.Tensors, native.Metadata]:
        """As tensors and metadata, for a native file."""
        state = self.state
        tensors: native.Tensors = {"chunk_losses": state.losses}
        tensors |= {f"best_{i}": rows for i, rows in enumerate(state.best_rows)}
        entries = {
            "version": VERSION,
            "isa": isa_in_use(),
            "schedule": asdict(self.schedule),
            "own_vocab": self.own_vocab,
            "corpus": self.corpus,
            "epochs": [asdict(epoch) for epoch in state.epochs],
            "state": {name: getattr(state, name) for name in _PLAIN},
        }
        return tensors, {"training": json.dumps(entries)}

    @classmethod
    def unpack(cls, path: Path, tensors: native.Tensors, metadata: native.Metadata) -> Training:
        """What `pack` gave, from the file `path`; ValueError if there is none, or from another version."""
        if "training" not in metadata:
            raise ValueError(f"{path} holds a model, but no training to go on with; use load and train")
        entries = json.loads(metadata["training"])
        if entries["version"] != VERSION:
            raise ValueError(
                f"{path}: a training of version {entries['version']}; this wildvec has {VERSION}"
            )
        if entries["isa"] != isa_in_use() and not entries["state"]["finished"]:
            logger.warning(
                "the training ran on %s and goes on with %s: the bits will differ",
                entries["isa"],
                isa_in_use(),
            )
        state = State(
            [Epoch(**epoch) for epoch in entries["epochs"]],
            tensors["chunk_losses"],
            best_rows=[tensors[f"best_{i}"] for i in range(len(tensors)) if f"best_{i}" in tensors],
            **entries["state"],
        )
        return cls(Schedule(**entries["schedule"]), entries["own_vocab"], state, entries["corpus"])


_PLAIN = ("examples", "seconds", "elapsed", "reserve", "finished")


class Checkpoints:
    """A `Saver` that writes the states of one training into a folder.

    store(path, tensors, metadata): write the model with these added. minutes: from the end of one checkpoint to the
    next, which comes within a lease of it; None: not by time. epochs: one whenever so many are over; None: none.
    keep: how many to leave; while one is written there is one more.
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

    @property
    def due_at(self) -> float:
        """When the next is due by time, as time.perf_counter() counts."""
        return self._written_at + self._seconds

    def due_after(self, epochs: int) -> bool:
        """Whether one is due when so many epochs are over."""
        return time.perf_counter() >= self.due_at or (self._epochs is not None and epochs % self._epochs == 0)

    def write(self, state: State) -> None:
        """Write a checkpoint, then remove those that are too many.

        OSError: it cannot be written, as on a full disk; those before it are left as they are.
        """
        start = time.perf_counter()
        self._training.state = state
        files = found(self._folder)
        path = self._folder / f"checkpoint-{1 + (_number(files[0]) if files else 0):06d}.wv"
        try:
            self._store(path, *self._training.pack())
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            remedy = "make room and resume from the checkpoints before it, which are whole"
            raise OSError(error.errno, f"{error.strerror}: {remedy}", os.fspath(path)) from error
        for old in found(self._folder)[self._keep :]:
            with suppress(OSError):  # on Windows while somebody reads it; the next write tries again
                old.unlink()
        self._written_at = time.perf_counter()
        logger.info("%s: written in %.2f s", path, self._written_at - start)

    def missed(self, reason: str) -> None:
        """Warn that the last checkpoint is not the end of the training."""
        logger.warning("what was learned since the last checkpoint is in none: %s", reason)


def found(folder: str | os.PathLike[str]) -> list[Path]:
    """The checkpoints in a folder, the newest first; none where there is no folder."""
    try:
        files = [Path(folder, name) for name in os.listdir(folder) if NAME.fullmatch(name)]
    except FileNotFoundError:
        return []
    return sorted(files, key=_number, reverse=True)


def _number(path: Path) -> int:
    match = NAME.fullmatch(path.name)
    assert match
    return int(match[1])


def place(folder: Any) -> Path:
    """The absolute path of a folder for checkpoints; TypeError if that is none."""
    if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
        raise TypeError(f"checkpoint={folder!r}: give the path of a folder for checkpoints")
    return Path(folder).absolute()


@contextmanager
def owned(folder: Any, own: bool) -> Iterator[Path]:
    """A folder made ready for checkpoints, its absolute path; until the block ends no other training gets in.

    own: those that stand in it are of this training. What a killed process left half written goes.
    TypeError: it is no path. FileExistsError: there are checkpoints of another training in it. BlockingIOError:
    another training is at work in it. OSError: it cannot be made or written to.
    """
    path = place(folder)
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        reason = f"{error.strerror}: checkpoint must be a folder, or the name of a new one in a folder that is there"
        raise OSError(error.errno, reason, os.fspath(folder)) from error
    check_output(path / "checkpoint")
    with lock_folder(path):
        if found(path) and not own:
            raise FileExistsError(
                f"{os.fspath(folder)} holds the checkpoints of another training; resume that, remove them, "
                "or give another folder"
            )
        remove_leftovers(path, "checkpoint-")
        yield path


def home(path: str | os.PathLike[str]) -> tuple[Path, bool]:
    """The folder that checkpoints to come belong into, and whether those in it are of the same training.

    path: a folder with checkpoints, or one of them, or a copy elsewhere. FileNotFoundError: there is none.
    """
    absolute = Path(path).absolute()
    if absolute.is_file():
        return absolute.parent, absolute in found(absolute.parent)
    if not found(absolute):
        raise FileNotFoundError(f"no checkpoint in {os.fspath(path)}: nothing to resume")
    return absolute, True


def newest(path: str | os.PathLike[str], read: Callable[[Path], Result]) -> Result:
    """What `read` makes of the newest checkpoint in a folder that is whole, or of the one that `path` itself is.

    A damaged one is passed over with a warning. ValueError: none is whole.
    """
    if os.path.isfile(path):
        return read(Path(path))
    problems = []
    for file in found(Path(path).absolute()):
        try:
            return read(file)
        except (OSError, EOFError, ValueError, AttributeError) as error:
            logger.warning("%s cannot be resumed from: %s", file, error)
            problems.append(str(error))
    raise ValueError(f"no checkpoint in {os.fspath(path)} is whole: {'; '.join(problems)}")
