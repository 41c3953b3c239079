"""Means of rows. In: a matrix and lists of row numbers. Out: the mean of the rows of each list."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec import _search
from wildvec.base.progress import progress_bar
from wildvec.base.ragged import Ragged
from wildvec.base.threads import in_order

Floats = NDArray[np.float32]


def mean_rows(matrix: NDArray[Any], batches: Iterable[Ragged], n: int) -> Floats:
    """Return the mean of the rows of each of n lists, float32 (n, columns); zeros for an empty list.

    Args:
        matrix: (rows, columns) floats. Rows of float32 are read in place.
        batches: Row numbers (int32): the n lists, divided into parts of any size.
        n: The number of lists in all batches.

    >>> mean_rows(np.eye(2, dtype=np.float32), [Ragged([0, 1], [0, 2, 2])], 2).tolist()
    [[0.5, 0.5], [0.0, 0.0]]
    """
    rows = np.asarray(matrix, np.float32)
    if rows.strides[1] != 4 or rows.strides[0] % 4:
        rows = np.ascontiguousarray(rows)
    means = np.empty((n, rows.shape[1]), np.float32)
    first = 0

    def parts() -> Iterable[tuple[Ragged, Floats]]:
        nonlocal first
        for batch in batches:
            yield batch, means[first : first + len(batch)]
            first += len(batch)

    def step(part: tuple[Ragged, Floats]) -> int:
        batch, out = part
        _search.mean_rows(rows, np.asarray(batch.values, np.int32), batch.offsets, out)
        return len(batch)

    with progress_bar(n, "averaging", " texts") as bar, closing(in_order([step], parts())) as done:
        for count in done:
            bar.update(count)
    if first != n:
        raise ValueError(f"there are {first} lists and not {n}; the data changed while it was read")
    return means
