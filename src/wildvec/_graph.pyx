"""Checked access to graphs in the C core (csrc/graph)."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from contextlib import contextmanager
from threading import Lock

import numpy as np

from wildvec.base.status import check


cdef extern from "wildvec.h" nogil:
    void wv_set_flag(int32_t *flag, int32_t value)
    int32_t wv_get_flag(const int32_t *flag)

    struct wv_graph:
        const int64_t *offsets
        const int32_t *neighbours
        const float *weights
        int64_t n_nodes

    struct wv_edges:
        const int32_t *rows
        const int32_t *columns
        const float *weights
        int64_t n_rows
        int64_t n_columns
        int32_t symmetric

    struct wv_rows_part:
        uint32_t part
        uint32_t mask

    int64_t wv_count_edges(const wv_edges *edges, int64_t first, int64_t last, wv_rows_part part, int64_t *counts)
    void wv_place_edges(const wv_edges *edges, int64_t first, int64_t last, wv_rows_part part, int64_t *next,
                        int32_t *columns, float *weights)
    int wv_sort_rows(int64_t first, int64_t last, int64_t begin, int64_t *ends, int32_t *columns, float *weights,
                     const int32_t *stop)
    int64_t wv_find_bad_row(const wv_graph *graph, int64_t first, int64_t last, int64_t n_columns)

    struct wv_numbering:
        pass

    int wv_numbering_new(wv_numbering **out)
    void wv_numbering_free(wv_numbering *numbering)
    int wv_number_keys(wv_numbering *numbering, const int64_t *keys, int64_t n, int32_t *numbers)
    int64_t wv_count_keys(const wv_numbering *numbering)
    void wv_copy_keys(const wv_numbering *numbering, int64_t *keys)

    struct wv_edge_sink:
        int64_t *sources
        int64_t *targets
        double *values
        int64_t max_edges
        int32_t n_values

    struct wv_edge_report:
        int64_t bytes
        int64_t lines
        int64_t edges

    struct wv_name_sink:
        uint8_t *names
        uint32_t *lengths
        double *values
        int64_t max_edges
        int32_t n_values

    int64_t wv_read_name_lines(const uint8_t *text, int64_t size, uint8_t separator, const wv_name_sink *sink,
                               wv_edge_report *report)
    void wv_read_edge_lines(const uint8_t *text, int64_t size, uint8_t separator, const wv_edge_sink *sink,
                            wv_edge_report *report)


cdef const int32_t *ints(const int32_t[::1] array):
    """Return the address of an array, NULL if it is empty."""
    if array.shape[0]:
        return &array[0]
    return NULL


cdef const float *floats(const float[::1] array):
    """Return the address of an array, NULL if it is None or empty."""
    if array is not None and array.shape[0]:
        return &array[0]
    return NULL


cdef extern from "wildvec.h" nogil:
    struct wv_alias:
        uint32_t threshold

    struct wv_walks:
        wv_graph graph
        const wv_alias *alias
        double p
        double q
        int32_t length
        int32_t is_symmetric

    uint64_t wv_mix(uint64_t x)
    uint64_t wv_subkey(uint64_t key, uint64_t number)
    uint64_t wv_walks_key(uint64_t epoch_key)
    int wv_draw_walks(const wv_walks *walks, uint64_t key, int64_t first, int64_t n, int32_t *nodes,
                      int64_t *lengths, const int32_t *stop)
    int wv_alias_rows(const wv_graph *graph, int64_t first, int64_t last, wv_alias *alias)


LEAST_BIAS, MOST_BIAS = 1e-9, 1e9  # of p and q
MAX_WALKS = 2**62


cdef class Walks:
    """Random walks on a graph in compressed rows. Several threads may draw at the same time.

    alias: uint32 (neighbours, 2), an alias table for the edges of each node, which `build_alias` fills; None
    without weights.
    """

    cdef wv_walks walks
    cdef int32_t stopped
    cdef list arrays  # keeps alive what the walks point to
    cdef readonly object alias

    def __cinit__(self, const int64_t[::1] offsets not None, const int32_t[::1] neighbours not None,
                  const float[::1] weights=None, *, int32_t length, double p, double q, bint symmetric):
        cdef int64_t n = offsets.shape[0] - 1, n_neighbours = neighbours.shape[0]
        cdef uint32_t[:, ::1] table
        ends = np.asarray(offsets)
        if length < 2 or n < 1 or not (LEAST_BIAS <= p <= MOST_BIAS and LEAST_BIAS <= q <= MOST_BIAS):
            raise ValueError(f"length={length}, p={p}, q={q}, {n} nodes: give 2 or more, p and q from {LEAST_BIAS} "
                             f"to {MOST_BIAS}, and a node")
        if ends[0] or ends[n] > n_neighbours or (np.diff(ends) < 0).any():
            raise ValueError(f"offsets must rise from 0 to at most {n_neighbours}")
        if n_neighbours and not 0 <= np.min(neighbours) <= np.max(neighbours) < n:
            raise ValueError(f"neighbours must be in 0 … {n - 1}")
        self.arrays = [offsets, neighbours, weights]
        self.walks.graph.offsets, self.walks.graph.n_nodes = &offsets[0], n
        self.walks.graph.neighbours = &neighbours[0] if n_neighbours else NULL
        if weights is not None and n_neighbours:
            if weights.shape[0] != n_neighbours:
                raise ValueError(f"{weights.shape[0]} weights for {n_neighbours} neighbours")
            if not 0 < np.min(weights) <= np.max(weights) < np.inf:
                raise ValueError("weights must be finite and above 0")
            self.alias = table = np.zeros((n_neighbours, 2), np.uint32)
            self.walks.graph.weights, self.walks.alias = &weights[0], <const wv_alias *>&table[0, 0]
        self.walks.length, self.walks.p, self.walks.q, self.walks.is_symmetric = length, p, q, symmetric

    def build_alias(self, int64_t first, int64_t last):
        """Build the alias tables of the nodes first … last. Call it for all nodes before `draw`."""
        cdef int status
        if not 0 <= first <= last <= self.walks.graph.n_nodes:
            raise ValueError(f"nodes {first} … {last} of {self.walks.graph.n_nodes}")
        if self.walks.alias != NULL:
            with nogil:
                status = wv_alias_rows(&self.walks.graph, first, last, <wv_alias *>self.walks.alias)
            check(status, "alias tables of the nodes")

    def draw(self, uint64_t seed, int64_t epoch, int64_t first, int32_t[:, ::1] nodes not None):
        """Draw as many walks of an epoch as `nodes` has rows, from number `first` on. Returns their lengths.

        nodes: (n, length) receives the nodes, -1 behind the end of a walk.
        RuntimeError: `stop` was called.
        """
        cdef int is_complete = 1
        cdef int64_t n = nodes.shape[0]
        cdef uint64_t key = wv_walks_key(wv_subkey(wv_mix(seed), <uint64_t>epoch))
        if not 0 <= first <= MAX_WALKS or nodes.shape[1] != self.walks.length:
            raise ValueError(f"walk {first}, {nodes.shape[1]} columns; walks have {self.walks.length}")
        lengths = np.empty(n, np.int64)
        cdef int64_t[::1] to_lengths = lengths
        if n:
            with nogil:
                is_complete = wv_draw_walks(&self.walks, key, first, n, &nodes[0, 0], &to_lengths[0], &self.stopped)
        if not is_complete:
            raise RuntimeError("the walks were stopped")
        return lengths

    def stop(self, bint stop=True) -> None:
        """Make `draw` return soon, with an error; False: allow it to run."""
        wv_set_flag(&self.stopped, stop)


MAX_ROWS = 2**31 - 1
MAX_PARTS = 1024


@contextmanager
def held(lock):
    """Hold a lock. RuntimeError: another thread holds it."""
    if not lock.acquire(False):
        raise RuntimeError("another thread does this already")
    try:
        yield
    finally:
        lock.release()


cdef class CsrBuilder:
    """A sparse matrix in the making, from n entries at (rows[i], columns[i]); see csrc/graph/graph.h.

    For each part: `count` until it returns 0. Then `allocate`, and for each part `place` until it returns 0. Then
    `plan`, and `sort` for each unit. Then `take`. The methods of different parts and units may run on different
    threads.
    rows, columns: int32 (n,), not changed meanwhile. weights: float32 (n,) or None. n_parts: a power of two.
    """

    cdef const int32_t[::1] rows, columns
    cdef const float[::1] weights
    cdef wv_edges edges
    cdef int64_t n_edges
    cdef readonly int n_parts
    cdef list locks
    cdef int64_t[::1] n_counted, n_placed, shifted, unit_rows, unit_begins
    cdef int32_t[::1] out_columns
    cdef float[::1] out_weights
    cdef float *out_weights_start
    cdef int32_t stopped
    cdef readonly object offsets
    cdef object out, state
    cdef set sorted_units

    def __cinit__(self, const int32_t[::1] rows not None, const int32_t[::1] columns not None,
                  const float[::1] weights, int64_t n_rows, int64_t n_columns, bint symmetric, int n_parts):
        cdef int64_t n = rows.shape[0]
        if columns.shape[0] != n or (weights is not None and weights.shape[0] != n):
            raise ValueError(f"{n} rows, {columns.shape[0]} columns: give as many, and as many weights")
        if not 0 <= n_rows <= MAX_ROWS or not 0 <= n_columns <= MAX_ROWS or (symmetric and n_rows != n_columns):
            raise ValueError(f"a matrix of {n_rows} x {n_columns}: at most {MAX_ROWS:,}; square if symmetric")
        if not 1 <= n_parts <= MAX_PARTS or n_parts & (n_parts - 1):
            raise ValueError(f"n_parts={n_parts}: give a power of two up to {MAX_PARTS}")
        self.rows, self.columns, self.weights, self.n_edges, self.n_parts = rows, columns, weights, n, n_parts
        self.edges = wv_edges(ints(rows), ints(columns), floats(weights), n_rows, n_columns, symmetric)
        self.locks = [Lock() for _ in range(n_parts)]
        self.n_counted, self.n_placed = np.zeros(n_parts, np.int64), np.zeros(n_parts, np.int64)
        self.state = "counting"
        # Counts are at [2:]. Their running sums at [1:] are first the beginnings, then the ends of the rows.
        array = np.zeros(n_rows + 2, np.int64)
        self.offsets, self.shifted = array[:n_rows + 1], array

    def count(self, int part, int64_t n) -> int:
        """Count the next n entries of a part, and return how many are left. ValueError: an id is too large."""
        cdef int64_t first, last, bad
        self._check(part, n, "counting")
        with held(self.locks[part]):
            first = self.n_counted[part]
            last = first + min(n, self.n_edges - first)
            with nogil:
                bad = wv_count_edges(&self.edges, first, last, wv_rows_part(part, self.n_parts - 1),
                                     &self.shifted[1] + 1)
            if bad >= 0:
                raise ValueError(f"entry {bad} is at row {self.rows[bad]}, column {self.columns[bad]}; the matrix "
                                 f"has {self.edges.n_rows} rows and {self.edges.n_columns} columns")
            self.n_counted[part] = last
            return self.n_edges - last

    def allocate(self) -> None:
        """Allocate the entries."""
        if self.state != "counting" or np.any(np.asarray(self.n_counted) < self.n_edges):
            raise RuntimeError("the entries are not all counted")
        whole = np.asarray(self.shifted)
        np.cumsum(whole, out=whole)
        n = int(whole[-1])
        self.out = np.empty(n, np.int32), None if self.weights is None else np.empty(n, np.float32)
        self.out_columns, self.out_weights = self.out
        self.out_weights_start = <float *> floats(self.out_weights)
        self.state = "placing"

    def place(self, int part, int64_t n) -> int:
        """Write the next n entries of a part to their rows. Return how many are left."""
        cdef int64_t first, last
        self._check(part, n, "placing")
        with held(self.locks[part]):
            first = self.n_placed[part]
            last = first + min(n, self.n_edges - first)
            if last > first:
                with nogil:
                    wv_place_edges(&self.edges, first, last, wv_rows_part(part, self.n_parts - 1), &self.shifted[1],
                                   &self.out_columns[0], self.out_weights_start)
            self.n_placed[part] = last
            return self.n_edges - last

    def plan(self, int64_t n) -> list:
        """Split the rows into units of about n entries. Return the first row of each, and the end of the last."""
        if self.state != "placing" or np.any(np.asarray(self.n_placed) < self.n_edges) or n < 1:
            raise RuntimeError("the entries are not all placed")
        starts = np.arange(0, self.offsets[-1] + 1, n)
        rows = np.unique(np.append(np.searchsorted(self.offsets, starts), [0, self.edges.n_rows]))
        self.unit_rows, self.unit_begins = rows, self.offsets[rows]
        self.locks = [Lock() for _ in range(len(rows) - 1)]
        self.sorted_units = set()
        self.state = "sorting"
        return rows.tolist()

    def sort(self, int unit) -> int:
        """Sort the rows of a unit and merge equal entries. Return how many are left. Each unit is sorted once."""
        cdef int64_t first, last, begin
        cdef int status
        if self.state != "sorting" or not 0 <= unit < len(self.locks) or not self.locks[unit].acquire(False):
            raise RuntimeError(f"unit {unit} does not exist or was sorted")
        first, last, begin = self.unit_rows[unit], self.unit_rows[unit + 1], self.unit_begins[unit]
        if begin < self.unit_begins[unit + 1]:
            with nogil:
                status = wv_sort_rows(first, last, begin, &self.shifted[1], &self.out_columns[0],
                                      self.out_weights_start, &self.stopped)
            check(status, f"sorting rows {first} to {last}")
        if not wv_get_flag(&self.stopped):
            self.sorted_units.add(unit)
        return self.shifted[last] - begin

    def take(self) -> tuple:
        """Return columns and weights when all units are sorted; a unit that lost entries has a gap at its end."""
        if self.state != "sorting" or len(self.sorted_units) < len(self.locks):
            raise RuntimeError("the rows are not all sorted")
        out, self.out, self.out_columns, self.out_weights, self.state = self.out, None, None, None, "taken"
        return out

    def stop(self, bint stop=True) -> None:
        """Make `sort` return soon, with rows in no order; False: allow it to run."""
        wv_set_flag(&self.stopped, stop)

    def _check(self, part, n, state) -> None:
        if self.state != state or not 0 <= part < self.n_parts or n < 0:
            raise RuntimeError(f"part {part} of {self.n_parts} for {n} entries: the builder is {self.state}")


def find_bad_row(const int64_t[::1] offsets not None, const int32_t[::1] columns not None, int64_t n_columns,
                 int64_t first, int64_t last) -> int:
    """Return the first of the rows first … last whose columns do not rise within 0 … n_columns - 1, or -1."""
    cdef int64_t n = offsets.shape[0] - 1, bad
    if n < 0 or not 0 <= first <= last <= n or offsets[0] != 0 or offsets[n] != columns.shape[0]:
        raise ValueError(f"{n + 1} offsets, rows {first} to {last}: offsets must rise from 0 to {columns.shape[0]}")
    cdef wv_graph graph = wv_graph(&offsets[0], ints(columns), NULL, n)
    with nogil:
        bad = wv_find_bad_row(&graph, first, last, n_columns)
    return bad


SEPARATORS = (" ", ",", ";", "\t")


cdef uint8_t check_lines(const uint8_t[::1] text, int64_t start, separator, const double[:, ::1] values,
                         int64_t n) except 0:
    """Return the separator as a byte. ValueError: the arguments of a reader of lines do not fit."""
    if separator not in SEPARATORS or not 0 <= start < text.shape[0] or n < 1:
        raise ValueError(f"separator={separator!r}, {start} of {text.shape[0]} bytes: give one of {SEPARATORS}")
    if values is not None and (values.shape[0] < n or not values.shape[1]):
        raise ValueError(f"values of the shape ({values.shape[0]}, {values.shape[1]}) for {n} edges")
    return ord(separator)


def read_edge_lines(const uint8_t[::1] text not None, int64_t start, separator, int64_t[::1] sources not None,
                    int64_t[::1] targets not None, double[:, ::1] values) -> tuple:
    """Read lines of integers from text[start:] into arrays. Return the bytes, lines and edges that were read.

    values: (edges, numbers behind the target of each line), or None. It stops before a line that is not "source
    target" and these numbers; see csrc/graph/edge_list.h.
    """
    cdef int64_t n = min(sources.shape[0], targets.shape[0])
    cdef uint8_t byte = check_lines(text, start, separator, values, n)
    cdef wv_edge_report report = wv_edge_report(0, 0, 0)
    cdef wv_edge_sink sink = wv_edge_sink(&sources[0], &targets[0], NULL, n, 0)
    if values is not None:
        sink.values, sink.n_values = &values[0, 0], <int32_t>values.shape[1]
    with nogil:
        wv_read_edge_lines(&text[start], text.shape[0] - start, byte, &sink, &report)
    return report.bytes, report.lines, report.edges


def read_name_lines(const uint8_t[::1] text not None, int64_t start, separator, uint8_t[::1] names not None,
                    uint32_t[::1] lengths not None, double[:, ::1] values) -> tuple:
    """Read lines of names from text[start:]. Return the bytes, lines and edges read, and the bytes of the names.

    names: as long as text[start:] at least; each name of both ends and a byte 0. lengths: the bytes of each name.
    values: as in `read_edge_lines`.
    """
    cdef int64_t n = lengths.shape[0] // 2, n_bytes
    cdef uint8_t byte = check_lines(text, start, separator, values, n)
    if names.shape[0] < text.shape[0] - start:
        raise ValueError(f"{names.shape[0]} bytes for names, {text.shape[0] - start} of text")
    cdef wv_edge_report report = wv_edge_report(0, 0, 0)
    cdef wv_name_sink sink = wv_name_sink(&names[0], &lengths[0], NULL, n, 0)
    if values is not None:
        sink.values, sink.n_values = &values[0, 0], <int32_t>values.shape[1]
    with nogil:
        n_bytes = wv_read_name_lines(&text[start], text.shape[0] - start, byte, &sink, &report)
    return report.bytes, report.lines, report.edges, n_bytes


cdef class Numbering:
    """Numbers of integers, in the order of first use."""

    cdef wv_numbering *handle
    cdef object lock

    def __cinit__(self):
        self.lock = Lock()
        check(wv_numbering_new(&self.handle), "numbering nodes")

    def __dealloc__(self):
        wv_numbering_free(self.handle)

    def number(self, const int64_t[::1] keys not None, int32_t[::1] numbers not None) -> None:
        """Write the numbers of keys, and add those that are new. numbers: as long as keys."""
        cdef int64_t n = keys.shape[0]
        cdef int status
        if numbers.shape[0] != n:
            raise ValueError(f"{numbers.shape[0]} numbers for {n} keys")
        if n == 0:
            return
        with held(self.lock):
            with nogil:
                status = wv_number_keys(self.handle, &keys[0], n, &numbers[0])
        check(status, "numbering nodes")

    def keys(self) -> object:
        """Return the keys in the order of their numbers, int64."""
        with held(self.lock):
            n = wv_count_keys(self.handle)
            keys = np.empty(n, np.int64)
            if n:
                self._copy(keys)
        return keys

    def _copy(self, int64_t[::1] keys not None) -> None:
        if keys.shape[0] != wv_count_keys(self.handle):
            raise ValueError("one key for each number")
        wv_copy_keys(self.handle, &keys[0])


cdef extern from "wildvec.h" nogil:
    enum: WV_PAD_ROWS
    ctypedef int wv_isa "enum wv_isa"
    int wv_choose_isa(const char *name, wv_isa *isa)

    struct wv_propagation:
        wv_graph graph
        const float *scale
        const float *from_ "from"
        float *to
        int64_t width
        float shift

    void wv_propagate(const wv_propagation *step, int64_t first, int64_t last, wv_isa isa, const int32_t *stop)
    void wv_gram(const float *rows, const float *weights, int64_t n, int64_t width, wv_isa isa, double *gram)
    void wv_multiply_rows(const float *rows, int64_t n, int64_t width, const float *factors, wv_isa isa, float *to)
    void wv_scale_rows(float *rows, int64_t n, int64_t width, float length, wv_isa isa)


PAD_ROWS = WV_PAD_ROWS


cdef class Propagator:
    """Two matrices (nodes, width) of a graph, and what is computed with them; see csrc/graph/propagate.h.

    `source` is the matrix 0 or 1 that is read; the other one is written. All methods take rows first … last, may
    run on different threads for different rows, and must not run while `swap` does. width: a multiple of PAD_ROWS.
    scale, degrees: float32 (nodes,), of the propagation and of the Gram matrix.
    """

    cdef wv_propagation step
    cdef const float *degrees
    cdef wv_isa isa
    cdef int32_t stopped
    cdef list arrays

    def __cinit__(self, const int64_t[::1] offsets not None, const int32_t[::1] neighbours not None,
                  const float[::1] weights, const float[::1] scale not None, const float[::1] degrees not None,
                  float[:, ::1] source not None, float[:, ::1] target not None, str isa):
        cdef int64_t n = offsets.shape[0] - 1, width = source.shape[1]
        check(wv_choose_isa(isa.encode(), &self.isa), f"WILDVEC_ISA={isa}")
        if n < 1 or find_bad_row(offsets, neighbours, n, 0, n) >= 0:
            raise ValueError(f"the neighbours of {n} nodes must exist, and rise for each node; give a node or more")
        lengths = {n, scale.shape[0], degrees.shape[0], source.shape[0], target.shape[0]}
        if len(lengths) > 1 or (weights is not None and weights.shape[0] != neighbours.shape[0]):
            raise ValueError(f"arrays of {sorted(lengths)} elements for {n} nodes, or too few weights")
        if not width or width % WV_PAD_ROWS or target.shape[1] != width or &source[0, 0] == &target[0, 0]:
            raise ValueError(f"matrices of {width} and {target.shape[1]} columns: give two of the same width, a "
                             f"multiple of {WV_PAD_ROWS}")
        self.arrays = [offsets, neighbours, weights, scale, degrees, source, target]
        self.step.graph = wv_graph(&offsets[0], ints(neighbours), floats(weights), n)
        self.step.scale, self.step.from_, self.step.to = &scale[0], &source[0, 0], &target[0, 0]
        self.step.width = width
        self.degrees = &degrees[0]

    cdef int64_t _check_rows(self, int64_t first, int64_t last) except -1:
        if not 0 <= first <= last <= self.step.graph.n_nodes:
            raise ValueError(f"rows {first} to {last} of {self.step.graph.n_nodes}")
        return last - first

    def swap(self) -> None:
        """Exchange the matrix that is read and the one that is written."""
        cdef float *source = <float *>self.step.from_
        self.step.from_, self.step.to = self.step.to, source

    def propagate(self, int64_t first, int64_t last, float shift) -> None:
        """Write scale · Σ weight · row over the neighbours, + shift · own row.

        After `stop` some rows are not complete.
        """
        self._check_rows(first, last)
        cdef wv_propagation step = self.step
        step.shift = shift
        with nogil:
            wv_propagate(&step, first, last, self.isa, &self.stopped)

    def gram(self, int64_t first, int64_t last):
        """Return Σ degree · row · rowᵀ of the rows that are read.

        It is float64 (width, width), set on and above the diagonal.
        """
        cdef int64_t n = self._check_rows(first, last), width = self.step.width
        out = np.empty((width, width))
        cdef double[:, ::1] sums = out
        with nogil:
            wv_gram(self.step.from_ + first * width, self.degrees + first, n, width, self.isa, &sums[0, 0])
        return out

    def multiply(self, int64_t first, int64_t last, const float[:, ::1] factors not None) -> None:
        """Write rows × factors (width, width)."""
        cdef int64_t n = self._check_rows(first, last), width = self.step.width
        if factors.shape[0] != width or factors.shape[1] != width:
            raise ValueError(f"{factors.shape[0]} x {factors.shape[1]} factors for rows of {width}")
        with nogil:
            wv_multiply_rows(self.step.from_ + first * width, n, width, &factors[0, 0], self.isa,
                             self.step.to + first * width)

    def scale_rows(self, int64_t first, int64_t last, float length) -> None:
        """Scale the rows that are read to a length; rows of zeros stay."""
        cdef int64_t n = self._check_rows(first, last), width = self.step.width
        with nogil:
            wv_scale_rows(<float *>self.step.from_ + first * width, n, width, length, self.isa)

    def stop(self, bint stop=True) -> None:
        """Make `propagate` return soon, with rows that are not complete; False: allow it to run."""
        wv_set_flag(&self.stopped, stop)
