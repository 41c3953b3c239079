"""What scikit-learn expects of an estimator, without an import of scikit-learn unless the program has imported it.

In: settings of a constructor. Out: parameters, tags, checks of names, errors and warnings of scikit-learn's classes.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.models.scikit_learn import HasOutput, make_tags
from wildvec.tables.frames import Table, is_missing


def warn_column_vector() -> None:
    """Warn that y had a second dimension of length 1."""
    sklearn = sys.modules.get("sklearn.exceptions")
    kind = UserWarning if sklearn is None else sklearn.DataConversionWarning
    message = (
        "A column-vector y was passed when a 1d array was expected. Please change the shape to (n_samples,)."
    )
    warnings.warn(message, kind, stacklevel=4)


class Estimator(HasOutput):
    """The common parts of estimators: parameters, tags, names of features, `set_output`.

    The constructor of a subclass stores its arguments under their names and does nothing else.
    """

    KIND: ClassVar[Literal["classifier", "regressor"] | None] = None
    _sklearn_auto_wrap_output_keys: ClassVar[set[str]] = {"transform"}

    n_features_in_: int

    def _store(self, given: Mapping[str, Any]) -> None:
        """Store the arguments of the constructor. given: its locals()."""
        for name in list(inspect.signature(type(self).__init__).parameters)[1:]:
            setattr(self, name, given[name])

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor by name. deep: has no effect."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Self:
        """Set arguments of the constructor; they take effect in the next `fit`.

        Raises:
            ValueError: There is no such argument.
        """
        known = self.get_params()
        for name in params:
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {type(self).__name__}(). Valid parameters are: "
                    f"{', '.join(known)}."
                )
        vars(self).update(params)
        return self

    def __repr__(self) -> str:
        defaults = {name: p.default for name, p in inspect.signature(type(self).__init__).parameters.items()}
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name])
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags."""
        from sklearn.utils import InputTags

        tags = InputTags(string=True, allow_nan=True)
        return make_tags(self.KIND, needs_target=True, input_tags=tags)

    def _output_library(self, table: Table) -> str:
        """Return "numpy", "pandas" or "polars"; without a choice, the library of the table."""
        chosen = self._chosen_container() or table.library
        return "numpy" if chosen == "default" else chosen

    # -- names of features ----------------------------------------------------------------------------------------

    def _check_features(self, table: Table) -> None:
        """Raise ValueError unless the table has the columns of `fit`, in the same order."""
        name, known = type(self).__name__, getattr(self, "feature_names_in_", None)
        if known is not None and table.names is None:
            warnings.warn(
                f"X does not have valid feature names, but {name} was fitted with feature names", stacklevel=4
            )
        elif known is None and table.names is not None:
            warnings.warn(f"X has feature names, but {name} was fitted without feature names", stacklevel=4)
        elif known is not None and table.names is not None and list(known) != list(table.names):
            raise ValueError(_different_names(list(known), list(table.names)))
        if len(table.columns) != self.n_features_in_:
            raise ValueError(
                f"X has {len(table.columns)} features, but {name} is expecting {self.n_features_in_} features as "
                "input"
            )

    def _input_names(self, input_features: Sequence[str] | NDArray[Any] | None) -> list[str]:
        known = getattr(self, "feature_names_in_", None)
        if input_features is not None:
            given = [str(name) for name in input_features]
            if known is not None and given != list(known):
                raise ValueError("input_features is not equal to feature_names_in_")
            if len(given) != self.n_features_in_:
                raise ValueError(
                    f"input_features should have length equal to number of features ({self.n_features_in_}), got "
                    f"{len(given)}"
                )
            return given
        return [f"x{i}" for i in range(self.n_features_in_)] if known is None else list(known)


def _different_names(known: list[str], given: list[str]) -> str:
    message = "The feature names should match those that were passed during fit.\n"
    parts = (
        ("Feature names unseen at fit time:", sorted(set(given) - set(known))),
        ("Feature names seen at fit time, yet now missing:", sorted(set(known) - set(given))),
    )
    for title, names in parts:
        if names:
            more = ["- ..."] if len(names) > 5 else []
            message += "\n".join([title, *(f"- {name}" for name in names[:5]), *more]) + "\n"
    if set(known) == set(given):
        message += "Feature names must be in the same order as they were in fit.\n"
    return message


