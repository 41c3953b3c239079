"""What ties a Word2Vec to the folder of its checkpoints: claiming it, writing to it, coming back from it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from wildvec.checkpoint import Checkpoints, Training, fingerprint, found, home, newest, owned, place
from wildvec.corpus import Corpus
from wildvec.io import native
from wildvec.models import stored
from wildvec.state import NoSaver, Saver

Model = TypeVar("Model")


@contextmanager
def own_folder(model: Any) -> Iterator[None]:
    """For as long as a training lasts, reading included: a folder for its checkpoints that no other writes to.

    Errors as in `checkpoint.owned`.
    """
    if model.checkpoint is None:
        yield
        return
    with owned(model.checkpoint, model._own_folder == place(model.checkpoint)):
        yield


def saver_of(model: Any, training: Training, corpus: Corpus) -> Saver:
    """What writes the checkpoints of a training, as the model's settings say."""
    if model.checkpoint is None:
        return NoSaver()
    training.corpus = training.corpus or fingerprint(corpus)  # a resumed one has it, and was checked
    every = (model.checkpoint_minutes, model.checkpoint_epochs)
    folder = place(model.checkpoint)

    def store(path: Path, tensors: native.Tensors, metadata: native.Metadata) -> None:
        stored.write(model, path, tensors, metadata)
        model._own_folder = folder

    return Checkpoints(folder, *every, model.keep_checkpoints, training, store)


@contextmanager
def come_back(cls: type[Model], path: str | os.PathLike[str]) -> Iterator[tuple[Model, Training]]:
    """The model and the training of the newest checkpoint; more will be written beside it.

    One that is finished keeps nobody out. BlockingIOError: the training is still at work. FileExistsError: the file
    was copied to where checkpoints of another training stand. Others as in `checkpoint.home`, `owned` and `newest`.
    """

    def read(file: Path) -> tuple[Any, Training]:
        model, tensors, metadata = stored.read(cls, file)
        return model, Training.unpack(file, tensors, metadata)

    folder, own = home(path)
    there = found(folder)
    model, training = newest(path, read)
    model.checkpoint = folder
    model._own_folder = folder if own else None
    if training.state.finished:
        yield model, training
        return
    with owned(folder, own):
        if found(folder) != there:
            raise BlockingIOError(
                errno.EAGAIN, "another training was at work there; try again", os.fspath(folder)
            )
        yield model, training
