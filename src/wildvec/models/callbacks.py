"""Callbacks of a user: objects with methods that training calls between epochs.

In: a model and a list of callbacks. Out: an object that the training loop calls before and after each epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from wildvec.training.state import Epoch

EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")

M_contra = TypeVar("M_contra", contravariant=True)


class OnTrainBegin(Protocol[M_contra]):
    """A callback with a method that is called before the first epoch."""

    def on_train_begin(self, model: M_contra, /) -> object:
        """Run before the first epoch."""


class OnEpochBegin(Protocol[M_contra]):
    """A callback with a method that is called before each epoch."""

    def on_epoch_begin(self, model: M_contra, /) -> object:
        """Run before each epoch."""


class OnEpochEnd(Protocol[M_contra]):
    """A callback with a method that is called after each epoch.

    An epoch in which `max_seconds` ended before anything was learned does not count.
    """

    def on_epoch_end(self, model: M_contra, /) -> object:
        """Run after each epoch."""


class OnTrainEnd(Protocol[M_contra]):
    """A callback with a method that is called after the last epoch."""

    def on_train_end(self, model: M_contra, /) -> object:
        """Run after the last epoch, unless training was stopped."""


# An object with at least one of the four methods. No worker runs during a call.
Callback: TypeAlias = (
    OnTrainBegin[M_contra] | OnEpochBegin[M_contra] | OnEpochEnd[M_contra] | OnTrainEnd[M_contra]
)


class CallbackAny2Vec:
    """Base class of callbacks, as in gensim: four methods that do nothing until a subclass replaces them.

    It is not needed: any object with at least one of the methods is a callback.

    >>> from wildvec import CallbackAny2Vec, Word2Vec
    >>> class PrintLoss(CallbackAny2Vec):
    ...     def on_epoch_end(self, model):
    ...         print(f"epoch {model.epochs_trained}: {'lower' if model.epoch_losses[-1] < 99 else 'higher'} than 99")
    >>> text = [["king", "rules", "land"]] * 50
    >>> model = Word2Vec(text, vector_size=16, epochs=2, workers=1, callbacks=[PrintLoss()])
    epoch 1: lower than 99
    epoch 2: lower than 99
    """

    def on_train_begin(self, model: Any) -> None:
        """Run before the first epoch."""

    def on_epoch_begin(self, model: Any) -> None:
        """Run before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """Run after each epoch."""

    def on_train_end(self, model: Any) -> None:
        """Run after the last epoch."""


class Trained(Protocol):
    """The methods of a model that `Callbacks` uses."""

    def _add_epoch(self, epoch: Epoch) -> None:
        """Record the losses of an epoch."""

    def _take_over_vectors(self) -> None:
        """Copy vectors that a callback assigned into the matrix that is trained."""


M = TypeVar("M", bound=Trained)


class Callbacks(Generic[M]):
    """The callbacks of one training.

    Args:
        model: Argument of each method.
        callbacks: Objects with at least one of the methods in EVENTS.

    Raises:
        TypeError: `callbacks` is no list, or one of them has none of the methods.
    """

    def __init__(self, model: M, callbacks: Iterable[Callback[M]]) -> None:
        if not isinstance(callbacks, Iterable):
            raise TypeError(f"callbacks={callbacks!r}: give a list of callbacks")
        self._model = model
        self._callbacks = list(callbacks)
        for callback in self._callbacks:
            if not any(callable(getattr(callback, event, None)) for event in EVENTS):
                raise TypeError(f"callback {callback!r} has no method {', '.join(EVENTS)}; give it one")

    def notify(self, event: str) -> None:
        """Call the method `event` of each callback that has one."""
        for callback in self._callbacks:
            if method := getattr(callback, event, None):
                method(self._model)
                self._model._take_over_vectors()

    def epoch_begin(self) -> None:
        """Run the callbacks before an epoch."""
        self.notify("on_epoch_begin")

    def epoch_end(self, epoch: Epoch) -> None:
        """Record an epoch in the model and run the callbacks after it."""
        self._model._add_epoch(epoch)
        self.notify("on_epoch_end")
