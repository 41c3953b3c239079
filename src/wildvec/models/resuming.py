"""What ties a Word2Vec to the folder of its checkpoints: claiming it, writing to it, coming back from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from wildvec.checkpoint import Checkpoints, Training, fingerprint, home, newest, owned, place
from wildvec.corpus import Corpus
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
    with owned(model.checkpoint, model._own_folder == place(model.checkpoint)) as folder:
        model._own_folder = folder
        yield


def saver_of(model: Any, training: Training, corpus: Corpus) -> Saver:
    """What writes the checkpoints of a training, as the model's settings say."""
    if model.checkpoint is None:
        return NoSaver()
    training.corpus = training.corpus or fingerprint(corpus)  # a resumed one has it, and was checked
    every = (model.checkpoint_minutes, model.checkpoint_epochs)
    store = partial(stored.write, model)
    return Checkpoints(model._own_folder, *every, model.keep_checkpoints, training, store)


@contextmanager
def come_back(cls: type[Model], path: str | os.PathLike[str]) -> Iterator[tuple[Model, Training]]:
    """The model and the training of the newest checkpoint; more will be written beside it.

    FileExistsError: the file was copied to where checkpoints of another training stand. Others as in
    `checkpoint.home`, `owned` and `newest`.
    """

    def read(file: Path) -> tuple[Any, Training]:
        model, tensors, metadata = stored.read(cls, file)
        return model, Training.unpack(file, tensors, metadata)

    with owned(*home(path)) as folder:
        model, training = newest(path, read)
        model.checkpoint = model._own_folder = folder
        yield model, training
