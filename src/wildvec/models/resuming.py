"""What ties a Word2Vec to the folder of its checkpoints: claiming it, writing to it, coming back from it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from wildvec.checkpoint import Checkpoints, Training, claim, fingerprint, found, newest, place, take_over
from wildvec.corpus import Corpus
from wildvec.models import stored
from wildvec.state import NoSaver, Saver

Model = TypeVar("Model")


def claim_folder(model: Any) -> None:
    """Before any work: make the folder for checkpoints; FileExistsError if another training's stand in it."""
    if model.checkpoint is not None and model._own_folder != place(model.checkpoint):
        model._own_folder = claim(model.checkpoint)


def saver_of(model: Any, training: Training, corpus: Corpus) -> Saver:
    """What writes the checkpoints of a training, as the model's settings say."""
    if model.checkpoint is None:
        return NoSaver()
    training.corpus = training.corpus or fingerprint(corpus)  # a resumed one has it, and was checked
    every = (model.checkpoint_minutes, model.checkpoint_epochs)
    store = partial(stored.write, model)
    return Checkpoints(model._own_folder, *every, model.keep_checkpoints, training, store)


def come_back(cls: type[Model], path: str | os.PathLike[str]) -> tuple[Model, Training]:
    """The model and the training of the newest checkpoint; more will be written beside it.

    FileExistsError: the file was copied to where checkpoints of another training stand.
    """

    def read(file: Path) -> tuple[Any, Training]:
        model, tensors, metadata = stored.read(cls, file)
        return model, Training.unpack(file, tensors, metadata)

    file, (model, training) = newest(path, read)
    folder = file.parent
    model.checkpoint = model._own_folder = take_over(folder) if file in found(folder) else claim(folder)
    return model, training
