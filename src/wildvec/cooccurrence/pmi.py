"""Pointwise mutual information. In: a sparse matrix of counts. Out: the PMI of its cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import number
from wildvec.cooccurrence.rows import Rows, split_rows

EXPONENT = number(0, 10)
SHIFT = number(-100, 100)
BLOCK_CELLS = 1 << 20  # cells in temporary arrays of float64

Doubles = NDArray[np.float64]


def pmi_values(rows: Rows, context_exponent: float, symmetric: bool) -> NDArray[np.float32]:
    """Return log(x_ij C / (r_i c_j^e)) of each cell.

    r and c are the sums of rows and columns, e the exponent, C = Σ_j c_j^e. With e = 1, C is the sum of all cells,
    and this is log(p_ij / (p_i p_j)).
    """
    row_sums = sum_rows(rows)
    column_sums = row_sums if symmetric else sum_columns(rows)
    with np.errstate(divide="ignore"):  # rows and columns without cells
        contexts = np.where(column_sums > 0, column_sums, 1) ** context_exponent * (column_sums > 0)
        log_contexts, log_rows = np.log(contexts), np.log(row_sums) - np.log(contexts.sum())
    values = np.empty(len(rows.values), np.float32)
    sizes = np.diff(rows.offsets)
    for first, last in split_rows(sizes, BLOCK_CELLS):
        cells = slice(rows.offsets[first], rows.offsets[last])
        logs = np.log(rows.values[cells], dtype=np.float64)
        logs -= np.repeat(log_rows[first:last], sizes[first:last])
        logs -= log_contexts[rows.columns[cells]]
        values[cells] = logs
    return values


def ppmi_rows(rows: Rows, shift: float, context_exponent: float, symmetric: bool) -> Rows:
    """Return the cells whose PMI is above `shift`, with PMI - shift."""
    values = pmi_values(rows, context_exponent, symmetric)
    values -= np.float32(shift)
    kept = values > 0
    before = np.zeros(len(kept) + 1, np.int64)
    np.cumsum(kept, out=before[1:])
    return Rows(before[rows.offsets], rows.columns[kept], values[kept])


def sum_rows(rows: Rows) -> Doubles:
    """Return the sum of each row."""
    sums = np.zeros(len(rows.offsets) - 1)
    has_cells = np.diff(rows.offsets) > 0
    if len(rows.values):
        sums[has_cells] = np.add.reduceat(rows.values, rows.offsets[:-1][has_cells], dtype=np.float64)
    return sums


def sum_columns(rows: Rows) -> Doubles:
    """Return the sum of each column."""
    n = len(rows.offsets) - 1
    sums = np.zeros(n)
    for begin in range(0, len(rows.values), BLOCK_CELLS):
        cells = slice(begin, begin + BLOCK_CELLS)
        sums += np.bincount(rows.columns[cells], rows.values[cells], n)
    return sums
