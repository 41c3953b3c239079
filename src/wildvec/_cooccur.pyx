"""Checked access to the counting of co-occurrences in the C core (csrc/cooccur)."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from contextlib import contextmanager
from threading import Lock

import numpy as np

from wildvec.base.status import check


cdef extern from "wildvec.h" nogil:
    struct wv_text:
        const int32_t *ids
        const uint64_t *starts
        int64_t n_tokens
        int32_t n_words

    struct wv_window:
        int32_t size
        int32_t symmetric
        int32_t harmonic

    struct wv_positions:
        const uint32_t *positions
        const int64_t *begins
        int32_t first_word

    struct wv_rows:
        int32_t row
        int32_t last_row
        int64_t n_done
        int64_t n_cells
        int32_t *columns
        float *values
        int64_t *row_ends

    struct wv_counter:
        pass

    void wv_mark_starts(const int64_t *offsets, int64_t n, uint64_t *starts)
    int64_t wv_count_ids(const int32_t *ids, int64_t first, int64_t last, int32_t n_words, int64_t *counts)
    void wv_index_positions(const int32_t *ids, int64_t first, int64_t last, int32_t first_word,
                            int32_t last_word, int64_t *next, uint32_t *positions)
    int wv_counter_new(int32_t n_words, wv_window window, wv_counter **out)
    void wv_counter_free(wv_counter *counter)
    int wv_count_rows(wv_counter *counter, const wv_text *text, const wv_positions *index, int64_t n, wv_rows *rows)


MAX_TOKENS = 2**32 - 1  # positions are stored in 32 bits
MAX_WINDOW = 1_000_000


@contextmanager
def held(lock):
    """Hold a lock. RuntimeError: another thread holds it."""
    if not lock.acquire(False):
        raise RuntimeError("another thread uses this object; wait for it, or give each thread its own")
    try:
        yield
    finally:
        lock.release()


cdef class Text:
    """A corpus: ids (n,) of n_words words, and offsets of sentences (n_sentences + 1,). The ids must not change.

    counts: int64 (n_words,), complete when `count` was called for all tokens.
    """

    cdef const int32_t[::1] ids
    cdef uint64_t[::1] starts
    cdef int64_t[::1] counts_view
    cdef wv_text text
    cdef object lock
    cdef readonly object counts
    cdef readonly int64_t n_counted

    def __cinit__(self, const int32_t[::1] ids not None, const int64_t[::1] offsets not None, int32_t n_words):
        cdef int64_t n = ids.shape[0], n_offsets = offsets.shape[0]
        if n < 1 or n > MAX_TOKENS or n_words < 1:
            raise OverflowError(f"{n} tokens of {n_words} words; give 1 to {MAX_TOKENS:,} tokens")
        if n_offsets < 2 or offsets[0] != 0 or offsets[n_offsets - 1] != n or np.any(np.diff(offsets) < 0):
            raise ValueError(f"the offsets of sentences must rise from 0 to {n}")
        self.ids, self.lock = ids, Lock()
        self.starts = np.zeros(n // 64 + 1, np.uint64)
        self.counts = np.zeros(n_words, np.int64)
        self.counts_view = self.counts
        with nogil:
            wv_mark_starts(&offsets[0], n_offsets, &self.starts[0])
        self.text = wv_text(&ids[0], &self.starts[0], n, n_words)

    def count(self, int64_t n) -> None:
        """Count the next n tokens. ValueError: an id is outside 0 … n_words - 1."""
        cdef int64_t first, last, bad
        with held(self.lock):
            first = self.n_counted
            last = first + min(max(n, 0), self.text.n_tokens - first)
            with nogil:
                bad = wv_count_ids(self.text.ids, first, last, self.text.n_words, &self.counts_view[0])
            if bad >= 0:
                raise ValueError(f"id {self.ids[bad]} at position {bad} is outside 0..{self.text.n_words - 1}")
            self.n_counted = last


cdef class Positions:
    """The positions of the words first … last of a text, complete when `collect` was called for all tokens."""

    cdef readonly Text text
    cdef readonly int32_t first, last
    cdef readonly int64_t n_collected
    cdef object lock
    cdef int64_t[::1] begins, next
    cdef uint32_t[::1] positions
    cdef wv_positions index

    def __cinit__(self, Text text not None, int32_t first, int32_t last):
        if text.n_counted < text.text.n_tokens or not 0 <= first < last <= text.text.n_words:
            raise ValueError(f"words {first} to {last} of {text.text.n_words}; the text must be counted first")
        self.text, self.lock = text, Lock()
        self.first = first
        self.last = last
        self.begins = np.concatenate([[0], np.cumsum(text.counts[first:last])])
        self.next = np.array(self.begins)
        self.positions = np.empty(self.begins[last - first] + 1, np.uint32)
        self.index = wv_positions(&self.positions[0], &self.begins[0], first)

    def collect(self, int64_t n) -> None:
        """Collect the positions among the next n tokens."""
        cdef int64_t begin, end
        with held(self.lock):
            begin = self.n_collected
            end = begin + min(max(n, 0), self.text.text.n_tokens - begin)
            with nogil:
                wv_index_positions(self.text.text.ids, begin, end, self.first, self.last, &self.next[0],
                                   &self.positions[0])
            self.n_collected = end


cdef class Counter:
    """The counts of one thread: rows of the matrix, one unit of rows after the other."""

    cdef wv_counter *handle
    cdef object lock
    cdef readonly Text text
    cdef int64_t reach
    cdef Positions positions
    cdef wv_rows rows
    cdef int32_t[::1] columns
    cdef float[::1] values
    cdef int64_t[::1] row_ends
    cdef bint running

    def __cinit__(self, Text text not None, int32_t window, bint symmetric, bint harmonic):
        if not 1 <= window <= MAX_WINDOW:
            raise ValueError(f"window={window}: give 1 to {MAX_WINDOW:,}")
        self.text, self.lock = text, Lock()
        self.reach = window * (2 if symmetric else 1)
        check(wv_counter_new(text.text.n_words, wv_window(window, symmetric, harmonic), &self.handle), "counting")

    def __dealloc__(self):
        wv_counter_free(self.handle)

    def start(self, Positions positions not None, int32_t first, int32_t last, int32_t[::1] columns not None,
              float[::1] values not None, int64_t[::1] row_ends not None) -> None:
        """Begin with the rows first … last. The arrays must have space for `most_cells` cells and all row ends."""
        if self.running:
            raise RuntimeError("the rows that were started are not finished")
        if positions.text is not self.text or positions.n_collected < self.text.text.n_tokens:
            raise ValueError("the positions are those of another text, or not complete")
        if not positions.first <= first < last <= positions.last or row_ends.shape[0] < last - first:
            raise ValueError(f"rows {first} to {last} are not in {positions.first} to {positions.last}")
        if min(columns.shape[0], values.shape[0]) < max(1, self.most_cells(first, last)):
            raise ValueError("columns and values are too short")
        self.positions, self.columns, self.values, self.row_ends = positions, columns, values, row_ends
        self.rows = wv_rows(first, last, 0, 0, &columns[0], &values[0], &row_ends[0])
        self.running = True

    def most_cells(self, int32_t first, int32_t last) -> int:
        """Return an upper bound of the cells of the rows first … last."""
        return int(np.minimum(self.text.counts[first:last] * self.reach, self.text.text.n_words).sum())

    def run(self, int64_t n) -> bool:
        """Count at most n positions. Return whether all rows are finished."""
        cdef int finished
        with held(self.lock):
            if not self.running:
                raise RuntimeError("no rows were started")
            if n < 0:
                raise ValueError(f"n={n}: give 0 or more positions")
            with nogil:
                finished = wv_count_rows(self.handle, &self.text.text, &self.positions.index, n, &self.rows)
            self.running = not finished
            return finished != 0

    @property
    def n_cells(self) -> int:
        """The number of cells written since `start`."""
        return self.rows.n_cells
