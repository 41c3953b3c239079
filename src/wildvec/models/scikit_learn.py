"""The interface of scikit-learn's estimators. scikit-learn is not imported unless the caller uses it.

In: data as scikit-learn passes it. Out: arrays or data frames. See docs/scikit-learn.md.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
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


def not_fitted(estimator: object) -> Exception:
    """Return NotFittedError: scikit-learn's, if it is imported."""
    exceptions = sys.modules.get("sklearn.exceptions")
    kind = NotFittedError if exceptions is None else exceptions.NotFittedError
    error: Exception = kind(f"this {type(estimator).__name__} is not fitted yet; call fit first")
    return error


def make_tags(kind: str | None, *, needs_target: bool, **more: Any) -> Any:
    """Return scikit-learn's description of an estimator. kind: "classifier", "regressor" or None."""
    from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags, TransformerTags

    return Tags(
        estimator_type=kind,
        target_tags=TargetTags(required=needs_target),
        transformer_tags=TransformerTags(preserves_dtype=[]),
        classifier_tags=ClassifierTags() if kind == "classifier" else None,
        regressor_tags=RegressorTags() if kind == "regressor" else None,
        **more,
    )


class HasOutput:
    """A transformer whose output the user chooses."""

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

    def _chosen_container(self) -> str | None:
        """Return the choice of `set_output`, or else of scikit-learn's configuration; None: there is no choice."""
        chosen: str | None = getattr(self, OUTPUT_CONFIG, {}).get("transform")
        if chosen is None and (sklearn := sys.modules.get("sklearn")) is not None:
            chosen = sklearn.get_config()["transform_output"]
            return None if chosen == "default" else chosen
        return chosen


def make_frame(library: str, array: NDArray[Any], names: Sequence[str], index: Any) -> Any:
    """Return a frame of pandas or polars, or the array for "numpy".

    Raises:
        ImportError: The library is not installed.
    """
    if library == "numpy":
        return array
    if library == "pandas":
        import pandas

        return pandas.DataFrame(array, columns=list(names), index=index, copy=False)
    import polars

    return polars.DataFrame({name: array[:, i] for i, name in enumerate(names)})


class ScikitLearnMethods(HasOutput, HasSettings, ABC):
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
            raise not_fitted(self)

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

    def _wrap_output(self, rows: NDArray[Any], X: Any) -> Any:
        """Return rows in the container that was chosen. X: the input; its index is kept in pandas."""
        chosen = self._chosen_container() or "default"
        index = getattr(X, "index", None)
        library = "numpy" if chosen == "default" else chosen
        names = self.get_feature_names_out().tolist() if library != "numpy" else []
        return make_frame(library, rows, names, None if callable(index) else index)

    def _is_deterministic(self) -> bool:
        """Return whether two fits with the same data give the same bits."""
        return True

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's description of the estimator. Only scikit-learn calls it."""
        from sklearn.utils import InputTags

        return make_tags(
            self.ESTIMATOR_TYPE,
            needs_target=self.ESTIMATOR_TYPE is not None,
            no_validation=self.TAKES_TEXTS,
            non_deterministic=not self._is_deterministic(),
            input_tags=InputTags(string=self.TAKES_TEXTS, two_d_array=not self.TAKES_TEXTS),
        )
