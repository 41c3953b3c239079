"""Where a training stands: what it needs, besides the matrices, to go on as if it had never been stopped.

That this is little is owed to the rule that draws are keyed by (seed, epoch, chunk) and rates by (epoch, chunk).
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
    """What one epoch gave.

    loss: exact sum over all examples, in nats, each taken before its update. tokens: of the corpus as it was read.
    held_out_loss: mean per example held out, by the rows at the end of the epoch; NaN if nothing is held out.
    """

    loss: float
    examples: int
    tokens: int
    seconds: float
    held_out_loss: float

    @property
    def mean_loss(self) -> float:
        """Loss per example: a positive pair with its negatives (skip-gram) or a centre (CBOW)."""
        return self.loss / self.examples if self.examples else math.nan


@dataclass
class State:
    """A moment at which no chunk is half trained; without arguments the beginning.

    epochs: those that are over. losses: one for each chunk of the epoch under way that is done, from the first on;
    examples, seconds: what they held and took. elapsed: seconds since the training began. reserve: what its `Budget`
    keeps for the end. best_rows: copies of the matrices after the best epoch, if there is patience. finished: there
    is nothing left to train.
    """

    epochs: list[Epoch] = field(default_factory=list)
    losses: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    examples: int = 0
    seconds: float = 0.0
    elapsed: float = 0.0
    reserve: float = 0.0
    best_rows: Sequence[NDArray[np.float32]] = ()
    finished: bool = False

    @property
    def begun(self) -> bool:
        """Whether anything was trained."""
        return bool(self.epochs or len(self.losses))

    @property
    def tokens_per_second(self) -> float:
        """Over the epochs that are done, measuring and checkpoints included; NaN before there is a time."""
        return sum(epoch.tokens for epoch in self.epochs) / self.elapsed if self.elapsed else math.nan

    def end_epoch(self, epoch: Epoch) -> None:
        """An epoch is over; the next has no chunk yet."""
        self.epochs.append(epoch)
        self.losses, self.examples, self.seconds = np.empty(0), 0, 0.0


class Saver(Protocol):
    """Says when a state is to be kept, and keeps it; workers are parked meanwhile."""

    @property
    def due_at(self) -> float:
        """The time.perf_counter() from which on a state is wanted, in the middle of an epoch."""

    def due_after(self, epochs: int) -> bool:
        """Whether one is wanted when so many epochs are over."""

    def write(self, state: State) -> None:
        """Keep it."""

    def missed(self, reason: str) -> None:
        """The training ends, and its last state could not be kept."""


class NoSaver:
    """Never wants a state."""

    due_at = math.inf

    def due_after(self, epochs: int) -> bool:
        """Never."""
        return False

    def write(self, state: State) -> None:
        """Nothing."""

    def missed(self, reason: str) -> None:
        """Nothing."""
