"""Trained vectors: look-up, search, evaluation, plots."""
