"""The model of `CategoryEmbedding`: a factorization machine for tables. In: items. Out: trained rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec._train import Task
from wildvec.base.checks import Check, choice, number, whole
from wildvec.base.checksum import checksum
from wildvec.models.base import Model
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.resuming import claim_model_folder, load_checkpoint
from wildvec.models.settings import Setting
from wildvec.tables.encoder import Encoder
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Fingerprint
from wildvec.training.objective import MatrixSpec

CURVATURE = 1.0
ROWS_AT_ONCE = 4096  # of tables whose scores are computed together
MAX_OUTPUTS = 100_000


@dataclass(frozen=True)
class TableFeed:
    """Rows of a table.

    ids: (n, items) rows of the matrix. values: (n, items) their weights. labels: (n) classes, or else
    targets: (n, outputs).
    """

    ids: NDArray[np.int32]
    values: NDArray[np.float32]
    labels: NDArray[np.int32] | None = None
    targets: NDArray[np.float32] | None = None

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Items of each row."""
        return np.full(len(self.ids), self.ids.shape[1], np.int64)

    @property
    def raw_items(self) -> int:
        """Items of all rows."""
        return self.ids.size

    def fingerprint(self) -> Fingerprint:
        """Return sizes and a checksum."""
        arrays = (self.ids, self.values, self.labels, self.targets)
        sums = {
            name: checksum(array)
            for name, array in zip(("ids", "values", "labels", "targets"), arrays, strict=True)
            if array is not None
        }
        return {"rows": len(self.ids), **{f"checksum of {name}": value for name, value in sums.items()}}

    def attach(self, task: Task) -> None:
        """Give the task the items and what is predicted."""
        offsets = np.arange(len(self.ids) + 1, dtype=np.int64) * self.ids.shape[1]
        task.items(self.ids.ravel(), offsets)
        task.fm(self.values.ravel(), labels=self.labels, targets=self.targets)


@dataclass(frozen=True)
class TableObjective:
    """The factorization machine of a `TableModel`."""

    model: TableModel
    kernel: str = "fm"

    def matrices(self, feed: Any) -> tuple[MatrixSpec, ...]:
        """The rows of the columns, and those of the outputs."""
        return self.model._matrix_specs(len(self.model.vocab))

    def attach(self, task: Task) -> None:
        """Give the task what it needs per row."""
        model, encoder = self.model, self.model.encoder
        width = matrices.padded_width(model.vector_size)
        pair_weights = np.zeros((model.n_outputs, width), np.float32)
        pair_weights[:, : model.vector_size] = model.pair_weights()
        decay = model.l2 / np.sqrt(np.maximum(encoder.row_counts(), 1))
        mask = min(round(model.mask * 2**32), 2**32 - 1)
        task.fm_rows(pair_weights, encoder.row_sizes(), decay.astype(np.float32), encoder.masked_rows(), mask)


def _json_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("give a list")
    return value


def _json_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("give an object")
    return value


