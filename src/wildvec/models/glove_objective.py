"""The objective and the feed of GloVe.

In: settings; a corpus or co-occurrence counts. Out: matrices, the task of the C core, ordered cells.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from wildvec._train import Task
from wildvec.base.checksum import checksum
from wildvec.base.keys import key_bytes
from wildvec.cooccurrence.cooccurrence import Cooccurrence
from wildvec.text.corpus import Corpus
from wildvec.text.vocab import Vocab
from wildvec.training.cells import OrderedCells
from wildvec.training.conflicts import Division
from wildvec.training.feed import Feed, Fingerprint
from wildvec.training.matrices import value_width
from wildvec.training.objective import MatrixSpec

# Columns behind the values of a row: the bias, and the sums of squared gradients of the values and of the bias.
EXTRA = (("bias", 0.0), ("squares", 0.0), ("bias_squares", 0.0))


@dataclass(frozen=True)
class GloVeObjective:
    """Weighted least squares of log counts; the fields are settings of `GloVe`."""

    n_words: int
    vector_size: int
    x_max: float
    exponent: float

    kernel = "glove"

    def matrices(self, feed: Feed) -> tuple[MatrixSpec, ...]:
        """Return the rows of words and of contexts, each with a bias."""
        return self.shapes(self.n_words)

    def shapes(self, n_words: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for a vocabulary of n words."""
        size = self.vector_size
        return (
            MatrixSpec("word_rows", "input", n_words, size, extra=EXTRA),
            MatrixSpec("context_rows", "output", n_words, size, extra=EXTRA),
        )

    def attach(self, task: Task) -> None:
        """Give the task the weights of cells."""
        task.glove(x_max=self.x_max, exponent=self.exponent)


@dataclass(frozen=True)
class Counting:
    """How a corpus is counted; the fields are settings of `GloVe`."""

    window: int
    symmetric: bool
    distance_weighting: bool
    workers: int
    max_memory: int | None
    cache_dir: str | os.PathLike[str] | None

    def count(self, corpus: Corpus) -> Cooccurrence:
        """Count the co-occurrences of a corpus."""
        return Cooccurrence.from_corpus(corpus, **vars(self))


class CellFeed:
    """The cells of co-occurrence counts, counted and ordered when training begins.

    source: a corpus, or counts. spec: one of the matrices that are trained.
    """

    def __init__(self, source: Corpus | Cooccurrence, counting: Counting, spec: MatrixSpec) -> None:
        self._source: Corpus | Cooccurrence = source
        self._counting = counting
        self._width = value_width(spec)
        self._cells: OrderedCells | None = None
        if isinstance(source, Corpus):
            self.vocab, self.raw_tokens = source.vocab, source.raw_tokens
        else:
            self.vocab = Vocab(source.keys, np.maximum(source.counts, 1))
            self.raw_tokens = int(source.counts.sum())

    def __len__(self) -> int:
        return len(self._source) if isinstance(self._source, Corpus) else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._cells = None
        if isinstance(self._source, Corpus):
            self._source.close()

    def fingerprint(self) -> Fingerprint:
        """Return sizes and checksums of the corpus or of the counts."""
        source = self._source
        if isinstance(source, Corpus):
            return source.fingerprint()
        keys = b"\0".join(key_bytes(key) for key in source.keys)
        arrays = (source.offsets, source.columns, source.values, np.frombuffer(keys, np.uint8))
        return {"cells": len(source.columns), "checksum": "".join(checksum(array) for array in arrays)}

    @property
    def n_cells(self) -> int:
        """The number of cells; 0 if they are not counted yet."""
        if isinstance(self._source, Corpus):
            return 0 if self._cells is None else len(self._cells.columns)
        return len(self._source.columns)

    @property
    def raw_items(self) -> int:
        """Tokens that were read; the cells, if the counts are given."""
        return self.raw_tokens if isinstance(self._source, Corpus) else len(self._source.columns)

    @property
    def trained_items(self) -> int:
        """Tokens in the vocabulary; the cells, if the counts are given."""
        return len(self._source.ids) if isinstance(self._source, Corpus) else len(self._source.columns)

    @property
    def sizes(self) -> Any:
        """The cells of each unit, when the cells are ordered."""
        assert self._cells is not None
        return np.diff(self._cells.division.offsets)

    def divide(self, held_out: float, seed: int) -> Division:
        """Count and order the cells; see `conflicts.DividedFeed`."""
        counting = self._counting
        counts = counting.count(self._source) if isinstance(self._source, Corpus) else self._source
        rows = (counts.offsets, counts.columns, counts.values)
        if not len(counts.columns):
            raise ValueError("nothing to train on: no two words occur together; give longer sentences")
        self._cells = OrderedCells(rows, self._width, held_out, seed, counting.workers)
        return self._cells.division

    def attach(self, task: Task) -> None:
        """Give the task the cells."""
        cells = self._cells
        assert cells is not None
        task.items(cells.columns, cells.division.offsets, "output")
        task.cell_counts(cells.values, cells.unit_rows)
