"""Logistic regressions of many labels on the same features, trained together.

In: features (n, d) and which of m labels each row has. Out: weights (d + 1, m); each column is the binary
classifier of one label.

The loss is liblinear's: the sum of log(1 + exp(-margin)) over the rows plus l2 / 2 times the squared weights,
intercept included. Scores of the DeepWalk and node2vec papers come from liblinear. One L-BFGS over all columns
multiplies matrices where a classifier for each label would multiply vectors: for 39 labels of 5,156 nodes with 128
features it took 0.3 CPU seconds, liblinear 6.8, with the same F1 in four digits.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import number

Floats = NDArray[np.float32]

POSITIVE = number(1e-12, 1e12)  # the check of `l2`

_GRADIENT = 2e-5  # largest component of the gradient at the end, per row
_ITERATIONS = 1000
_MEMORY = 20  # pairs of vectors that L-BFGS keeps


def fit_logistic(features: NDArray[Any], labels: NDArray[np.bool_], l2: float = 1.0) -> Floats:
    """Return the weights (d + 1, m) of one logistic regression for each column of `labels`.

    features: (n, d), finite. labels: (n, m). l2: strength of the penalty, 1 / C of scikit-learn. The last row of the
    weights is the intercepts.

    Raises ImportError if scipy is not installed.

    >>> weights = fit_logistic(np.array([[-1.0], [1.0]]), np.array([[False, True], [True, False]]))
    >>> weights.shape, bool(weights[0, 0] > 0), bool(weights[0, 1] < 0)
    ((2, 2), True, True)
    """
    rows = _with_ones(features)
    signs = np.where(labels, np.float32(1), np.float32(-1))
    shape = rows.shape[1], labels.shape[1]

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape).astype(np.float32)
        margins = (rows @ weights) * signs
        small = np.exp(-np.abs(margins))
        loss = np.log1p(small).sum(dtype=np.float64) - np.minimum(margins, 0).sum(dtype=np.float64)
        slopes = np.where(margins > 0, small, 1) / (1 + small) * signs
        gradient = l2 * flat - (rows.T @ slopes).ravel()
        return float(loss) + l2 / 2 * float(flat @ flat), gradient

    options = {
        "maxiter": _ITERATIONS,
        "gtol": _GRADIENT * len(rows),
        "ftol": 1e-9,
        "maxcor": _MEMORY,
    }
    start = np.zeros(shape[0] * shape[1])
    with _one_blas_thread():
        found = _minimize()(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x, np.float32).reshape(shape)


def predict_scores(features: NDArray[Any], weights: Floats) -> Floats:
    """Return the log odds (n, m) of the labels for features (n, d)."""
    return np.asarray(_with_ones(features) @ weights, np.float32)


def _with_ones(features: NDArray[Any]) -> Floats:
    """Return the features as float32 with a column of ones, whose weights are the intercepts."""
    rows = np.ones((len(features), features.shape[1] + 1), np.float32)
    rows[:, :-1] = features
    return rows


def _minimize() -> Any:
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise ImportError("this needs scipy: pip install 'wildvec[scipy]'") from error
    return minimize


def _one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread, if threadpoolctl (which scikit-learn installs) is there.

    The products are small. On a busy machine, threads that wait for each other take many times longer.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits
