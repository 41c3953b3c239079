"""How long training goes on and at what rate: epochs, a budget of time, patience with the held-out loss.

In: settings, the clock, losses. Out: rates, and when to stop. The loop over epochs is not here (see train).
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
    """Epochs, and a learning rate that falls linearly over all of them from alpha to min_alpha.

    first_epoch: how many the model has seen before, so that it draws other numbers now.
    max_seconds: where that is over sooner, the rate falls linearly in time instead.
    patience: epochs that the held-out loss may go without a new minimum; None: all.
    """

    epochs: int
    alpha: float
    min_alpha: float
    first_epoch: int = 0
    max_seconds: float = math.inf
    patience: int | None = None

    def rates(self, progress: NDArray[np.float64], time_spent: float = 0.0) -> NDArray[np.float32]:
        """The rates of chunks: progress is the share of all tokens that comes before each, time_spent that of time.

        The larger of the two counts. Either ends at 1, so the decay reaches its end whichever is first.

        >>> Schedule(1, 0.5, 0.1).rates(np.array([0.0, 0.25, 1.0]), 0.5).tolist()
        [0.30000001192092896, 0.30000001192092896, 0.10000000149011612]
        """
        done = np.maximum(progress, min(time_spent, 1.0))
        return (self.alpha - (self.alpha - self.min_alpha) * done).astype(np.float32)


class Budget:
    """The seconds that training may take, and how much of them is gone.

    elapsed: those that were gone before. reserve: how many to keep for the end of the last epoch.
    """

    def __init__(self, seconds: float = math.inf, elapsed: float = 0.0, reserve: float = 0.0) -> None:
        self._start = perf_counter() - elapsed
        self._seconds = seconds
        self.reserve = reserve

    @property
    def elapsed(self) -> float:
        """The seconds that are gone."""
        return perf_counter() - self._start

    @property
    def spent(self) -> float:
        """The share of the time for training that is gone; from 1 on it is over."""
        seconds = self._seconds - self.reserve
        return self.elapsed / seconds if seconds > 0 else 1.0

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Times what ends every epoch, and keeps time for the longest of them so far at the end."""
        start = perf_counter()
        yield
        self.reserve = max(self.reserve, perf_counter() - start)


class Patience:
    """Watches the held-out loss of each epoch and keeps the rows of the best.

    matrices: what training changes; they are copied at every new minimum. losses, best_rows: what the epochs before
    left of these.

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
        """Whether so many epochs have come without a new minimum."""
        return len(self._losses) - 1 - self._best >= self._epochs

    def add(self, loss: float) -> None:
        """One more epoch; its rows are kept if its loss is the least."""
        self._losses.append(loss)
        if not self.best_rows:
            self.best_rows = [matrix.copy() for matrix in self._matrices]
        elif loss < self._losses[self._best]:
            self._best = len(self._losses) - 1
            for kept, matrix in zip(self.best_rows, self._matrices, strict=True):
                np.copyto(kept, matrix)

    def restore(self) -> int:
        """Put back the rows of the best epoch; answers its number, counted from 1."""
        if self._best + 1 < len(self._losses):
            for kept, matrix in zip(self.best_rows, self._matrices, strict=True):
                np.copyto(matrix, kept)
        return self._best + 1
