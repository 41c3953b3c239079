"""gensim.models.callbacks: the base class of callbacks. Used only where gensim is not installed."""

from __future__ import annotations

from typing import Any


class CallbackAny2Vec:
    """Base class of callbacks: methods that training calls with the model; each does nothing by default."""

    def on_epoch_begin(self, model: Any) -> None:
        """Run before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """Run after each epoch."""

    def on_train_begin(self, model: Any) -> None:
        """Run before the first epoch."""

    def on_train_end(self, model: Any) -> None:
        """Run after the last epoch."""
