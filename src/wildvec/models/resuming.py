"""The link between a model and the folder of its checkpoints: lock the folder, write to it, load from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from wildvec.io import native
from wildvec.models import stored
from wildvec.training.checkpoint import (
    Checkpoints,
    Training,
    absolute_folder,
    checkpoint_folder,
    claim_folder,
    read_newest,
)
from wildvec.training.feed import Feed
from wildvec.training.state import NoSaver, Saver

if TYPE_CHECKING:
    from wildvec.models.base import Model

M = TypeVar("M", bound="Model")


@contextmanager
def claim_model_folder(model: Model) -> Iterator[Path | None]:
    """Lock the model's checkpoint folder while it reads and trains; yield the folder, or None without one.

    Errors as in `checkpoint.claim_folder`.
    """
    if model.checkpoint is None:
        yield None
        return
    created_by_us = model._own_folder == absolute_folder(model.checkpoint)
    with claim_folder(model.checkpoint, created_by_us) as folder:
        yield folder


def make_saver(model: Model, folder: Path | None, training: Training, feed: Feed) -> Saver:
    """Return the saver that writes checkpoints into the folder as the model's settings say.

    Checkpoints hold the settings and the factors of rows that the model has now, because the training uses these
    also after a callback has changed them.
    """
    if folder is None:
        return NoSaver()
    training.data = training.data or feed.fingerprint()  # a resumed training has one that was checked
    every = (model.checkpoint_minutes, model.checkpoint_epochs)
    settings, rates = model.get_params(), model._row_rates()

    def store(path: Path, tensors: native.Tensors, metadata: native.Metadata) -> None:
        stored.write(stored.with_settings(model, settings), path, tensors, metadata, rates)
        model._own_folder = folder

    return Checkpoints(folder, *every, model.keep_checkpoints, training, store)


@contextmanager
def load_checkpoint(cls: type[M], path: str | os.PathLike[str]) -> Iterator[tuple[M, Training, Path]]:
    """Load model and training from the newest checkpoint; yield them and the folder, which is locked meanwhile.

    A finished training is loaded also where another process holds the lock or the folder is read-only.
    BlockingIOError: another process continues this training. FileExistsError: the file is a copy in a folder with
    checkpoints of another training. Other errors as in `checkpoint_folder`, `claim_folder` and `read_newest`.
    """

    def read(file: Path) -> tuple[M, Training]:
        model, tensors, metadata = stored.read(cls, file)
        training = Training.unpack(file, tensors, metadata)
        _check_best_rows(file, model, training)
        return model, training

    folder, created_by_us = checkpoint_folder(path)
    with ExitStack() as stack:
        try:
            stack.enter_context(claim_folder(folder, created_by_us))
        except (BlockingIOError, PermissionError):
            model, training = read_newest(path, read)
            if not training.state.finished:
                raise
        else:
            model, training = read_newest(path, read)
        model.checkpoint = folder
        model._own_folder = folder if created_by_us else None
        model._is_in_checkpoint = True
        yield model, training, folder


def _check_best_rows(file: Path, model: Model, training: Training) -> None:
    best_rows = training.state.best_rows
    expected = [matrix.shape for matrix in model._matrices.values()]
    if best_rows and (
        [rows.shape for rows in best_rows] != expected or any(rows.dtype != np.float32 for rows in best_rows)
    ):
        raise ValueError(
            f"{file}: damaged checkpoint: the rows of the best epoch do not fit the model's matrices"
        )
