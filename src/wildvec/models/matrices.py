"""The matrices that a Word2Vec trains: made, walked through, checked.

In: how many words, and how long their vectors are. Out: padded rows (see rows). What is done with them is not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildvec.base.status import NOT_FINITE, check
from wildvec.training import matrices
from wildvec.training.matrices import FloatRows


@dataclass(frozen=True)
class Matrices:
    """Those there are of three, each of padded rows.

    input_rows: the words' vectors. output_rows: what negative sampling scores them against, also one for each word.
    node_rows: the inner nodes of the Huffman tree, one fewer than words.
    """

    input_rows: FloatRows
    output_rows: FloatRows | None
    node_rows: FloatRows | None

    @classmethod
    def random(cls, n: int, size: int, seed: int, negative: int, hs: int) -> Matrices:
        """Random vectors of n words, and zeros to score them against; negative, hs: not 0 where they are in use.

        >>> [matrix.shape for matrix in Matrices.random(3, 100, seed=1, negative=0, hs=1)]
        [(3, 112), (2, 112)]
        """
        return cls(
            matrices.random(n, size, seed),
            matrices.allocate(n, size) if negative else None,
            matrices.allocate(n - 1, size) if hs and n else None,
        )

    @classmethod
    def copies(
        cls,
        input_rows: NDArray[np.floating],
        output_rows: NDArray[np.floating] | None,
        node_rows: NDArray[np.floating] | None,
    ) -> Matrices:
        """The same values in padded rows; those given have none."""
        others = (None if matrix is None else matrices.padded(matrix) for matrix in (output_rows, node_rows))
        return cls(matrices.padded(input_rows), *others)

    def __iter__(self) -> Iterator[FloatRows]:
        for matrix in (self.input_rows, self.output_rows, self.node_rows):
            if matrix is not None:
                yield matrix

    def scored(self, size: int) -> dict[str, FloatRows | None]:
        """What the vectors are scored against, by its name in a file, without padding."""
        named = {"output_rows": self.output_rows, "node_rows": self.node_rows}
        return {name: None if matrix is None else matrix[:, :size] for name, matrix in named.items()}

    def check_finite(self, settings: str) -> None:
        """FloatingPointError if a number is not finite; `settings` that may have led there are told."""
        if not all(np.isfinite(matrix.sum()) for matrix in self):
            check(NOT_FINITE, settings)
