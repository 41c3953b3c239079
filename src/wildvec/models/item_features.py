"""Features of items: rows that are drawn towards a linear function of numbers that describe the items.

He, McAuley (2016), "VBPR: Visual Bayesian Personalized Ranking from Implicit Feedback": the row of an item is a row
of its own plus f · E, with features f (size F) and a learned projection E (F, vector_size).

The sum is what is trained, so an epoch costs the same as without features. After each epoch the sum is divided again:
E becomes the weighted least-squares solution of rows ≈ features · E (some steps of conjugate gradients, from the last
E), and the row of an item with n users becomes w · row + (1 - w) · f E, w = n / (n + feature_weight). So rare items
are near the projection of their features, and an item that nobody has gets f E alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.checks import number
from wildvec.base.keys import Key
from wildvec.interactions.interactions import as_interactions
from wildvec.models.callbacks import Callback
from wildvec.models.item_model import ItemModel
from wildvec.models.settings import Setting
from wildvec.text.vocab import Vocab
from wildvec.training.state import Epoch

Floats = NDArray[np.float32]
STEPS = 8  # of conjugate gradients after each epoch
RIDGE = 1e-3  # times the mean square of the features
PROJECTION, FEATURES, SHIFT = "projection", "item_features", "feature_shift"  # names of tensors in files


class FeatureModel(ItemModel):
    """A model whose items may have features.

    Attributes:
        item_features: float32 (items, F): the features minus their means, divided by one scale; None: there are none.
        projection: float32 (F, vector_size): the part of an item's row that follows from its features f is
            f · projection.
    """

    MATRICES: ClassVar[tuple[str, ...]] = ItemModel.MATRICES

    feature_weight = Setting(
        10.0, number(0, 1e9), "an item with X users is half its own row and half its features", metavar="X"
    )

    item_features: Floats | None = None
    projection: Floats | None = None
    _shift: Floats | None = None  # (F + 1): the means of the features, and their scale

    def _start_with_features(
        self, interactions: Any, features: ArrayLike | None, callbacks: Iterable[Callback[Self]]
    ) -> None:
        """Train on interactions, with features of their items. Used by constructors."""
        if features is not None:
            if interactions is None:
                raise ValueError("item_features needs interactions, whose items it describes; give both")
            interactions = as_interactions(interactions)
            self.set_item_features(features, interactions.n_items)
        self._start(interactions, callbacks)

    def set_item_features(self, features: ArrayLike, n_items: int | None = None) -> None:
        """Set features, float (items, F), before the model is trained; the projection begins at 0.

        n_items: the number of items; default: those of the model. ValueError: another number of rows, or a value
        that is not finite.
        """
        try:
            given = np.asarray(features, dtype=np.float32)
        except (TypeError, ValueError):
            raise TypeError(
                f"item_features is a {type(features).__name__}; give an array (items, F) of numbers: one row for "
                "each item, in the order of Interactions.items"
            ) from None
        n = len(self.vocab) if n_items is None else n_items
        if given.ndim != 2 or len(given) != n or not given.shape[1]:
            raise ValueError(
                f"item_features has the shape {given.shape}; give one row for each of the {n:,} items"
            )
        if not np.isfinite(given).all():
            row = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
            raise ValueError(
                f"item_features has a value in row {row} that is not finite; replace it by a number"
            )
        mean = given.mean(axis=0)
        scale = max(
            float(np.sqrt(np.mean(np.square(given - mean), dtype=np.float64) * given.shape[1])), 1e-30
        )
        self._shift = np.append(mean, np.float32(scale)).astype(np.float32)
        self.item_features = (given - mean) / np.float32(scale)
        self.projection = np.zeros((given.shape[1], self.vector_size), np.float32)

    def project(self, features: ArrayLike) -> Floats:
        """Return the rows of items with these features, float32 (n, vector_size), whether the model has them or not.

        Raises:
            RuntimeError: The model has no features.
            ValueError: There are more or fewer features than the model's items have.
        """
        if self.projection is None or self._shift is None:
            raise RuntimeError("the model has no features; give item_features to its constructor")
        given = np.atleast_2d(np.asarray(features, np.float32))
        if given.ndim != 2 or given.shape[1] != len(self.projection):
            raise ValueError(
                f"features of the shape {given.shape}; give {len(self.projection)} for each item"
            )
        rows: Floats = (given - self._shift[:-1]) / self._shift[-1] @ self.projection
        return rows

    def add_item_by_features(self, key: Key, features: ArrayLike) -> None:
        """Add an item without interactions: its row is the projection of its features (F,)."""
        row = self.project(features)[0]
        shifted = (np.asarray(features, np.float32) - self._shift[:-1]) / self._shift[-1]  # type: ignore[index]
        assert self.item_features is not None
        before = self.item_features
        self.add_item(key, neighbours=[self.wv.index_to_key[0]])
        self._vectors[-1] = row
        self.item_features = np.vstack([before, shifted])

    def _set_vocab(self, vocab: Vocab) -> None:
        if self.item_features is not None and len(vocab) != len(self.item_features):
            raise ValueError(
                f"item_features describes {len(self.item_features):,} items, but there are {len(vocab):,}; call "
                "set_item_features for a new model"
            )
        super()._set_vocab(vocab)

    def _add_epoch(self, epoch: Epoch) -> None:
        super()._add_epoch(epoch)
        if self.item_features is None or self.projection is None:
            return
        rows, counts = self._vectors, self.vocab.counts[:, None].astype(np.float32)
        weights = counts / (counts + np.float32(self.feature_weight))
        self.projection = least_squares(self.item_features, rows, weights, self.projection)
        rows += (1 - weights) * (self.item_features @ self.projection - rows)
        self._fix_rows(rows)

    def _fix_rows(self, rows: Floats) -> None:
        """Change rows that were moved towards their projections to what training needs."""

    def _grow_matrices(self, vocab: Vocab) -> None:
        super()._grow_matrices(vocab)
        if self.item_features is not None and (n_new := len(vocab) - len(self.item_features)):
            zeros = np.zeros((n_new, self.item_features.shape[1]), np.float32)  # the mean of all features
            self.item_features = np.vstack([self.item_features, zeros])

    # -- files ----------------------------------------------------------------------------------------------------

    def _more_tensors(self) -> dict[str, NDArray[Any]]:
        tensors = super()._more_tensors()
        if self.item_features is None or self.projection is None or self._shift is None:
            return tensors
        return tensors | {PROJECTION: self.projection, FEATURES: self.item_features, SHIFT: self._shift}

    def _set_more_tensors(self, tensors: Mapping[str, NDArray[Any]], n_keys: int) -> None:
        super()._set_more_tensors(tensors, n_keys)
        found = [tensors.get(name) for name in (PROJECTION, FEATURES, SHIFT)]
        if all(tensor is None for tensor in found):
            return
        shapes = [None if tensor is None else tensor.shape for tensor in found]
        n = 0 if shapes[0] is None else shapes[0][0]
        if shapes != [(n, self.vector_size), (n_keys, n), (n + 1,)]:
            raise ValueError(
                f"{PROJECTION}, {FEATURES} and {SHIFT} have the shapes {shapes}, which do not fit"
            )
        self.projection, self.item_features, self._shift = (
            np.asarray(tensor, np.float32) for tensor in found
        )


def least_squares(features: Floats, rows: Floats, weights: Floats, start: Floats) -> Floats:
    """Return E that approaches the least Σ weight · |row - f E|² + ridge · |E|², by conjugate gradients from `start`.

    features: (n, F). rows: (n, size). weights: (n, 1). start: (F, size). Each column of E has steps of its own.

    >>> features = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    >>> rows = features @ np.array([[2], [3]], np.float32)
    >>> least_squares(features, rows, np.ones((3, 1)), np.zeros((2, 1))).round(1).tolist()
    [[2.0], [3.0]]
    """
    ridge = RIDGE * float((weights * np.square(features)).mean(dtype=np.float64)) + 1e-30

    def times(solution: Floats) -> Floats:
        product: Floats = features.T @ (weights * (features @ solution)) + ridge * solution
        return product

    solution = start.astype(np.float32)
    residual = features.T @ (weights * rows) - times(solution)
    direction, squared = residual, np.square(residual).sum(axis=0)
    for _ in range(STEPS):
        image = times(direction)
        step = _ratio(squared, (direction * image).sum(axis=0))
        solution = solution + step * direction
        residual = residual - step * image
        before, squared = squared, np.square(residual).sum(axis=0)
        direction = residual + _ratio(squared, before) * direction
    return solution


def _ratio(a: Floats, b: Floats) -> Floats:
    """Return a / b, and 0 where b is not positive."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