class TableModel(Model):
    """A factorization machine (Rendle 2010) with several outputs on the columns of a table.

    Each category has a row e. The scores of a table row are z = U s + A p, where s is the sum of the rows of its
    categories, and p holds the sums of the products of all pairs of them, by coordinate. The last coordinate of s is
    1, so that U contains the bias. A is constant: 1 for regression, ±½ for two classes, random signs for more.

    Attributes:
        encoder: The columns (Encoder).
        n_outputs: Classes, or 1 for regression.
        is_regression: Whether the loss is the squared error; else it is softmax cross entropy.
        details: What the estimator stores with the model, as JSON values.
    """

    NAME: ClassVar[str] = "TableModel"
    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "output_rows")
    SAME_DATA: ClassVar[str] = "give the same table and the same y"
    SPLIT_ADVICE: ClassVar[str] = "give a table of more rows"
    STATE: ClassVar[Mapping[str, Check]] = {
        **Model.STATE,
        "columns": _json_list,
        "n_outputs": whole(0, MAX_OUTPUTS),
        "is_regression": choice(True, False),
        "details": _json_object,
    }

    alpha = Setting(0.1, number(0, 1), "learning rate at the start", metavar="X")
    epochs = Setting(20, whole(1, 10**9), "passes over the table")
    workers = Setting(1, whole(1, 1_000), "number of threads", changeable=True)
    l2 = Setting(1.0, number(0, 1e6), "L2 penalty", metavar="X")
    mask = Setting(0.02, number(0, 0.5), "fraction of the categories that are masked", metavar="FRACTION")

    def __init__(self, **settings: Any) -> None:
        self.columns: list[dict[str, Any]] = []
        self.n_outputs, self.is_regression = 0, True
        self.details: dict[str, Any] = {}
        self._set_up({**settings, "others": {k: v for k, v in settings.items() if k not in self.SETTINGS}})

    @property
    def encoder(self) -> Encoder:
        """The columns as blocks of rows."""
        return Encoder.from_json(self.columns)

    def build(self, encoder: Encoder, n_outputs: int, is_regression: bool) -> None:
        """Make new rows for the columns of a table.

        Raises:
            ValueError: An embedding is as long as `vector_size`; it must be shorter, because the last coordinate
                belongs to the bias.
        """
        if encoder.row_sizes().max() >= self.vector_size:
            raise ValueError(f"vector_size={self.vector_size}: give more than {encoder.row_sizes().max()}")
        self.columns, self.n_outputs, self.is_regression = encoder.to_json(), n_outputs, is_regression
        counts = np.maximum(np.rint(encoder.row_counts()), 1).astype(np.int64)
        self._set_vocab(Vocab(list(range(encoder.n_rows)), counts))

    def train(
        self, feed: TableFeed, callbacks: Iterable[Callback[Self]] = (), **schedule: Any
    ) -> tuple[int, int]:
        """Train on rows of a table. Returns trained items and items read."""
        notifier = Callbacks(self, callbacks)
        with claim_model_folder(self) as folder, self._attached_to_errors():
            return self._train(feed, Training(self._schedule(**schedule), own_vocab=False), notifier, folder)

    @classmethod
    def resume(
        cls,
        path: str | os.PathLike[str],
        feed_of: Callable[[Self], TableFeed],
        callbacks: Iterable[Callback[Self]] = (),
        **settings: Any,
    ) -> Self:
        """Continue a training from its checkpoints. feed_of: returns the rows of the table for a model."""
        with load_checkpoint(cls, path) as (model, training, folder):
            model._check_same_settings(settings, fixed=("workers",) if model.deterministic else ())
            model._resume(training, lambda vocab: nullcontext(feed_of(model)), callbacks, folder)
            return model

    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        size, n_outputs = self.vector_size, self.n_outputs
        uses = np.ones(n_keys)
        if n_keys:
            encoder = self.encoder
            uses = encoder.row_counts() / max(1.0, sum(encoder.columns[0].row_counts()))
        spec = partial(MatrixSpec, size=size, curvature=CURVATURE, adagrad=0.0)
        return (
            spec("vectors", "input", n_keys, uses=uses),
            spec(
                "output_rows", "output", n_outputs, uses=np.ones(n_outputs), rows_per_item=max(1, n_outputs)
            ),
        )

    def _objective(self) -> TableObjective:
        return TableObjective(self)

    def _reset(self, vocab: Vocab) -> None:
        """Also set coordinates behind the size of a row to 0."""
        super()._reset(vocab)
        if len(vocab):
            behind = np.arange(self.vector_size) >= self.encoder.row_sizes()[:, None]
            self._vectors[behind] = 0

    def _check_vocab(self, vocab: Vocab) -> None:
        if len(vocab) != self.encoder.n_rows:
            raise ValueError(f"{len(vocab)} rows, but the columns have {self.encoder.n_rows}")

    def pair_weights(self) -> NDArray[np.float32]:
        """Return the constants A of the products of pairs, (n_outputs, vector_size)."""
        if self.is_regression:
            return np.ones((self.n_outputs, self.vector_size), np.float32)
        if self.n_outputs == 2:
            return np.repeat(np.array([[-0.5], [0.5]], np.float32), self.vector_size, axis=1)
        draws = np.random.PCG64(self.seed % 2**64).random_raw(self.n_outputs * self.vector_size) >> np.uint64(
            63
        )
        signs: NDArray[np.float32] = 2 * draws.astype(np.float32) - 1
        return signs.reshape(self.n_outputs, self.vector_size)

    def scores(self, ids: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the scores of rows of a table, (n, n_outputs)."""
        outputs = self._matrices["output_rows"][:, : self.vector_size].astype(np.float64)
        pair_weights, vectors = self.pair_weights().astype(np.float64), self._vectors
        scores = np.empty((len(ids), self.n_outputs))
        for first in range(0, len(ids), ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            rows = vectors[ids[part]] * values[part, :, None].astype(np.float64)
            sums = rows.sum(axis=1)
            pairs = (sums**2 - (rows**2).sum(axis=1)) / 2
            sums[:, -1] = 1
            scores[part] = sums @ outputs.T + pairs @ pair_weights.T
        return scores
