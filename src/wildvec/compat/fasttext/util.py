"""fastText's `fasttext.util`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

PCA_ROWS = 100_000


def test(
    predictions: Sequence[Sequence[str]], labels: Sequence[Sequence[str]], k: int = 1
) -> tuple[float, float]:
    """Return precision and recall of predictions, computed as `model.test` does.

    >>> test([["a"], ["b"]], [["a"], ["a", "b"]])
    (1.0, 0.6666666666666666)
    """
    right = sum(label in known for found, known in zip(predictions, labels, strict=False) for label in found)
    return right / (k * len(predictions)), right / sum(map(len, labels))


test.__test__ = False  # type: ignore[attr-defined]  # for pytest


def find_nearest_neighbor(
    query: NDArray[Any], vectors: NDArray[Any], ban_set: Collection[int], cossims: NDArray[Any] | None = None
) -> int:
    """Return the row of `vectors` (n, dim) with the largest dot product with `query` (dim) that is not in `ban_set`.

    cossims: memory for the n products.
    """
    products = np.matmul(vectors, query, out=cossims)
    for row in np.argsort(-products, kind="stable"):
        if row not in ban_set:
            return int(row)
    raise ValueError("all rows are in ban_set")


def reduce_model(ft_model: Any, target_dim: int) -> Any:
    """Reduce the vectors of a model in place to `target_dim` values by PCA of its input rows; return the model."""
    rows = ft_model.get_input_matrix()
    if not 1 <= target_dim <= rows.shape[1]:
        raise ValueError(f"target_dim={target_dim}: give 1 to {rows.shape[1]}, the present dimension")
    sample = rows[:PCA_ROWS] - rows[:PCA_ROWS].mean(axis=0)
    values, axes = np.linalg.eigh(sample.T @ sample)
    axes = axes[:, np.argsort(-values)[:target_dim]].astype(np.float32)
    ft_model.set_matrices(rows @ axes, ft_model.get_output_matrix() @ axes)
    return ft_model


def download_model(*args: Any, **kwargs: Any) -> NoReturn:
    """Raise: wildvec downloads nothing."""
    raise NotImplementedError(
        "wildvec downloads nothing; get the file from https://fasttext.cc/docs/en/crawl-vectors.html and give its "
        "path to load_model"
    )


download_custom_model = download_model
