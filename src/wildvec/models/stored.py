"""What a Word2Vec stores of itself in a native file, and how it comes back."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from wildvec.io import native, vectors
from wildvec.models.matrices import Matrices
from wildvec.models.settings import NOT_STORED, SETTINGS, SWITCHES
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.matrices import FloatRows

Model = TypeVar("Model")

MATRICES = ("vectors", "output_rows", "node_rows")

STORED = (
    *(*SETTINGS, *SWITCHES),
    *(
        "corpus_count",
        "corpus_total_words",
        "epochs_trained",
        "epoch_losses",
        "held_out_losses",
        "_latest_loss",
    ),
)


def write(
    model: Any,
    path: str | os.PathLike[str],
    more: Mapping[str, Any] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a model, and with it more tensors and metadata."""
    check_keys(model)
    tensors = vectors.to_tensors(model.wv.index_to_key, model.wv.vectors, model.vocab.counts)
    scored = model._matrices.scored(model.vector_size)
    tensors |= {name: matrix for name, matrix in scored.items() if matrix is not None}
    stored = {name: getattr(model, name) for name in STORED}
    native.write(
        path,
        {**tensors, **(more or {})},
        {"class": "Word2Vec", "model": json.dumps(stored), **(metadata or {})},
    )


def read(cls: type[Model], path: str | os.PathLike[str]) -> tuple[Model, native.Tensors, native.Metadata]:
    """A model, with all tensors and metadata of its file; errors as in `load`. Matrices stay where they are read."""
    padded: dict[str, FloatRows] = {}

    def make(name: str, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
        if name not in MATRICES or len(shape) != 2 or dtype != np.float32:
            return np.empty(shape, dtype)
        padded[name] = matrices.allocate(*shape)
        return padded[name][:, : shape[1]]

    tensors, metadata = vectors.load_native(path, "Word2Vec", allocate=make)
    keys, _, counts = vectors.from_tensors(os.fspath(path), tensors)
    if counts is None:
        raise ValueError(f"{os.fspath(path)}: the counts of a Word2Vec model are missing")
    for name in MATRICES:  # from another writer, perhaps of another type
        if name in tensors and name not in padded:
            padded[name] = matrices.padded(tensors[name])
    state: dict[str, Any] = dict.fromkeys((*NOT_STORED, "checkpoint"))
    state |= {**json.loads(metadata["model"]), "tokens_per_second": math.nan}
    state |= {"vocab": Vocab(keys, counts)}
    model: Any = cls.__new__(cls)
    _become(model, state, Matrices(padded["vectors"], padded.get("output_rows"), padded.get("node_rows")))
    return model, tensors, metadata


def state_of(model: Any) -> dict[str, Any]:
    """All of a model, each matrix once."""
    check_keys(model)
    state = dict(vars(model))
    for name in ("wv", "_own_folder"):  # a copy must not write where the original does
        del state[name]
    state["_matrices"] = [model.wv.vectors, *model._matrices.scored(model.vector_size).values()]
    return state


def restore(model: Any, state: dict[str, Any]) -> None:
    """Make a model what `state_of` gave."""
    matrices = Matrices.copies(*state.pop("_matrices"))
    _become(model, state, matrices)


def _become(model: Any, state: dict[str, Any], matrices: Matrices) -> None:
    vars(model).update(state)
    model._own_folder = None
    model._set_matrices(model.vocab, matrices)


def check_keys(model: Any) -> None:
    """Raise ValueError if the vectors have keys that the model did not learn."""
    if len(model.wv) != len(model.vocab):
        raise ValueError(
            f"wv has {len(model.wv)} keys, but the model learned {len(model.vocab)}: with keys added, "
            "save the vectors alone (wv.save)"
        )
