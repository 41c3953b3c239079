"""Features of items: the row of an item is a row of its own plus a learned projection of numbers that describe it.

He, McAuley (2016), "VBPR: Visual Bayesian Personalized Ranking from Implicit Feedback": the row of an item with
features f (F) is its own row + f · E, with a projection E (F, vector_size). Own rows and E are trained together, by
the gradients of the sums (csrc/train/objective/contrast_features.inc.h). For cosines, the sums are divided by their
lengths. An item that nobody has gets f · E alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wildvec.base.keys import Key
from wildvec.interactions.interactions import as_interactions
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.item_model import ItemModel
from wildvec.models.item_objective import OWN, PROJECTION
from wildvec.text.vocab import Vocab
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Feed
from wildvec.training.matrices import FloatRows
from wildvec.training.state import Epoch

Floats = NDArray[np.float32]
FEATURES, SHIFT = "item_features", "feature_shift"  # names of tensors in files


class FeatureModel(ItemModel):
    """A model whose items may have features.

    With features, `wv` holds sums of own rows and projections, which follow each epoch. To change rows, assign to
    `wv.vectors`; changes in place are lost when training continues. `wv.vectors_lockf` freezes own rows.

    Attributes:
        item_features: float32 (items, F): the features minus their means, divided by one scale; None: there are none.
    """

    MATRICES: ClassVar[tuple[str, ...]] = (*ItemModel.MATRICES, OWN, PROJECTION)

    item_features: Floats | None = None
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
        """Set features, float (items, F), of a model that has none. It keeps its rows; training changes their parts.

        n_items: the number of items; default: those of the model. ValueError: another number of rows, or a value
        that is not finite, or the model has features.
        """
        if self.item_features is not None:
            raise ValueError("the model has item_features; make a new model for other features")
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
        squares = float(np.mean(np.square(given - mean), dtype=np.float64)) * given.shape[1]
        self._shift = np.append(mean, np.float32(max(np.sqrt(squares), 1e-30))).astype(np.float32)
        self.item_features = self._shifted(given)
        if len(self.vocab):
            self._match_matrices()
            self._matrices[OWN][...] = self._matrices["vectors"]
            self._split()

    def _shifted(self, features: Floats) -> Floats:
        """Return features, float32 (n, F), minus the means and divided by the scale."""
        assert self._shift is not None
        shifted: Floats = (features - self._shift[:-1]) / self._shift[-1]
        return shifted

    @property
    def projection(self) -> Floats | None:
        """E, float32 (F, vector_size): rows of items contain `item_features` · E; None: there are no features."""
        rows = self._matrices.get(PROJECTION)
        return None if rows is None else rows[:, : self.vector_size]

    @property
    def _own(self) -> Floats:
        """The own rows of items, (items, vector_size): a view of the matrix."""
        return self._matrices[OWN][:, : self.vector_size]

    def project(self, features: ArrayLike) -> Floats:
        """Return the rows of items with these features, float32 (n, vector_size), whether the model has them or not.

        Raises:
            RuntimeError: The model has no features.
            ValueError: There are more or fewer features than the model's items have.
        """
        if self.projection is None:
            raise RuntimeError("the model has no features; give item_features to its constructor")
        given = np.atleast_2d(np.asarray(features, np.float32))
        if given.ndim != 2 or given.shape[1] != len(self.projection):
            raise ValueError(
                f"features of the shape {given.shape}; give {len(self.projection)} for each item"
            )
        return self._fixed(self._shifted(given) @ self.projection)

    def add_item_by_features(self, key: Key, features: ArrayLike) -> None:
        """Add an item without interactions: its row is the projection of its features (F,)."""
        self.project(features)
        self.add_item(key, neighbours=[self.wv.index_to_key[0]])
        assert self.item_features is not None
        self._own[-1] = 0
        self.item_features[-1] = self._shifted(np.asarray(features, np.float32))
        self._compose()

    def add_item(
        self, key: Key, *, neighbours: Iterable[Key] | None = None, users: Iterable[Key] | None = None
    ) -> None:
        """Add an item without training; see `ItemModel.add_item`. Its features are the means of the others."""
        super().add_item(key, neighbours=neighbours, users=users)
        if self.item_features is not None:
            self._own[-1] = self._vectors[-1]

    # -- rows -----------------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        """Set the rows of items from own rows and projections."""
        if self.item_features is not None and len(self.item_features) == len(self.vocab):
            self._vectors[...] = self._fixed(self._own + self._projected)

    def _split(self) -> None:
        """Set own rows, so that their sums with projections are the rows of items."""
        self._own[...] = self._vectors - self._projected

    @property
    def _projected(self) -> Floats:
        """The projections of all features, (items, vector_size)."""
        return np.asarray(self.item_features @ self.projection)  # type: ignore[operator]

    def _fixed(self, rows: Floats) -> Floats:
        """Return sums of own rows and projections as the model uses them."""
        return rows

    def _set_vocab(self, vocab: Vocab) -> None:
        if self.item_features is not None and len(vocab) != len(self.item_features):
            raise ValueError(
                f"item_features describes {len(self.item_features):,} items, but there are {len(vocab):,}; make a "
                "new model"
            )
        super()._set_vocab(vocab)

    def _set_matrices(self, vocab: Vocab, rows: dict[str, FloatRows]) -> None:
        super()._set_matrices(vocab, rows)
        self._compose()

    def _grow_matrices(self, vocab: Vocab) -> None:
        super()._grow_matrices(vocab)
        if self.item_features is not None and (n_new := len(vocab) - len(self.item_features)):
            zeros = np.zeros((n_new, self.item_features.shape[1]), np.float32)  # the mean of all features
            self.item_features = np.vstack([self.item_features, zeros])
            self._compose()

    def _take_over_vectors(self) -> None:
        is_new = len(self.vocab) and not np.shares_memory(self.wv.vectors, self._vectors)
        super()._take_over_vectors()
        if self.item_features is not None and is_new:
            self._split()

    def _rates_by_matrix(self) -> dict[str, FloatRows]:
        rates = super()._rates_by_matrix()
        if self.item_features is not None and "vectors" in rates:
            rates[OWN] = rates.pop("vectors")
        return rates

    # -- training -------------------------------------------------------------------------------------------------

    def _train(
        self, feed: Feed, training: Training, callbacks: Callbacks[Self], folder: Path | None
    ) -> tuple[int, int]:
        try:
            return super()._train(feed, training, callbacks, folder)
        finally:
            self._compose()

    def _add_epoch(self, epoch: Epoch) -> None:
        super()._add_epoch(epoch)
        self._compose()

    # -- files ----------------------------------------------------------------------------------------------------

    def _more_tensors(self) -> dict[str, NDArray[Any]]:
        tensors = super()._more_tensors()
        if self.item_features is None or self._shift is None:
            return tensors
        return tensors | {FEATURES: self.item_features, SHIFT: self._shift}

    def _set_more_tensors(self, tensors: Mapping[str, NDArray[Any]], n_keys: int) -> None:
        super()._set_more_tensors(tensors, n_keys)
        features, shift = tensors.get(FEATURES), tensors.get(SHIFT)
        if features is None and shift is None:
            return
        shapes = [None if tensor is None else tensor.shape for tensor in (features, shift)]
        n = 0 if features is None or features.ndim != 2 else features.shape[1]
        if not n or shapes != [(n_keys, n), (n + 1,)]:
            raise ValueError(f"{FEATURES} and {SHIFT} have the shapes {shapes}, which do not fit")
        self.item_features, self._shift = np.array(features, np.float32), np.array(shift, np.float32)
