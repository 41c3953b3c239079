"""What a Word2Vec stores of itself in a native file, and how it comes back."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any, TypeVar

from wildvec.io import native, vectors
from wildvec.models.matrices import Matrices
from wildvec.models.settings import NOT_STORED, SETTINGS, SWITCHES
from wildvec.vocab import Vocab

Model = TypeVar("Model")

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
    """A model, with all tensors (see `vectors.load_native`) and metadata of its file; errors as in `load`."""
    tensors, metadata = vectors.load_native(path, "Word2Vec")
    keys, matrix, counts = vectors.from_tensors(os.fspath(path), tensors)
    if counts is None:
        raise ValueError(f"{os.fspath(path)}: the counts of a Word2Vec model are missing")
    state: dict[str, Any] = dict.fromkeys((*NOT_STORED, "checkpoint"))
    state |= {**json.loads(metadata["model"]), "tokens_per_second": math.nan}
    state |= {"vocab": Vocab(keys, counts.copy())}
    state["_matrices"] = [matrix, tensors.get("output_rows"), tensors.get("node_rows")]
    model: Any = cls.__new__(cls)
    restore(model, state)
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
