"""The interface of scikit-learn's estimators. scikit-learn is not imported unless the caller uses it.

In: data as scikit-learn passes it. Out: arrays or data frames. See docs/scikit-learn.md.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.models.settings import HasSettings

CONTAINERS = ("default", "pandas", "polars")
OUTPUT_CONFIG = "_sklearn_output_config"  # scikit-learn's `clone` copies an attribute of this name


class NotFittedError(ValueError, AttributeError):
    """An estimator is used before it is fitted. scikit-learn's error of this name has the same bases.

    >>> from wildvec import Word2Vec
    >>> Word2Vec().transform(["a text"])  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    wildvec.models.scikit_learn.NotFittedError: this Word2Vec is not fitted yet; call fit first
    """


class ScikitLearnMethods(HasSettings, ABC):
    """A transformer in scikit-learn's sense, whose parameters are its settings.

    A subclass has the methods `fit(X, y=None)` and `transform(X)`; the latter ends with `_wrap_output`.
    """

    TAKES_TEXTS: ClassVar[bool] = True  # X is a list of texts, else a table
    ESTIMATOR_TYPE: ClassVar[str | None] = None  # "classifier" or "regressor"; None: a transformer

    @abstractmethod
    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there is something that `transform` can use."""

    @property
    @abstractmethod
    def _n_features_out(self) -> int:
        """The number of columns that `transform` gives."""

    def _check_is_fitted(self) -> None:
        """Raise NotFittedError (scikit-learn's, if it is imported) before the first fit."""
        if not self.__sklearn_is_fitted__():
            exceptions = sys.modules.get("sklearn.exceptions")
            error = NotFittedError if exceptions is None else exceptions.NotFittedError
            raise error(f"this {type(self).__name__} is not fitted yet; call fit first")

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit the model and return `transform(X)`. An iterator is read into a list first."""
        data = X if hasattr(X, "__len__") else list(X)
        model: Any = self
        return model.fit(data, y, **fit_params).transform(data)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns that `transform` gives: the class name and a number.

        input_features: Not used.

        >>> from wildvec import Word2Vec
        >>> Word2Vec(vector_size=2, min_count=1, workers=1).fit(["a b", "b a"]).get_feature_names_out().tolist()
        ['word2vec0', 'word2vec1']
        """
        self._check_is_fitted()
        name = type(self).__name__.lower()
        return np.array([f"{name}{i}" for i in range(self._n_features_out)], object)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what `transform` returns.

        transform: "default" (an array), "pandas" or "polars" (a data frame with the names of
            `get_feature_names_out`); None: no change. Without a choice, scikit-learn's `set_config` decides.
        """
        if transform is not None and transform not in CONTAINERS:
            raise ValueError(
                f"transform={transform!r}: give one of {', '.join(map(repr, CONTAINERS))}, or None"
            )
        if transform is not None:
            setattr(self, OUTPUT_CONFIG, {"transform": transform})
        return self

    def _wrap_output(self, rows: NDArray[Any], X: Any) -> Any:
        """Return rows in the container that was chosen. X: the input; its index is kept in pandas."""
        chosen = getattr(self, OUTPUT_CONFIG, {}).get("transform")
        if chosen is None:
            sklearn = sys.modules.get("sklearn")
            chosen = "default" if sklearn is None else sklearn.get_config()["transform_output"]
        if chosen == "pandas":
            import pandas

            index = getattr(X, "index", None)
            index = None if callable(index) else index
            return pandas.DataFrame(rows, index=index, columns=self.get_feature_names_out(), copy=False)
        if chosen == "polars":
            import polars

            return polars.DataFrame(rows, schema=self.get_feature_names_out().tolist(), orient="row")
        return rows

    def _is_deterministic(self) -> bool:
        """Return whether two fits with the same data give the same bits."""
        return True

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's description of the estimator. Only scikit-learn calls it."""
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags, TransformerTags

        kind = self.ESTIMATOR_TYPE
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=kind is not None),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            classifier_tags=ClassifierTags() if kind == "classifier" else None,
            regressor_tags=RegressorTags() if kind == "regressor" else None,
            no_validation=self.TAKES_TEXTS,
            non_deterministic=not self._is_deterministic(),
            input_tags=InputTags(string=self.TAKES_TEXTS, two_d_array=not self.TAKES_TEXTS),
        )
