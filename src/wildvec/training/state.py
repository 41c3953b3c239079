"""The state of a training: all that it needs, besides the matrices, to be resumed as if it had never stopped.

The state is small because random draws are keyed by (seed, epoch, chunk) and learning rates by (epoch, chunk).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Epoch:
    """Results of one epoch.

    loss: exact sum over all examples, in nats; each example is scored before its update. tokens: items as they were
    read, those outside the vocabulary included. held_out_loss: mean per held-out example, computed with the rows at
    the end of the epoch; NaN if nothing is held out.
    """

    loss: float
    examples: int
    tokens: int
    seconds: float
    held_out_loss: float

    @property
    def mean_loss(self) -> float:
        """Mean loss per example; the objective defines what an example is."""
        return self.loss / self.examples if self.examples else math.nan


@dataclass
class State:
    """A point at which every chunk is either fully trained or not begun; by default the start of a training.

    epochs: completed epochs. losses: one for each of the first n chunks of the current epoch, float64, (n,). skipped:
    those of them, in order, that are not trained yet, int64 (see conflicts). examples, seconds: number of examples in
    the trained chunks, and their training time. elapsed: seconds since the training began. reserve: seconds that its
    `Budget` keeps for the end. best_rows: with patience, copies of the matrices after the best epoch. finished:
    nothing is left to train.
    """

    epochs: list[Epoch] = field(default_factory=list)
    losses: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    skipped: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    examples: int = 0
    seconds: float = 0.0
    elapsed: float = 0.0
    reserve: float = 0.0
    best_rows: Sequence[NDArray[np.float32]] = ()
    finished: bool = False

    @property
    def begun(self) -> bool:
        """Whether at least one chunk was trained."""
        return bool(self.epochs or len(self.losses))

    @property
    def tokens_per_second(self) -> float:
        """Mean over the completed epochs, with held-out loss and checkpoints included; NaN before the first."""
        return sum(epoch.tokens for epoch in self.epochs) / self.elapsed if self.elapsed else math.nan

    def end_epoch(self, epoch: Epoch) -> None:
        """Add a completed epoch; the next one has no completed chunk yet."""
        self.epochs.append(epoch)
        self.losses, self.skipped = np.empty(0), np.empty(0, np.int64)
        self.examples, self.seconds = 0, 0.0


class Saver(Protocol):
    """Saves states of a training. Workers pause while a state is saved.

    is_current: whether all that was learned is saved. `write` sets it; the training loop sets it to False before
    workers train.
    """

    is_current: bool

    @property
    def due_at(self) -> float:
        """The time.perf_counter() from which on a state is due, also within an epoch."""

    def due_after(self, epochs: int) -> bool:
        """Whether a state is due after `epochs` epochs."""

    def write(self, state: State) -> None:
        """Save a state; OSError if that fails."""

    def warn_not_saved(self, error: Exception, *, continues: bool) -> None:
        """Warn that a state could not be saved. continues: the training continues."""


class NoSaver:
    """A `Saver` that saves nothing."""

    is_current = False
    due_at = math.inf

    def due_after(self, epochs: int) -> bool:
        """Return False."""
        return False

    def write(self, state: State) -> None:
        """Do nothing."""

    def warn_not_saved(self, error: Exception, *, continues: bool) -> None:
        """Do nothing."""
