"""The length and the learning rates of a training: epochs, a budget of time, patience with the held-out loss.

In: settings, the clock, losses. Out: learning rates, and whether to stop. The loop over epochs is in loop.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Schedule:
    """The epochs of a training, and a learning rate that falls linearly over all of them.

    Attributes:
        epochs: Number of epochs.
        alpha: Learning rate at the start.
        min_alpha: Learning rate at the end.
        first_epoch: Number of epochs in earlier trainings; it gives each epoch of a model its own random numbers.
        max_seconds: If this time is over before the epochs, the rate falls linearly in time instead.
        patience: Epochs that the held-out loss may go without a new minimum; None: all.
    """

    epochs: int
    alpha: float
    min_alpha: float
    first_epoch: int = 0
    max_seconds: float = math.inf
    patience: int | None = None

    def rates(self, progress: NDArray[np.float64], time_spent: float = 0.0) -> NDArray[np.float32]:
        """Return the learning rate of each chunk.

        progress: Fraction of all tokens that comes before each chunk, (chunks,). time_spent: Fraction of the time
        that is over. The larger of the two counts, so the rate reaches min_alpha when either is 1.

        >>> Schedule(1, 0.5, 0.1).rates(np.array([0.0, 0.25, 1.0]), 0.5).tolist()
        [0.30000001192092896, 0.30000001192092896, 0.10000000149011612]
        """
        done = np.maximum(progress, min(time_spent, 1.0))
        return (self.alpha - (self.alpha - self.min_alpha) * done).astype(np.float32)


class Budget:
    """The time that a training may take.

    Args:
        seconds: Time for the training.
        elapsed: Seconds that were over before, in a training that is resumed.
        reserve: Seconds to keep for the end of the last epoch.
    """

    def __init__(self, seconds: float = math.inf, elapsed: float = 0.0, reserve: float = 0.0) -> None:
        self._start = perf_counter() - elapsed
        self._seconds = seconds
        self.reserve = reserve

    @property
    def elapsed(self) -> float:
        """Seconds since the training began."""
        return perf_counter() - self._start

    @property
    def spent(self) -> float:
        """Fraction of the time that is over; training must end at 1 or more."""
        seconds = self._seconds - self.reserve
        return self.elapsed / seconds if seconds > 0 else 1.0

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Measure the work at the end of an epoch; the longest so far becomes the reserve."""
        start = perf_counter()
        yield
        self.reserve = max(self.reserve, perf_counter() - start)


class Patience:
    """A copy of the matrices after the epoch with the lowest held-out loss.

    Args:
        epochs: Epochs without a new minimum after which training ends.
        matrices: Matrices that training changes; they are copied at each new minimum.
        losses: Held-out losses of earlier epochs, in a training that is resumed.
        best_rows: Copy of the matrices after the best of these.

    >>> rows = np.zeros(2, dtype=np.float32)
    >>> patience = Patience(2, [rows])
    >>> for loss in (3.0, 2.0, 2.5, 2.0):
    ...     rows += 1
    ...     patience.add(loss)
    ...     print(patience.is_over)
    False
    False
    False
    True
    >>> patience.restore()
    2
    >>> rows
    array([2., 2.], dtype=float32)
    """

    def __init__(
        self,
        epochs: int,
        matrices: Sequence[NDArray[np.float32]],
        losses: Sequence[float] = (),
        best_rows: Sequence[NDArray[np.float32]] = (),
    ) -> None:
        self._epochs = epochs
        self._matrices = matrices
        self._losses = list(losses)
        self._best = self._losses.index(min(self._losses)) if self._losses else 0
        self.best_rows = list(best_rows)

    @property
    def is_over(self) -> bool:
        """Whether the number of epochs without a new minimum is reached."""
        return len(self._losses) - 1 - self._best >= self._epochs

    def add(self, loss: float) -> None:
        """Add the loss of an epoch; the matrices are copied if it is the lowest."""
        self._losses.append(loss)
        if not self.best_rows:
            self.best_rows = [matrix.copy() for matrix in self._matrices]
        elif loss < self._losses[self._best]:
            self._best = len(self._losses) - 1
            for kept, matrix in zip(self.best_rows, self._matrices, strict=True):
                np.copyto(kept, matrix)

    def restore(self) -> int:
        """Restore the matrices of the best epoch. Returns its number, counted from 1."""
        if self._best + 1 < len(self._losses):
            for kept, matrix in zip(self.best_rows, self._matrices, strict=True):
                np.copyto(matrix, kept)
        return self._best + 1
