"""PyTorch layers that share the rows of a matrix. In: rows. Out: nn.Embedding or nn.EmbeddingBag, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MODES = ("mean", "sum", "max")


def import_torch() -> Any:
    """Return the module torch; ImportError with the name of the extra if it is not installed."""
    try:
        import torch
    except ImportError as error:
        raise ImportError("this needs PyTorch: pip install 'wildvec[torch]'") from error
    return torch


def as_tensor(rows: NDArray[Any]) -> Any:
    """Return rows as a tensor that shares their memory.

    ValueError: the rows are read-only, or their strides are negative.
    """
    if not rows.flags.writeable:
        raise ValueError(
            "the vectors are read-only (a memory-mapped file?), and PyTorch can only share rows that may change; "
            "copy them first: wv.vectors = wv.vectors.copy()"
        )
    if min(rows.strides) < 0:
        raise ValueError(
            f"the vectors have the strides {rows.strides}, and PyTorch has no negative ones; copy them first: "
            "wv.vectors = wv.vectors.copy()"
        )
    return import_torch().from_numpy(rows)


def make_layer(rows: NDArray[Any], mode: str | None, freeze: bool, sparse: bool, padding: int | None) -> Any:
    """Return a layer whose weight shares the memory of `rows`; see `KeyedVectors.to_torch`."""
    nn = import_torch().nn
    options = {"freeze": freeze, "sparse": sparse, "padding_idx": padding}
    if mode is None:
        return nn.Embedding.from_pretrained(as_tensor(rows), **options)
    if mode not in MODES:
        raise ValueError(
            f"mode={mode!r}: give one of {', '.join(map(repr, MODES))}, or None for nn.Embedding"
        )
    return nn.EmbeddingBag.from_pretrained(as_tensor(rows), mode=mode, **options)


def make_classifier(
    rows: NDArray[Any], output_rows: NDArray[Any], freeze: bool = False, sparse: bool = False
) -> Any:
    """Return nn.Sequential(nn.EmbeddingBag, nn.Linear) whose weights share the memory of two matrices."""
    nn = import_torch().nn
    linear = nn.Linear(1, 1, bias=False)
    linear.weight = nn.Parameter(as_tensor(output_rows), requires_grad=not freeze)
    linear.out_features, linear.in_features = output_rows.shape
    return nn.Sequential(make_layer(rows, "mean", freeze, sparse, None), linear)


def rows_of(layer: Any) -> NDArray[Any]:
    """Return the weight of a layer, or a tensor, as an array: a view of its memory if it is on the CPU.

    TypeError: there is no matrix of floats. A type that numpy does not have (bfloat16) becomes float32.
    """
    torch = import_torch()
    weight = getattr(layer, "weight", layer)
    if not isinstance(weight, torch.Tensor) or weight.ndim != 2 or not weight.is_floating_point():
        raise TypeError(
            f"{type(layer).__name__}: give an nn.Embedding, an nn.EmbeddingBag or a tensor of floats (keys, "
            "vector_size)"
        )
    weight = weight.detach().cpu()
    if weight.dtype not in (torch.float16, torch.float32, torch.float64):
        weight = weight.float()
    return np.asarray(weight.numpy())
