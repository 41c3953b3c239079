"""Two small models that prove the engine: matrix factorisation of cells, and softmax over the labels of bags.

Each shows all that a new objective needs in Python: a feed, an objective, a model. The kernels are in
csrc/train/objective (read_cells, make_cells, squares; read_bags, make_bags, softmax).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from wildvec.base.checks import number, whole
from wildvec.models.base import Model
from wildvec.models.callbacks import Callbacks
from wildvec.models.resuming import claim_model_folder, load_checkpoint
from wildvec.models.settings import Setting
from wildvec.text.vocab import Vocab
from wildvec.training.checkpoint import Training
from wildvec.training.objective import MatrixSpec


@dataclass(frozen=True)
class ArrayFeed:
    """Units in flat arrays: unit u has the items ids[offsets[u] … offsets[u + 1]).

    rows: rows of the matrix "vectors"; others: rows of the other matrix. values, weights: of cells. labels: of bags.
    """

    rows: int
    others: int
    ids: np.ndarray
    offsets: np.ndarray
    values: np.ndarray | None = None
    weights: np.ndarray | None = None
    labels: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def sizes(self):
        return np.diff(self.offsets)

    @property
    def raw_items(self):
        return len(self.ids)

    def fingerprint(self):
        arrays = (self.ids, self.offsets, self.values, self.weights, *(self.labels or ()))
        digest = hashlib.sha256(b"".join(a.tobytes() for a in arrays if a is not None))
        return {"units": len(self.offsets) - 1, "checksum": digest.hexdigest()}

    def attach(self, task):
        task.items(self.ids, self.offsets, "input" if self.values is None else "output")
        if self.values is not None:
            task.cells(self.values, self.weights)
        if self.labels is not None:
            task.labels(*self.labels)

    @classmethod
    def cells(cls, matrix, seed=1):
        """All cells of a dense matrix that are not NaN, with random weights."""
        known = ~np.isnan(matrix)
        offsets = np.concatenate([[0], np.cumsum(known.sum(1))]).astype(np.int64)
        weights = np.random.default_rng(seed).uniform(0.5, 1.5, offsets[-1]).astype(np.float32)
        ids = np.nonzero(known)[1].astype(np.int32)
        return cls(*matrix.shape, ids, offsets, matrix[known].astype(np.float32), weights)

    @classmethod
    def bags(cls, bags, labels, rows, others):
        """Lists of features and lists of labels."""
        (ids, offsets), (label_ids, label_offsets) = _ragged(bags), _ragged(labels)
        return cls(rows, others, ids, offsets, labels=(label_ids, label_offsets))


def _ragged(lists):
    offsets = np.concatenate([[0], np.cumsum([len(x) for x in lists])]).astype(np.int64)
    return np.concatenate([np.asarray(x, np.int32) for x in lists]), offsets


@dataclass(frozen=True)
class SmallObjective:
    """An objective with an input and an output matrix."""

    kernel: str
    specs: tuple[MatrixSpec, ...]

    def matrices(self, feed):
        return self.specs

    def attach(self, task):
        if self.kernel == "classify":
            task.compose(average_hidden=True, average_grad=True)


class SmallModel(Model):
    """A model of an ArrayFeed; keys are row numbers."""

    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "others")
    STATE: ClassVar[Mapping[str, Any]] = {**Model.STATE, "n_others": whole(0)}
    KERNEL: ClassVar[str]
    INIT_OF_OTHERS: ClassVar[str] = "uniform"
    CURVATURE: ClassVar[float] = 0.3

    def __init__(self, feed=None, callbacks=(), **settings):
        self.n_others = 0
        self._set_up({**settings, "others": {k: v for k, v in settings.items() if k not in self.SETTINGS}})
        if feed is not None:
            self.build(feed)
            with self._attached_to_errors():
                self.train(feed, callbacks=callbacks)

    def build(self, feed):
        """Make new matrices for a feed."""
        self.n_others = feed.others
        counts = np.maximum(np.bincount(feed.ids, minlength=feed.rows)[: feed.rows], 1)
        self._set_vocab(Vocab(list(range(feed.rows)), counts))

    def train(self, feed, callbacks=(), **schedule):
        """Train on a feed."""
        notifier = Callbacks(self, callbacks)
        with claim_model_folder(self) as folder:
            return self._train(feed, Training(self._schedule(**schedule), own_vocab=False), notifier, folder)

    @classmethod
    def resume(cls, path, feed, callbacks=(), **settings):
        """Continue a training from its checkpoints."""
        with load_checkpoint(cls, path) as (model, training, folder):
            model._check_same_settings(settings, fixed=("workers",) if model.deterministic else ())
            model._resume(training, lambda vocab: nullcontext(feed), callbacks, folder)
            return model

    def _matrix_specs(self, n_keys):
        common = {"curvature": self.CURVATURE, "adagrad": self._adagrad()}
        n_items = max(n_keys, self.n_others)
        return (
            MatrixSpec("vectors", "input", n_keys, self.vector_size, uses=_even(n_keys), **common),
            MatrixSpec(
                "others",
                "output",
                self.n_others,
                self.vector_size,
                self.INIT_OF_OTHERS,
                _even(self.n_others),
                rows_per_item=n_items,
                **common,
            ),
        )

    def _adagrad(self):
        return None

    def _objective(self):
        return SmallObjective(self.KERNEL, self._matrix_specs(len(self.vocab)))


def _even(n):
    return np.full(n, 1 / max(n, 1))


class CellModel(SmallModel):
    """Rows and columns whose dot products approach the values of cells: weighted squares with AdaGrad."""

    NAME = "CellModel"
    KERNEL = "cells"

    first_square = Setting(0.1, number(1e-9, 1e9), "first value of the sums of squared gradients")

    def _adagrad(self):
        return self.first_square


class BagModel(SmallModel):
    """Labels of bags: softmax of the mean of the features' rows."""

    NAME = "BagModel"
    KERNEL = "classify"
    INIT_OF_OTHERS = "zeros"
