"""gensim.models.callbacks: the base class of callbacks. Used only where gensim is not installed."""

from __future__ import annotations

from wildvec.models.callbacks import CallbackAny2Vec

__all__ = ["CallbackAny2Vec"]
