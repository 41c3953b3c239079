"""wildvec: embeddings of anything discrete, trained fast on the CPU."""

from __future__ import annotations

__version__ = "0.1.0"
