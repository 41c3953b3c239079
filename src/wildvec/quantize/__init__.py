"""Matrices in a fraction of their memory. In: a matrix of floats. Out: byte codes and codebooks."""

from __future__ import annotations

from wildvec.quantize.product import Codebooks, QuantizedMatrix

__all__ = ["Codebooks", "QuantizedMatrix"]
