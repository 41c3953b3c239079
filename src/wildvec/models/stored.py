"""Models as files and as states for pickle and copy: a model to tensors and metadata, and back.

The metadata "class" is the name of the model class, "model" its settings and counters as JSON.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked
from wildvec.io import native, vectors
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.matrices import FloatRows

if TYPE_CHECKING:
    from wildvec.models.base import Model

M = TypeVar("M", bound="Model")

FACTORS = "vectors_lockf"  # tensor of the factors of the rows' changes, if they are not all 1


def write(
    model: Model,
    path: str | os.PathLike[str],
    more: Mapping[str, NDArray[Any]] | None = None,
    metadata: Mapping[str, str] | None = None,
    rates: Mapping[str, FloatRows] | None = None,
) -> None:
    """Write a model to a native file, with more tensors and metadata if given.

    rates: the factors of the rows' changes as `Model._row_rates` returned them; default: the present ones.
    """
    model._take_over_vectors()
    tensors = vectors.to_tensors(model.vocab.keys, model.wv.vectors, model.vocab.counts)
    tensors |= model._unpadded_matrices() | model._more_tensors()
    if rates := model._row_rates() if rates is None else rates:
        tensors[FACTORS] = rates["vectors"]
    tensors = model._compact_tensors(tensors)
    names = [name for name, setting in model.SETTINGS.items() if setting.stored]
    header = {name: getattr(model, name) for name in (*names, *model.STATE)}
    native.write(
        path,
        {**tensors, **(more or {})},
        {"class": model.NAME, "model": json.dumps(header), **(metadata or {})},
    )


def read(cls: type[M], path: str | os.PathLike[str]) -> tuple[M, native.Tensors, native.Metadata]:
    """Return a model and all tensors and metadata of its file; errors as in `Model.load`.

    The matrices are read directly into padded rows and are not copied.
    """
    padded: dict[str, FloatRows] = {}

    def allocate(name: str, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
        if name not in cls.MATRICES or len(shape) != 2 or dtype != np.float32:
            return np.empty(shape, dtype)
        padded[name] = matrices.allocate(*shape)
        return padded[name][:, : shape[1]]

    tensors, metadata = vectors.load_native(path, cls.NAME, allocate=allocate)
    try:
        tensors = cls._expand_tensors(tensors)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error
    keys, _, counts = vectors.from_tensors(os.fspath(path), tensors)
    try:
        if counts is None:
            raise ValueError(f"the counts of a {cls.NAME} model are missing")
        model = _with_header(cls, metadata.get("model", ""))
        _set_tensors(model, Vocab(keys, counts), tensors, padded)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error
    return model, tensors, metadata


def _with_header(cls: type[M], text: str) -> M:
    """Return a model with the settings and counters of a file; each passes its check."""
    header = json.loads(text)
    stored = {name: setting for name, setting in cls.SETTINGS.items() if setting.stored}
    if not isinstance(header, dict):
        raise ValueError("the settings must be a JSON object")
    if unknown := header.keys() - stored.keys() - cls.STATE.keys():
        raise ValueError(
            f"{min(unknown)!r} is no setting of a {cls.NAME}; the file may be of a newer version"
        )
    if missing := cls.STATE.keys() - header.keys():
        raise ValueError(f"{min(missing)!r} is missing")
    model = cls.__new__(cls)
    model._set_settings(header)
    for name, state_check in cls.STATE.items():
        setattr(model, name, checked(name, header[name], state_check))
    model.tokens_per_second = math.nan
    model._own_folder = None
    model._is_in_checkpoint = False
    return model


def _set_tensors(model: Model, vocab: Vocab, tensors: native.Tensors, padded: dict[str, FloatRows]) -> None:
    """Give a model its vocabulary and its matrices. padded: those that were read into padded rows."""
    model.vocab = vocab
    model._set_more_tensors(tensors, len(vocab))
    if len(vocab):
        model._check_vocab(vocab)
    rows = {}
    for spec in model._matrix_specs(len(vocab)):
        if spec.name not in tensors:
            raise ValueError(
                f"the settings need the matrix {spec.name}, which is missing; the file is damaged"
            )
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(
            (spec.name, spec.name + matrices.ADAGRAD), (spec.rows, spec.size)
        )
        shapes |= {f"{spec.name}.{name}": (spec.rows,) for name, _ in spec.extra}
        for name, shape in shapes.items():
            if name in tensors and tensors[name].shape != shape:
                raise ValueError(f"{name} has the shape {tensors[name].shape}, but the settings need {shape}")
        if spec.name in padded and spec.adagrad is None and not spec.extra:
            rows[spec.name] = padded[spec.name]
        else:  # from another writer, perhaps of another type, or with more columns
            rows[spec.name] = matrices.from_views(spec, tensors)
    model._set_matrices(vocab, rows)
    if FACTORS in tensors:
        model.wv.vectors_lockf = tensors[FACTORS].astype(np.float32)
        model._row_rates()


def with_settings(model: M, settings: Mapping[str, Any]) -> M:
    """Return a model with other settings that shares all other attributes with `model`."""
    other = type(model).__new__(type(model))
    vars(other).update({**vars(model), **settings})
    return other


def state_of(model: Model) -> dict[str, Any]:
    """Return all attributes of a model for pickle and copy; each matrix occurs once, without padding."""
    model._take_over_vectors()
    state = dict(vars(model))
    # A copy must not write checkpoints to the folder of the original.
    for name in ("wv", "_own_folder", "_is_in_checkpoint"):
        del state[name]
    return state | {"_matrices": model._unpadded_matrices(), FACTORS: model.wv.vectors_lockf}


def restore(model: Model, state: dict[str, Any]) -> None:
    """Set the attributes that `state_of` returned."""
    parts = state.pop("_matrices")
    factors = state.pop(FACTORS)
    vars(model).update(state)
    model._own_folder = None
    model._is_in_checkpoint = False
    specs = [spec for spec in model._matrix_specs(len(model.vocab)) if spec.name in parts]
    model._set_matrices(model.vocab, {spec.name: matrices.from_views(spec, parts) for spec in specs})
    model.wv.vectors_lockf = factors
