"""What the estimators of tables share: training, features, predictions, files; see `category_embedding`.

In: tables (numpy, pandas, polars) and a target. Out: embeddings by column, features, predictions.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, choice, whole
from wildvec.base.keys import Key
from wildvec.models.callbacks import Callback
from wildvec.models.estimator import (
    Estimator,
    check_same_length,
    check_target,
    classes_of_target,
    numbers_of_target,
    r2_score,
)
from wildvec.models.scikit_learn import make_frame, not_fitted
from wildvec.models.table_model import TableFeed, TableModel
from wildvec.tables.encoder import Categories, Encoder, fit_encoder, standard_deviation
from wildvec.tables.frames import Table, convert_columns, listed, open_table, read_table
from wildvec.vectors.keyedvectors import KeyedVectors

V = TypeVar("V")

TASKS = ("auto", "regression", "classification")
# A smaller table is repeated within an epoch, each time in another order.
LEAST_ROWS = 5_000
# Settings of `TableModel` that have the same name here.
SAME_NAMES = (
    *("alpha", "min_alpha", "l2", "mask", "epochs", "workers", "deterministic", "held_out", "patience"),
    *("max_seconds", "checkpoint", "checkpoint_minutes", "checkpoint_epochs", "keep_checkpoints"),
)


def _key(category: Any) -> Key:
    """Return the key of a category: str or int; text for bool and fractions."""
    return category if isinstance(category, (str, int)) and not isinstance(category, bool) else str(category)


@dataclass(frozen=True)
class Target:
    """What is predicted. classes and labels (rows), or standardized targets (rows, 1) with their mean and scale."""

    classes: NDArray[Any] | None
    mean: float = 0.0
    scale: float = 1.0
    labels: NDArray[np.int32] | None = None
    targets: NDArray[np.float32] | None = None

    @property
    def n_outputs(self) -> int:
        """Classes, or 1 for regression."""
        return 1 if self.classes is None else len(self.classes)

    def details(self) -> dict[str, Any]:
        """Return what predictions need, as JSON values."""
        if self.classes is None:
            return {"task": "regression", "mean": self.mean, "scale": self.scale}
        return {"task": "classification", "classes": self.classes.tolist(), "dtype": self.classes.dtype.str}


class ByColumn(dict[str, V]):
    """A value for each categorical column, by name; errors say which columns there are."""

    def __init__(self, encoder: Encoder, value_of: Callable[[Categories], V]) -> None:
        super().__init__(
            {c.name: value_of(c) for c in encoder.columns if isinstance(c, Categories)},
        )
        self._numbers = {c.name for c in encoder.columns if not isinstance(c, Categories)}

    def __missing__(self, name: Any) -> V:
        if name in self._numbers:
            raise KeyError(
                f"column {name!r} holds numbers, which have no vectors; name it in categorical= to give it some"
            )
        raise KeyError(f"there is no column {name!r}; the categorical columns are {listed(list(self))}")

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


class TableEstimator(Estimator):
    """What the estimators of this module share; see `CategoryEmbedding`."""

    task: str
    categorical: Sequence[str | int] | Literal["all"] | None
    sizes: int | Mapping[str, int] | None
    bins: int
    min_count: int
    held_out: float
    callbacks: Iterable[Callback[TableModel]]
    random_state: Any

    model_: TableModel
    encoder_: Encoder
    task_: str
    classes_: NDArray[Any]

    def __init__(
        self,
        *,
        categorical: Sequence[str | int] | Literal["all"] | None = None,
        sizes: int | Mapping[str, int] | None = None,
        bins: int = 16,
        min_count: int = 1,
        mask: float = 0.02,
        l2: float = 1.0,
        alpha: float = 0.1,
        min_alpha: float = 1e-4,
        epochs: int = 20,
        workers: int = 1,
        deterministic: bool = False,
        held_out: float = 0.0,
        patience: int | None = None,
        max_seconds: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float | None = 10,
        checkpoint_epochs: int | None = None,
        keep_checkpoints: int = 2,
        callbacks: Iterable[Callback[TableModel]] = (),
        random_state: Any = 1,
    ) -> None:
        self._store(locals())

    # -- training -------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the embeddings.

        Args:
            X: The table: a 2-D array, a frame of pandas or polars, or a series (one column).
            y: The target of each row: numbers, or classes. It must be given.

        Raises:
            TypeError, ValueError: The table, the target or a setting is not usable; the message says why.
        """
        table = read_table(X, self.categorical)
        target = self._target(y, table)
        encoder = fit_encoder(table, self._checked_sizes(), *self._encoder_settings())
        model = self._new_model(int(encoder.row_sizes().max()) + 1)
        model.build(encoder, target.n_outputs, target.classes is None)
        model.details = {"names": None if table.names is None else list(table.names), **target.details()}
        model.train(self._feed(model.seed, encoder, table, target), self.callbacks)
        self._set_model(model)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Do the same as `fit(X, y).transform(X)`."""
        return self.fit(X, y).transform(X)

    def _new_model(self, vector_size: int) -> TableModel:
        """Return a model with the settings; TypeError or ValueError if one is not usable."""
        state = self.random_state
        if hasattr(state, "randint"):
            state = int(state.randint(2**31 - 1))
        elif state is None:
            state = int(np.random.SeedSequence().generate_state(1)[0])
        settings = {name: getattr(self, name) for name in SAME_NAMES}
        return TableModel(**settings, vector_size=vector_size, seed=checked("random_state", state, whole()))

    def _encoder_settings(self) -> tuple[int, int]:
        return checked("bins", self.bins, whole(1, 10_000)), checked("min_count", self.min_count, whole(1))

    def _checked_sizes(self) -> Any:
        check = whole(1, 10_000, none="a size by the number of categories")
        if isinstance(self.sizes, Mapping):
            return {name: checked(f"sizes[{name!r}]", size, check) for name, size in self.sizes.items()}
        return checked("sizes", self.sizes, check)

    def _chosen_task(self, y: NDArray[Any]) -> str:
        task: str = checked("task", self.task, choice(*TASKS))
        if task != "auto":
            return task
        return "regression" if y.dtype.kind == "f" else "classification"

    def _target(self, y: Any, table: Table) -> Target:
        """Return what is predicted; ValueError if y is not usable."""
        y = check_target(type(self).__name__, y, table.n_rows)
        if self._chosen_task(y) == "classification":
            classes, labels = classes_of_target(y)
            return Target(classes, labels=labels)
        numbers = numbers_of_target(y)
        mean, scale = float(numbers.mean()), standard_deviation(numbers)
        return Target(None, mean, scale, targets=((numbers - mean) / scale).astype(np.float32)[:, None])

    def _feed(self, seed: int, encoder: Encoder, table: Table, target: Target) -> TableFeed:
        """Return the rows of the table in random order; those of a small table several times."""
        ids, values = encoder.encode(table)
        repeats = 1 if self.held_out else max(1, -(-LEAST_ROWS // len(ids)))
        random = np.random.Generator(np.random.PCG64(seed % 2**64))
        order = np.concatenate([random.permutation(len(ids)) for _ in range(repeats)])
        labels = None if target.labels is None else target.labels[order]
        targets = None if target.targets is None else target.targets[order]
        return TableFeed(ids[order], values[order], labels, targets)

    def _set_model(self, model: TableModel) -> None:
        """Set the attributes that follow from a trained model."""
        details = model.details
        for name in ("feature_names_in_", "classes_"):
            vars(self).pop(name, None)
        self.model_, self.encoder_, self.task_ = model, model.encoder, details["task"]
        self.n_features_in_ = len(model.columns)
        if details["names"] is not None:
            self.feature_names_in_ = np.array(details["names"], dtype=object)
        if details["task"] == "classification":
            self.classes_ = np.array(details["classes"], dtype=details["dtype"])

    # -- use ------------------------------------------------------------------------------------------------------

    def _check_fitted(self) -> None:
        if "model_" not in vars(self):
            raise not_fitted(self)

    def _read(self, X: Any) -> Table:
        """Return the columns of a table that is like that of `fit`."""
        self._check_fitted()
        table = open_table(X)
        self._check_features(table)
        return convert_columns(
            table, [i for i, column in enumerate(self.encoder_.columns) if isinstance(column, Categories)]
        )

    def transform(self, X: Any) -> Any:
        """Return the embeddings of the categories, and the standardized numbers (NaN where missing).

        Returns:
            float32 (rows, features): an array for an array, a frame for a frame, see also `set_output`.
        """
        table = self._read(X)
        ids, _ = self.encoder_.encode(table)
        parts, at = [], 0
        for column, given in zip(self.encoder_.columns, table.columns, strict=True):
            if isinstance(column, Categories):
                parts.append(self.model_.wv.vectors[ids[:, at], : column.size])
                at += 1
            else:
                parts.append(column.standardize(given.values.astype(np.float64))[:, None])
                at += 2
        features = np.concatenate(parts, axis=1)
        return make_frame(
            self._output_library(table), features, list(self.get_feature_names_out()), table.index
        )

    def get_feature_names_out(
        self, input_features: Sequence[str] | NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Return the names of the features: "city_0" … for a categorical column, "age" for numbers."""
        self._check_fitted()
        names = []
        for name, column in zip(self._input_names(input_features), self.encoder_.columns, strict=True):
            digits = len(str(column.size - 1))
            is_embedding = isinstance(column, Categories)
            names += [f"{name}_{i:0{digits}}" for i in range(column.size)] if is_embedding else [name]
        if len(set(names)) < len(names):
            twice = max(names, key=names.count)
            raise ValueError(f"two features have the name {twice!r}; rename a column of the table")
        return np.array(names, dtype=object)

    def _scores(self, X: Any) -> NDArray[np.float64]:
        return self.model_.scores(*self.encoder_.encode(self._read(X)))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted target of each row: numbers or classes, (rows,)."""
        self._check_fitted()
        scores = self._scores(X)
        if self.task_ == "regression":
            mean, scale = (float(self.model_.details[name]) for name in ("mean", "scale"))
            return scores[:, 0] * scale + mean
        predicted: NDArray[Any] = self.classes_[scores.argmax(axis=1)]
        return predicted

    def _predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, (rows, classes), in the order of `classes_`."""
        self._check_fitted()
        scores = self._scores(X)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return probabilities

    @property
    def predict_proba(self) -> Any:
        """The method that returns the probability of each class, (rows, classes), in the order of `classes_`.

        AttributeError: the task is regression.
        """
        if getattr(self, "task_", self.task) == "regression":
            raise AttributeError(f"{type(self).__name__} for regression has no predict_proba")
        return self._predict_proba

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R² (regression) or the fraction of correct predictions (classification)."""
        predicted = self.predict(X)
        if self.task_ == "regression":
            return r2_score(y, predicted, sample_weight)
        true = np.asarray(y).ravel()
        check_same_length(true, predicted)
        correct = true == predicted
        return float(np.average(correct, weights=sample_weight))

    @property
    def embeddings_(self) -> dict[str, KeyedVectors]:
        """A KeyedVectors for each categorical column, by name. KeyError: it is no categorical column."""
        self._check_fitted()
        return ByColumn(self.encoder_, self._vectors_of)

    def _vectors_of(self, column: Categories) -> KeyedVectors:
        rows = slice(column.first, column.first + len(column.categories))
        keys = [_key(category) for category in column.categories]
        return KeyedVectors.from_arrays(keys, self.model_.wv.vectors[rows, : column.size], column.counts)

    @property
    def unknown_(self) -> dict[str, NDArray[np.float32]]:
        """The vector for unknown categories of each categorical column, by name."""
        self._check_fitted()
        return ByColumn(
            self.encoder_, lambda column: self.model_.wv.vectors[column.unknown_row, : column.size]
        )

    # -- files ----------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to one file, which `load` opens. OSError: it cannot be written."""
        self._check_fitted()
        self.model_.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read an estimator that `save` wrote, or the one in a checkpoint; errors as for `Word2Vec.load`.

        Settings of the constructor that only `fit` uses (`sizes`, `bins`, `min_count`, `categorical`) are not stored.
        """
        model = TableModel.load(path)
        try:
            return cls._of(model)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{os.fspath(path)}: {error}") from error

    @classmethod
    def resume(cls, path: str | os.PathLike[str], X: Any, y: Any, **settings: Any) -> Self:
        """Continue a training from its checkpoints: a folder or a file. X, y: the same as in `fit`."""

        def feed_of(model: TableModel) -> TableFeed:
            started = cls._of(model)
            table = started._read(X)
            target = started._target(y, table)
            if any(model.details[name] != value for name, value in target.details().items()):
                raise ValueError(f"this is not the data that the training began with; {model.SAME_DATA}")
            return started._feed(model.seed, started.encoder_, table, target)

        return cls._of(TableModel.resume(path, feed_of, **settings))

    @classmethod
    def _of(cls, model: TableModel) -> Self:
        """Return an estimator with a trained model."""
        details = model.details
        _check_details(model)
        settings = {name: getattr(model, name) for name in SAME_NAMES}
        estimator = cls(**settings, random_state=model.seed)
        if cls.KIND is None:
            estimator.task = details["task"]
        elif estimator.task != details["task"]:
            raise ValueError(f"the file holds a model for {details['task']}, not for {estimator.task}")
        estimator._set_model(model)
        return estimator


for _method in filter(inspect.isfunction, list(vars(TableEstimator).values())):
    _method.__qualname__ = f"CategoryEmbedding.{_method.__name__}"  # the name in errors of Python


def _check_details(model: TableModel) -> None:
    """Raise TypeError or ValueError if the target of a model from a file does not fit its matrices."""
    details, task = model.details, model.details.get("task")
    names, classes = details.get("names"), details.get("classes")
    if names is not None and len(names) != len(model.columns):
        raise ValueError(f"{len(names)} names for {len(model.columns)} columns; the file is damaged")
    if task == "regression":
        numbers = (details.get("mean"), details.get("scale"))
        fits = model.n_outputs == 1 and all(isinstance(n, float) and np.isfinite(n) for n in numbers)
    else:
        fits = task == "classification" and isinstance(classes, list) and len(classes) == model.n_outputs
        fits = fits and len(np.array(classes, details.get("dtype", ""))) == model.n_outputs
    if not fits or model.is_regression != (task == "regression"):
        raise ValueError(f"the target ({task!r}) does not fit {model.n_outputs} outputs; the file is damaged")
