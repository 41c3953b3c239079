"""What ties a Word2Vec to the folder of its checkpoints: claiming it, writing to it, coming back from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wildvec.io import native
from wildvec.models import stored
from wildvec.text.corpus import Corpus
from wildvec.training.checkpoint import Checkpoints, Training, fingerprint, home, newest, owned, place
from wildvec.training.state import NoSaver, Saver

if TYPE_CHECKING:
    from wildvec.models import base

Model = TypeVar("Model", bound="base.Model")


@contextmanager
def own_folder(model: Any) -> Iterator[Path | None]:
    """For as long as a training lasts, reading included: a folder for its checkpoints that no other writes to.

    None if it keeps none. Errors as in `checkpoint.owned`.
    """
    if model.checkpoint is None:
        yield None
        return
    with owned(model.checkpoint, model._own_folder == place(model.checkpoint)) as folder:
        yield folder


def saver_of(model: Any, folder: Path | None, training: Training, corpus: Corpus) -> Saver:
    """What writes the checkpoints of a training into its folder, when the model's settings say."""
    if folder is None:
        return NoSaver()
    training.corpus = training.corpus or fingerprint(corpus)  # a resumed one has it, and was checked
    every = (model.checkpoint_minutes, model.checkpoint_epochs)

    def store(path: Path, tensors: native.Tensors, metadata: native.Metadata) -> None:
        stored.write(model, path, tensors, metadata)
        model._own_folder = folder

    return Checkpoints(folder, *every, model.keep_checkpoints, training, store)


@contextmanager
def come_back(cls: type[Model], path: str | os.PathLike[str]) -> Iterator[tuple[Model, Training, Path]]:
    """The model and the training of the newest checkpoint, and the folder for more.

    A finished one is also read where another is at work, or nobody may write. BlockingIOError: the training is still
    at work. FileExistsError: the file was copied to where checkpoints of another training stand. Others as in
    `checkpoint.home`, `owned` and `newest`.
    """

    def read(file: Path) -> tuple[Any, Training]:
        model, tensors, metadata = stored.read(cls, file)
        return model, Training.unpack(file, tensors, metadata)

    folder, own = home(path)
    with ExitStack() as stack:
        try:
            stack.enter_context(owned(folder, own))
        except (BlockingIOError, PermissionError):
            model, training = newest(path, read)
            if not training.state.finished:
                raise
        else:
            model, training = newest(path, read)
        model.checkpoint = folder
        model._own_folder = folder if own else None
        yield model, training, folder