# -- targets -------------------------------------------------------------------------------------------------------


def check_target(name: str, y: Any, n_rows: int) -> NDArray[Any]:
    """Return y as an array (n,) of numbers, bool, str or objects.

    Raises:
        ValueError: y is None, has more dimensions, or another length than the table.
    """
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None")
    array = np.asarray(y.to_list(), dtype=object) if hasattr(y, "to_list") and _is_text(y) else np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        warn_column_vector()
        array = array.ravel()
    if array.ndim != 1:
        raise ValueError(f"y should be a 1d array, got an array of shape {array.shape} instead.")
    if len(array) != n_rows:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: [{n_rows}, {len(array)}]"
        )
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported; give real targets")
    return array


def _is_text(series: Any) -> bool:
    return str(getattr(series, "dtype", "")).lower() in (
        "string",
        "str",
        "category",
        "categorical",
        "object",
        "enum",
    )


def numbers_of_target(y: NDArray[Any]) -> NDArray[np.float64]:
    """Return targets of regression; ValueError if one is no finite number."""
    try:
        numbers = y.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"y holds {_first_no_number(y)!r}, which is no number; give numbers, or choose classification"
        ) from None
    bad = np.flatnonzero(~(np.abs(numbers) < 1e100))
    if len(bad):
        what = "NaN" if np.isnan(numbers[bad[0]]) else "infinity or a value too large"
        raise ValueError(f"Input y contains {what}: y[{bad[0]}]={y[bad[0]]}; remove such rows")
    return numbers


def _first_no_number(y: NDArray[Any]) -> Any:
    for value in y.tolist():
        try:
            float(value)
        except (TypeError, ValueError, OverflowError):
            return value
    return y[0]


def classes_of_target(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return the sorted classes, and the class of each row by its position.

    Raises:
        ValueError: y has only one class, a missing value, real numbers, or values that cannot be compared.
    """
    if y.dtype.kind == "f":
        numbers_of_target(y)
        if (y != np.rint(y)).any():
            raise ValueError(
                f"Unknown label type: continuous, as {y[y != np.rint(y)][0]}. Choose regression, or give classes"
            )
    elif y.dtype.kind == "O":
        missing = [i for i, value in enumerate(y.tolist()) if is_missing(value)]
        if missing:
            raise ValueError(f"Input y contains NaN or None: y[{missing[0]}]; remove such rows")
    other = [value for value in y.tolist() if not isinstance(value, (str, int, float))]
    if other or y.dtype.kind in "mM":
        kind = type(other[0]).__name__ if other else y.dtype.name
        raise ValueError(f"Unknown label type: y holds {kind}; give classes as str, bool or numbers")
    try:
        classes, labels = np.unique(y, return_inverse=True)
    except TypeError as error:
        raise ValueError(f"Unknown label type: y mixes types that cannot be compared: {error}") from None
    if len(classes) < 2:
        raise ValueError(f"y has only one class, {classes.tolist()}; give rows of at least two classes")
    return classes, labels.astype(np.int32)


def check_same_length(y: NDArray[Any], predicted: NDArray[Any]) -> None:
    """Raise ValueError unless there is a target for each row."""
    if len(y) != len(predicted):
        raise ValueError(f"{len(y)} targets for {len(predicted)} rows; give one for each")


def r2_score(y: Any, predicted: NDArray[np.float64], weights: Any = None) -> float:
    """Return the coefficient of determination R²; NaN for fewer than two rows."""
    true = np.asarray(y, np.float64).ravel()
    check_same_length(true, predicted)
    if len(true) < 2:
        return float("nan")
    squares = (true - predicted) ** 2
    spread = (true - np.average(true, weights=weights)) ** 2
    total = float(np.average(spread, weights=weights))
    rest = float(np.average(squares, weights=weights))
    return 1 - rest / total if total else float(rest == 0)
