"""Embeddings of the categories of a table, learned from a target, as estimators for scikit-learn.

In: tables (numpy, pandas, polars) and a target. Out: embeddings by column, features, predictions.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from wildvec.models.callbacks import Callback
from wildvec.models.table_estimator import TableEstimator
from wildvec.models.table_model import TableModel


class CategoryEmbedding(TableEstimator):
    """Embeddings of categorical columns, learned from a target (Guo & Berkhahn 2016): transformer and predictor.

    Each category gets a vector. The model that learns them is a factorization machine (Rendle 2010): besides its own
    effect, each pair of columns has an effect, the product of their vectors. Columns of numbers take part with a
    piecewise linear effect. `transform` gives the vectors as features for any other model, `predict` the model's own
    predictions.

    Categorical are columns of bool, str, categories, and of objects that are not all numbers; int, float, dates and
    times are numbers. `categorical` names further categorical columns, such as numbers of users.

    Args:
        task: "regression" (squared error), "classification" (softmax), or "auto": regression if y holds floats.
        categorical: Names or positions of columns that are categorical though they hold numbers; "all".
        sizes: Values per vector: one number for all columns, or a dict by column name; by default
            min(50, round(1.6 · n^0.56)) for n categories.
        bins: A column of numbers is divided at this many quantiles.
        min_count: A category that occurs less often counts as unknown.
        mask: Fraction of the categories that are masked at random in training. Masked categories train the vector of
            unknown categories.
        l2: Penalty of the squares of a vector's values, divided by the square root of its count.
        alpha: Learning rate of AdaGrad at the start, at most 1.
        min_alpha: Learning rate at the end; it falls linearly.
        epochs: Passes over the table; in each, a table of fewer than 5,000 rows is repeated up to that number, unless
            some rows are held out.
        workers: Threads. One worker gives the same result for the same `random_state`.
        deterministic: Several workers, too, give the same result for the same `random_state`.
        held_out: Fraction of the rows that only measure the loss, see `model_.held_out_losses`.
        patience: With `held_out`: training stops after this many epochs without a lower held-out loss, and keeps the
            best epoch.
        max_seconds: Training ends after this time.
        checkpoint: Folder for checkpoints, see `resume`.
        checkpoint_minutes: Minutes between two checkpoints.
        checkpoint_epochs: Epochs between two checkpoints.
        keep_checkpoints: Number of newest checkpoints that are kept.
        callbacks: Objects with methods such as on_epoch_end, which get the model (`TableModel`).
        random_state: Seed: an integer; a numpy RandomState, which draws one; None: another one in each `fit`.

    Attributes:
        embeddings_: A KeyedVectors for each categorical column, by name. Keys are the categories: str or int, as text
            for bool and fractions.
        unknown_: The vector for unknown categories of each of these columns.
        classes_: The classes, for classification.
        task_: "regression" or "classification".
        n_features_in_: Number of columns.
        feature_names_in_: Their names, if the table had names.
        model_: The model (`TableModel`), with `epoch_losses`, `held_out_losses` and `save`.

    >>> import numpy as np
    >>> color = np.array([["red"], ["green"], ["blue"], ["green"]] * 50, dtype=object)
    >>> price = np.array([1.0, 2.0, 3.0, 2.0] * 50)
    >>> model = CategoryEmbedding(sizes=2).fit(color, price)
    >>> model.predict([["red"], ["blue"]]).round(1).tolist()
    [1.0, 3.0]
    >>> model.embeddings_["x0"]
    KeyedVectors(3 keys × 2, float32)
    >>> model.transform(color).shape, model.get_feature_names_out().tolist()
    ((200, 2), ['x0_0', 'x0_1'])
    """

    def __init__(
        self,
        task: Literal["auto", "regression", "classification"] = "auto",
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


class CategoryEmbeddingClassifier(TableEstimator):
    """`CategoryEmbedding` for classification, a classifier for scikit-learn.

    Arguments and attributes (also feature_names_in_, n_features_in_ and classes_) are those of `CategoryEmbedding`,
    without `task`.

    >>> color = [["red"], ["green"], ["blue"]] * 50
    >>> CategoryEmbeddingClassifier().fit(color, ["warm", "cold", "cold"] * 50).predict([["red"]]).tolist()
    ['warm']
    """

    KIND = "classifier"
    task = "classification"


class CategoryEmbeddingRegressor(TableEstimator):
    """`CategoryEmbedding` for regression, a regressor for scikit-learn.

    Arguments and attributes (also feature_names_in_ and n_features_in_) are those of `CategoryEmbedding`, without
    `task`.

    >>> color = [["red"], ["green"], ["blue"]] * 50
    >>> CategoryEmbeddingRegressor().fit(color, [1, 2, 3] * 50).predict([["red"]]).round(1).tolist()
    [1.0]
    """

    KIND = "regressor"
    task = "regression"
