"""Callbacks: what a user may be told while a model trains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from wildvec.training.state import Epoch

EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


class Callback(Protocol):
    """What may be told during training; any of the methods may be missing. Workers are parked meanwhile.

    If `max_seconds` is over before an epoch has learned anything, it does not count: of it on_epoch_end is not told.
    """

    def on_train_begin(self, model: Any) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, model: Any) -> None:
        """Before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """After each epoch."""

    def on_train_end(self, model: Any) -> None:
        """After the last epoch, unless training was stopped."""


class Callbacks:
    """What the training loop tells, counted by the model and passed on to its callbacks.

    TypeError: a callback has none of the four methods.
    """

    def __init__(self, model: Any, callbacks: Iterable[Callback]) -> None:
        if not isinstance(callbacks, Iterable):
            raise TypeError(f"callbacks={callbacks!r}: give a list of callbacks")
        self._model = model
        self._callbacks = list(callbacks)
        for callback in self._callbacks:
            if not any(callable(getattr(callback, event, None)) for event in EVENTS):
                raise TypeError(f"callback {callback!r} has no method {', '.join(EVENTS)}; give it one")

    def all(self, event: str) -> None:
        """Tell every callback that listens for the event."""
        for callback in self._callbacks:
            if tell := getattr(callback, event, None):
                tell(self._model)

    def epoch_begin(self) -> None:
        """An epoch is about to begin."""
        self.all("on_epoch_begin")

    def epoch_end(self, epoch: Epoch) -> None:
        """An epoch is done."""
        self._model._count_epoch(epoch)
        self.all("on_epoch_end")
