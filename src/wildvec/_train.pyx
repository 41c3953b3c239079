"""Training kernels: checks of the arguments, then one C call without the GIL. The C core is in csrc/train."""

import os
from threading import Lock

import numpy as np

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

from wildvec.base.status import check


cdef extern from "wildvec.h":
    ctypedef int wv_status "enum wv_status"
    ctypedef int wv_isa "enum wv_isa"
    ctypedef int wv_objective "enum wv_objective"
    enum: WV_PAD
    enum: WV_TILE
    enum: WV_PATH_PADDING
    enum: WV_CELLS_OF_BLOCK
    enum: WV_N_ISAS
    enum: WV_MAX_MATRICES
    enum: WV_INPUT
    enum: WV_OUTPUT
    enum: WV_NODES
    enum: WV_DOCUMENTS
    enum: WV_read_tokens
    enum: WV_read_walks
    enum: WV_read_edges
    enum: WV_read_documents
    enum: WV_read_dbow
    enum: WV_read_dm_concat
    enum: WV_read_cells
    enum: WV_read_bags
    enum: WV_read_glove
    enum: WV_read_supervised
    enum: WV_N_BAG_LOSSES
    ctypedef int wv_bag_loss "enum wv_bag_loss"
    enum: WV_read_fm
    enum: WV_read_bpr
    enum: WV_read_warp
    enum: WV_read_ccl
    enum: WV_read_bsl
    enum: WV_read_bpr_shared
    enum: WV_make_skipgram
    enum: WV_make_cbow
    enum: WV_make_dbow_words
    enum: WV_make_dm
    enum: WV_make_bags
    struct wv_alias:
        uint32_t threshold
    struct wv_matrix:
        float *rows
        const float *row_rate
        const int32_t *slot_of
        const int32_t *private_ids
        const float *uses
        int64_t n, round_rows
        int32_t size, width, stride, n_private
        float curvature, l2
    struct wv_ragged:
        const int32_t *ids
        const int64_t *offsets
    struct wv_fm:
        const int32_t *labels
        const float *targets
        const float *pair_weights
        const int32_t *row_sizes
        const float *row_decay
        const int32_t *masked_rows
        uint32_t mask
    struct wv_graph:
        const int64_t *offsets
        const int32_t *neighbours
        const float *weights
        int64_t n_nodes
    struct wv_walks:
        wv_graph graph
        const wv_alias *alias
        double p, q
        int32_t length, is_symmetric
        int64_t n_walks, per_unit
    struct wv_pairs:
        const int32_t *users
        const int32_t *items
        wv_ragged own
        int64_t n, n_trained
    struct wv_triplets:
        const wv_alias *sampling
        int32_t candidates, has_bias
        float margin
    struct wv_contrast:
        const wv_alias *sampling
        int32_t block, n_negatives
        float margin, weight, temperature
    struct wv_task:
        wv_matrix *matrices
        wv_walks walks
        wv_pairs pairs
        wv_triplets triplets
        wv_contrast contrast
        wv_ragged items, labels, parts, tags, paths
        const float *values
        const float *weights
        const int32_t *unit_rows
        float x_max, exponent
        wv_fm fm
        const uint32_t *keep
        const wv_alias *sources
        const wv_alias *noise
        const uint8_t *path_codes
        int64_t max_chunk, round_tokens
        uint64_t seed
        int32_t n_matrices, max_targets, max_context, max_parts, window, negative, n_noise, max_path
        int32_t max_tags, order, concat_tags, null_word, train_words, infers
        int32_t n_hottest, merge_every, n_workers
        int32_t shrink_windows, shuffle_items, average_hidden, average_grad, freeze_targets, one_pair_at_a_time
        wv_bag_loss bag_loss
        wv_objective objective
        wv_isa isa
    struct wv_worker
    int wv_cpu_has(wv_isa isa)
    const char *wv_isa_name(wv_isa isa)
    wv_status wv_choose_isa(const char *name, wv_isa *isa)
    wv_status wv_find_objective(const char *name, wv_objective *objective)
    int wv_read_of(wv_objective objective)
    int wv_make_of(wv_objective objective)
    wv_status wv_alias_build(const double *weights, int32_t n, wv_alias *table) nogil
    size_t wv_worker_bytes(const wv_task *task)
    int32_t wv_shared_noise(int32_t negative)
    int64_t wv_noise_draws(int32_t n_noise, int64_t n_windows)
    wv_status wv_worker_new(const wv_task *task, wv_worker **worker) nogil
    void wv_worker_free(wv_worker *worker)
    wv_status wv_train(wv_worker *worker, int64_t epoch, int64_t first_chunk, int64_t n_chunks,
                       const int64_t *chunks, const float *rates, double *losses, int64_t *examples) nogil
    void wv_merge(wv_worker *worker) nogil
    void wv_merge_round(wv_worker *const *workers, int n_workers, int part, int n_parts, float rate) nogil
    int64_t wv_export_deltas(const wv_worker *worker, int matrix, int32_t *ids, float *deltas) nogil
    void wv_apply_deltas(const wv_matrix *matrix, const int32_t *ids, const float *deltas, int64_t n,
                         float factor) nogil
    struct wv_bag_model:
        const float *input
        const float *output
        wv_ragged paths
        const uint8_t *path_codes
        int64_t n_labels, stride
        int32_t size
        wv_bag_loss loss
    struct wv_bags:
        const int32_t *ids
        const int64_t *offsets
        const int64_t *sizes
    wv_status wv_predict_bags(const wv_bag_model *model, const wv_bags *bags, int64_t n, wv_isa isa,
                              float *means, float *probabilities) nogil
    void wv_stop(wv_task *task, int32_t stop)
    void wv_init_rows(float *rows, int64_t first, int64_t last, int32_t size, int32_t width, int32_t stride,
                      uint64_t seed) nogil
    wv_status wv_huffman(const int64_t *counts, const int32_t *order, int32_t n, int64_t *offsets,
                         int32_t *nodes, uint8_t *codes) nogil
    struct wv_cell_matrix:
        const int64_t *offsets
        const int32_t *columns
        const float *values
        const int64_t *strip_ends
        int32_t n_strips
        uint32_t held_out
        uint64_t key
    struct wv_ordered_cells:
        int32_t *columns
        float *values
        int64_t *unit_offsets
        int32_t *unit_rows
    void wv_count_columns(const int32_t *columns, int64_t n, int64_t *counts) nogil
    void wv_count_parts(const wv_cell_matrix *matrix, const int32_t *rows, int64_t n, int64_t *n_cells,
                        int64_t *n_units) nogil
    void wv_order_cells(const wv_cell_matrix *matrix, const int32_t *rows, int64_t n, int64_t *next_cell,
                        int64_t *next_unit, const wv_ordered_cells *to) nogil


PAD = WV_PAD
TILE = WV_TILE
PATH_PADDING = WV_PATH_PADDING
MAX_TARGETS = 10_000_000  # target rows of a block, whose sizes are 32-bit
MAX_SCORES = 1 << 26  # of a block of pairs with shared negatives
MAX_PRODUCTS = 1 << 30  # multiplications of its scores: a stop takes effect between blocks
MAX_ITEMS = 1 << 62  # of an epoch of walks or edges
LEAST_BIAS, MOST_BIAS = 1e-9, 1e9  # of p and q
BAG_LOSSES = ("softmax", "ova", "hs", "ns")  # as in enum wv_bag_loss
ROLES = {"input": WV_INPUT, "output": WV_OUTPUT, "nodes": WV_NODES, "documents": WV_DOCUMENTS}  # of matrices

DOCUMENT_READERS = (WV_read_documents, WV_read_dbow, WV_read_dm_concat)  # tokens with tags
TEXT_READERS = (WV_read_tokens, WV_read_walks, *DOCUMENT_READERS)  # tokens, of which each may be a centre
CONTRAST_READERS = (WV_read_ccl, WV_read_bsl, WV_read_bpr_shared)  # pairs that share negatives
TRIPLET_READERS = (WV_read_bpr, WV_read_warp)  # pairs that have negatives of their own
PAIR_READERS = CONTRAST_READERS + TRIPLET_READERS  # pairs of users and items
OTHER_READERS = (WV_read_walks, WV_read_edges, *PAIR_READERS)  # of what is given in place of items


cdef wv_isa chosen_isa() except *:
    cdef wv_isa isa
    name = os.environ.get("WILDVEC_ISA", "").encode()
    check(wv_choose_isa(name, &isa), f"WILDVEC_ISA={name.decode()}")
    return isa


def isa_in_use():
    return wv_isa_name(chosen_isa()).decode()


def isas():
    return [wv_isa_name(<wv_isa>isa).decode() for isa in range(WV_N_ISAS) if wv_cpu_has(<wv_isa>isa)]


def alias_table(const double[::1] weights, uint32_t[:, ::1] table):
    cdef wv_status status
    cdef int32_t n = <int32_t>weights.shape[0]
    if n == 0 or table.shape[0] != n or table.shape[1] != 2:
        raise ValueError(f"an alias table of {n} weights has the shape ({n}, 2)")
    with nogil:
        status = wv_alias_build(&weights[0], n, <wv_alias *>&table[0, 0])
    check(status, "alias table")


def huffman(const int64_t[::1] counts, const int32_t[::1] order, int64_t[::1] offsets,
            int32_t[::1] nodes, uint8_t[::1] codes):
    cdef wv_status status
    cdef int32_t n = <int32_t>counts.shape[0]
    if n == 0 or order.shape[0] != n or offsets.shape[0] != n + 1:
        raise ValueError(f"a Huffman tree of {n} words needs an order of {n} and offsets of {n + 1}")
    check_ids(order, n, "order")
    with nogil:
        status = wv_huffman(&counts[0], &order[0], n, &offsets[0], NULL, NULL)
    check(status, "Huffman tree")
    if nodes is None or codes is None:
        return
    if min(nodes.shape[0], codes.shape[0]) < offsets[n]:
        raise ValueError(f"{nodes.shape[0]} nodes and {codes.shape[0]} codes for paths of {offsets[n]}")
    with nogil:
        status = wv_huffman(&counts[0], &order[0], n, &offsets[0], &nodes[0], &codes[0])
    check(status, "Huffman tree")


def init_rows(float[:, ::1] rows, int64_t first, int32_t size, uint64_t seed, int32_t width=0):
    """Rows from `first` on: `size` random values, zeros up to `width` (default: all columns)."""
    width = width or <int32_t>rows.shape[1]
    if not 0 <= first <= rows.shape[0] or not 0 < size <= width <= rows.shape[1]:
        shape = f"{rows.shape[0]} × {rows.shape[1]}"
        raise ValueError(f"no rows from {first} with {size} of {width} columns in {shape}")
    cdef float *start = &rows[0, 0] if rows.shape[0] else NULL
    with nogil:
        wv_init_rows(start, first, rows.shape[0], size, width, <int32_t>rows.shape[1], seed)


@cython.boundscheck(False)
@cython.wraparound(False)
cdef void check_ids(const int32_t[::1] ids, int64_t n, str name) except *:
    """ValueError unless all ids are in 0 … n - 1."""
    cdef int32_t low = 0, high = -1
    cdef Py_ssize_t k
    with nogil:
        for k in range(ids.shape[0]):
            low = min(low, ids[k])
            high = max(high, ids[k])
    if low < 0 or high >= n:
        raise ValueError(f"{name} holds the id {low if low < 0 else high}; ids must be in 0 … {n - 1}")


@cython.boundscheck(False)
@cython.wraparound(False)
cdef void check_offsets(const int64_t[::1] offsets, int64_t n_ids, str name) except *:
    """ValueError unless the offsets rise from 0 to at most n_ids."""
    cdef Py_ssize_t k
    cdef bint falls = False
    if offsets.shape[0] < 2 or offsets[0] != 0 or offsets[offsets.shape[0] - 1] > n_ids:
        raise ValueError(f"{name}: {offsets.shape[0]} offsets must run from 0 to at most {n_ids}; "
                         "give one list or more")
    with nogil:
        for k in range(offsets.shape[0] - 1):
            falls = falls or offsets[k + 1] < offsets[k]
    if falls:
        raise ValueError(f"the offsets of {name} must not fall")


@cython.boundscheck(False)
@cython.wraparound(False)
cdef void check_alias(const int64_t[::1] offsets, const uint32_t[:, ::1] alias, int64_t n_weights) except *:
    """ValueError unless there is an alias table for the edges of each node."""
    cdef int64_t n = offsets.shape[0] - 1, i, e
    cdef bint is_bad = n_weights != alias.shape[0] or alias.shape[1] != 2 or offsets[n] > n_weights
    if not is_bad:
        with nogil:
            for i in range(n):
                for e in range(offsets[i], offsets[i + 1]):
                    is_bad = is_bad or alias[e, 1] >= offsets[i + 1] - offsets[i]
    if is_bad:
        raise ValueError("each neighbour needs a weight and a column of the alias table of its node")


@cython.boundscheck(False)
@cython.wraparound(False)
cdef void check_rising(const int32_t[::1] ids, const int64_t[::1] offsets) except *:
    """ValueError unless the ids of each list rise."""
    cdef Py_ssize_t k
    cdef int64_t at
    cdef bint rises = True
    with nogil:
        for k in range(offsets.shape[0] - 1):
            for at in range(offsets[k] + 1, offsets[k + 1]):
                rises = rises and ids[at - 1] < ids[at]
    if not rises:
        raise ValueError("the items of a user must rise")


cdef class Task:
    """What all workers of one training share: inputs, matrices, settings.

    Call `matrix` first, for each role that the objective needs, then `items`, then what else it needs; each method
    once, and before the first Worker, since arrays are checked against each other when they are set.
    """

    cdef wv_task task
    cdef list arrays  # keeps alive what the task points to
    cdef set done  # what is set
    cdef bint has_workers, composes
    cdef const int32_t[::1] ids
    cdef const int64_t[::1] offsets
    cdef str role_of_items
    cdef int64_t n_lists  # of parts

    def __cinit__(self, str objective, *, int64_t max_chunk, uint64_t seed):
        name = objective.encode()
        check(wv_find_objective(name, &self.task.objective), f"objective {objective!r}")
        if max_chunk < 1:
            raise ValueError(f"max_chunk={max_chunk}: give 1 or more")
        self.arrays, self.done = [], set()
        self.task.max_chunk = max_chunk
        self.task.seed = seed
        self.task.isa = chosen_isa()
        self.task.merge_every = self.task.n_workers = 1

    cdef void check_reads(self, str what, is_read) except *:
        """ValueError unless the objective reads this kind of input."""
        if not is_read:
            raise ValueError(f"this objective reads no {what}; give the input of its kind")

    cdef void check_new(self, str what) except *:
        """ValueError if `what` is set already, or a worker has been laid out for the task as it is."""
        if self.has_workers or what in self.done:
            state = "the task has workers" if self.has_workers else "it is set"
            raise ValueError(f"{what} cannot be set, because {state} already; make a new task")

    def matrix(self, str role, float[:, ::1] rows, int32_t size, *, int32_t width=0,
               const float[::1] row_rate=None, float curvature=0, float l2=0):
        """Set a matrix, "input" first. width: columns of values and padding (default: all; AdaGrad: half)."""
        if role not in ROLES:
            raise ValueError(f"matrix {role!r}: give one of {', '.join(ROLES)}")
        self.check_new(f"the {role} matrix")
        cdef wv_matrix *matrix = &self.task.matrices[<int32_t>ROLES[role]]
        cdef wv_matrix *first = &self.task.matrices[WV_INPUT]
        width = width or <int32_t>rows.shape[1]
        if width % WV_PAD or rows.shape[1] not in (width, 2 * width) or not 1 <= size <= width:
            raise ValueError(f"{role}: {size} values and {rows.shape[1]} columns for rows of {width}; "
                             f"give a multiple of {WV_PAD}")
        is_concat = wv_read_of(self.task.objective) == WV_read_dm_concat and role in ("output", "nodes")
        if role != "input" and not is_concat and (size, width) != (first.size, first.width):
            raise ValueError(f"{role}: rows of {size} values, {width} with padding; "
                             f"the input rows have {first.size}, {first.width}")
        if rows.shape[0] > 2**31 - 1 or (row_rate is not None and row_rate.shape[0] != rows.shape[0]):
            raise ValueError(f"{role}: {rows.shape[0]} rows; at most 2**31 - 1, and as many rates")
        self.arrays += [rows, row_rate]
        matrix.rows = &rows[0, 0] if rows.shape[0] else NULL
        matrix.row_rate = &row_rate[0] if row_rate is not None and row_rate.shape[0] else NULL
        matrix.n, matrix.size, matrix.width, matrix.stride = rows.shape[0], size, width, <int32_t>rows.shape[1]
        matrix.curvature, matrix.l2 = curvature, l2
        self.task.n_matrices = max(self.task.n_matrices, <int32_t>ROLES[role] + 1)
        self.done.add(f"the {role} matrix")

    cdef wv_matrix *get(self, role) except NULL:
        if role not in ROLES or not self.task.matrices[<int32_t>ROLES[role]].width:
            raise ValueError(f"matrix {role!r}: set it first")
        return &self.task.matrices[<int32_t>ROLES[role]]

    def private_rows(self, str role, const float[::1] uses, const int32_t[::1] ids=None):
        """Let each worker have private copies of the rows `ids` (default: the first ones).

        uses: how often one example uses each of these rows, on average.
        """
        cdef wv_matrix *of = self.get(role)
        cdef int32_t n = <int32_t>uses.shape[0]
        cdef const int32_t[::1] slot_of
        self.check_new(f"private rows of {role}")
        if n > of.n or (ids is not None and (ids.shape[0] != n or len(np.unique(ids)) != n)):
            raise ValueError(f"{n} private rows of a matrix of {of.n}: give as many ids, all different")
        if ids is not None and n:
            check_ids(ids, of.n, "private rows")
            slots = np.full(of.n, -1, np.int32)
            slots[np.asarray(ids)] = np.arange(n, dtype=np.int32)
            slot_of = slots
            of.slot_of, of.private_ids = &slot_of[0], &ids[0]
            self.arrays += [ids, slots]
        of.n_private = n
        of.uses = &uses[0] if n else NULL
        self.arrays.append(uses)
        self.done.add(f"private rows of {role}")

    def items(self, const int32_t[::1] ids, const int64_t[::1] offsets, str role="input"):
        """The items of each unit; each id is a row of the matrix `role`."""
        self.check_new("items")
        self.check_reads("items", wv_read_of(self.task.objective) not in OTHER_READERS)
        check_offsets(offsets, ids.shape[0], "the items")
        check_ids(ids, self.get(role).n, "the items")
        self.arrays += [ids, offsets]
        self.ids, self.offsets, self.role_of_items = ids, offsets, role
        self.task.items.ids = &ids[0] if ids.shape[0] else NULL
        self.task.items.offsets = &offsets[0]
        self.done.add("items")

    def walks(self, const int64_t[::1] offsets, const int32_t[::1] neighbours, const float[::1] weights=None,
              const uint32_t[:, ::1] alias=None, *, int64_t n_walks, int64_t per_unit, int32_t length, double p,
              double q, bint symmetric):
        """Random walks on a graph in place of items. Node i has input row i; a unit is per_unit of n_walks walks.

        weights, alias: of the neighbours, both or none; alias: (neighbours, 2), of `_graph.Walks`.
        """
        cdef wv_walks *walks = &self.task.walks
        self.check_new("walks")
        self.check_reads("walks", wv_read_of(self.task.objective) == WV_read_walks)
        if length < 2 or not (LEAST_BIAS <= p <= MOST_BIAS and LEAST_BIAS <= q <= MOST_BIAS):
            raise ValueError(f"length={length}, p={p}, q={q}: give 2 nodes or more, and p and q from {LEAST_BIAS} "
                             f"to {MOST_BIAS}")
        walks.length, walks.p, walks.q, walks.is_symmetric = length, p, q, symmetric
        self.set_graph(offsets, neighbours, weights, alias, n_walks, per_unit)
        self.done.add("walks")

    cdef void set_graph(
        self, const int64_t[::1] offsets, const int32_t[::1] neighbours, const float[::1] weights,
        const uint32_t[:, ::1] alias, int64_t n_walks, int64_t per_unit
    ) except *:
        """Set the graph of walks whose length is set."""
        cdef wv_walks *walks = &self.task.walks
        cdef int64_t n = offsets.shape[0] - 1, n_neighbours = neighbours.shape[0]
        check_offsets(offsets, n_neighbours, "the graph")
        check_ids(neighbours, n, "the neighbours")
        if n != self.get("input").n or (weights is None) != (alias is None):
            raise ValueError(f"{n} nodes for {self.get('input').n} input rows; weights need alias tables")
        if alias is not None:
            check_alias(offsets, alias, weights.shape[0])
        most = MAX_ITEMS // walks.length
        if not 1 <= n_walks <= most or not 1 <= per_unit <= most:
            raise ValueError(f"n_walks={n_walks}, per_unit={per_unit}: give 1 to {most}")
        self.arrays += [offsets, neighbours, weights, alias]
        walks.graph.offsets, walks.graph.n_nodes = &offsets[0], n
        walks.graph.neighbours = &neighbours[0] if n_neighbours else NULL
        if alias is not None and n_neighbours:
            walks.graph.weights, walks.alias = &weights[0], <const wv_alias *>&alias[0, 0]
        walks.n_walks, walks.per_unit = n_walks, per_unit
        self.role_of_items = "input"

    def edges(self, const int64_t[::1] offsets, const int32_t[::1] neighbours, const uint32_t[:, ::1] sources,
              const float[::1] weights=None, const uint32_t[:, ::1] alias=None, *, int64_t n_edges,
              int64_t per_unit):
        """Edges of a graph, drawn at random, in place of items: n_edges in an epoch; a unit is per_unit of them.

        sources: alias table (nodes, 2) of first nodes; a node without neighbours is never drawn. weights, alias: as
        in `walks`.
        """
        cdef wv_walks *walks = &self.task.walks
        self.check_new("edges")
        self.check_reads("edges", wv_read_of(self.task.objective) == WV_read_edges)
        walks.length, walks.p, walks.q = 1, 1, 1
        self.set_graph(offsets, neighbours, weights, alias, n_edges, per_unit)
        self.check_sources(offsets, sources)
        self.arrays.append(sources)
        self.task.sources = <const wv_alias *>&sources[0, 0]
        self.done.add("edges")

    cdef void check_sources(self, const int64_t[::1] offsets, const uint32_t[:, ::1] sources) except *:
        """ValueError unless all nodes that the alias table gives have neighbours."""
        cdef int64_t n = offsets.shape[0] - 1
        table, has_edges = np.asarray(sources), np.diff(offsets) > 0
        if table.shape != (n, 2) or table[:, 1].max(initial=0) >= n or not has_edges[table[:, 1]].all():
            raise ValueError(f"sources: give a table of {n} nodes; those without edges have the weight 0")
        if not has_edges[table[:, 0] > 0].all():
            raise ValueError("sources: a node without edges must have the weight 0")

    def line(self, const uint32_t[:, ::1] noise, int32_t negative, int32_t order):
        """Objective "line". noise, negative: as in `negative_sampling`; six edges share their negatives.

        order: 1, 2 or 3: both. Second-order targets are rows of the matrix "output"; with both, first-order rows
        are those of "documents".
        """
        self.check_new("line")
        cdef int64_t n = self.get("input").n
        roles = {1: (), 2: ("output",), 3: ("output", "documents")}
        if order not in roles or any(self.get(role).n != n for role in roles[order]):
            raise ValueError(f"order={order}: give 1, 2 or 3, and as many rows in each matrix")
        self.set_noise(noise, negative, n)
        self.task.order = order
        self.done.add("line")

    def parts(self, const int32_t[::1] ids, const int64_t[::1] offsets):
        """Tokens: the input rows whose mean is the row of each id (subwords). The items are then ids, not rows.

        ids: PATH_PADDING more than the offsets say.
        """
        cdef int64_t n = offsets.shape[0] - 1
        self.check_new("parts")
        check_offsets(offsets, ids.shape[0] - WV_PATH_PADDING, "the parts")
        check_ids(ids, self.get("input").n, "the parts")
        sizes = np.diff(offsets)
        if sizes.min() < 1 or sizes.max() > MAX_TARGETS or self.get("input").stride != self.get("input").width:
            raise ValueError(f"give each id 1 to {MAX_TARGETS} parts, in a matrix without AdaGrad")
        self.units_end()
        check_ids(self.ids, n, "the items")
        self.arrays += [ids, offsets]
        self.n_lists, self.task.max_parts = n, <int32_t>sizes.max()
        self.task.parts.ids, self.task.parts.offsets = &ids[0], &offsets[0]
        self.done.add("parts")

    cdef int64_t n_ids(self) except -1:
        """The number of ids that items may have."""
        return self.n_lists if self.task.parts.offsets != NULL else self.get("input").n

    def tags(self, const int32_t[::1] ids, const int64_t[::1] offsets):
        """The tags of each unit; each id is a row of the matrix "documents". Call it after `items`."""
        self.check_new("tags")
        check_offsets(offsets, ids.shape[0], "the tags")
        check_ids(ids, self.get("documents").n, "the tags")
        if self.task.items.offsets == NULL or offsets.shape[0] != self.offsets.shape[0]:
            raise ValueError(f"{offsets.shape[0] - 1} lists of tags; give one for each unit, after the items")
        self.arrays += [ids, offsets]
        self.task.tags.ids = &ids[0] if ids.shape[0] else NULL
        self.task.tags.offsets = &offsets[0]
        self.task.max_tags = np.diff(offsets).max()
        self.done.add("tags")

    def documents(self, *, bint train_words, int32_t concat_tags=0, int32_t null_word=0):
        """Objectives of documents. train_words: words of the context are input rows too (always so in "dm").

        "dm_concat": each document has concat_tags tags, or is skipped; null_word is the input row of positions
        outside the document.
        """
        self.check_new("documents")
        is_concat = wv_read_of(self.task.objective) == WV_read_dm_concat
        if is_concat != (concat_tags > 0) or not 0 <= null_word < self.get("input").n:
            raise ValueError(f"concat_tags={concat_tags}, null_word={null_word} do not fit the objective")
        self.task.train_words, self.task.concat_tags, self.task.null_word = train_words, concat_tags, null_word
        self.done.add("documents")

    def infer_documents(self):
        """Only document rows change, and the draws for a unit do not depend on others.

        A chunk of "dbow" must have at most 6 units, other chunks 1.
        """
        self.check_new("inference")
        if wv_read_of(self.task.objective) not in DOCUMENT_READERS or self.task.train_words and not self.composes:
            raise ValueError("inference is for objectives of documents that do not train words alone")
        self.task.infers = self.task.freeze_targets = True

    def subsample(self, const uint32_t[::1] keep):
        """keep: a token is kept if a uniform 32-bit draw is at most keep[id]."""
        self.check_new("subsampling")
        if keep.shape[0] != self.n_ids():
            raise ValueError(f"{keep.shape[0]} thresholds for {self.n_ids()} ids")
        self.arrays.append(keep)
        self.task.keep = &keep[0]
        self.done.add("subsampling")

    def windows(self, int32_t window, *, bint shrink, bint one_pair_at_a_time, bint shuffle=False):
        """Skip-gram and CBOW: positions on each side of a centre. shrink: each centre draws its width.

        shuffle: the items of a unit are in a new random order in each epoch.
        """
        self.check_new("windows")
        if not 1 <= window <= MAX_TARGETS:
            raise ValueError(f"window={window}: give 1 to {MAX_TARGETS}")
        self.task.window = window
        self.task.shrink_windows, self.task.shuffle_items = shrink, shuffle
        self.task.one_pair_at_a_time = one_pair_at_a_time
        self.done.add("windows")

    def compose(self, *, bint average_hidden, bint average_grad):
        """Hidden rows are composed of several rows: mean or sum, gradient divided by their number or not."""
        self.check_new("composed rows")
        self.composes = True
        self.task.average_hidden = average_hidden
        self.task.average_grad = average_grad

    def negative_sampling(self, const uint32_t[:, ::1] noise, int32_t negative):
        """noise: alias table (output rows, 2) of the negatives; negative: how many for each example."""
        self.check_new("negative sampling")
        self.set_noise(noise, negative, self.get("output").n)
        self.done.add("negative sampling")

    cdef void set_noise(self, const uint32_t[:, ::1] noise, int32_t negative, int64_t n) except *:
        if not 1 <= negative <= MAX_TARGETS // 4:
            raise ValueError(f"negative={negative}: give 1 to {MAX_TARGETS // 4}")
        self.check_table(noise, n)
        self.arrays.append(noise)
        self.task.noise = <const wv_alias *>&noise[0, 0]
        self.task.negative = negative

    cdef void check_table(self, const uint32_t[:, ::1] table, int64_t n) except *:
        """ValueError unless it is an alias table of n ids."""
        if table.shape[0] != n or table.shape[1] != 2 or not n:
            raise ValueError(f"{table.shape[0]} × {table.shape[1]} noise: give a table of {n} × 2")
        if np.asarray(table)[:, 1].max() >= n:
            raise ValueError(f"the noise holds the id {np.asarray(table)[:, 1].max()} of {n}")

    def hierarchical_softmax(self, const int64_t[::1] offsets, const int32_t[::1] nodes, const uint8_t[::1] codes,
                             int32_t max_path):
        """Huffman paths of the ids; nodes and codes have PATH_PADDING more elements."""
        self.check_new("hierarchical softmax")
        self.set_paths(offsets, nodes, codes, max_path, self.n_ids(), self.get("nodes").n)
        self.done.add("hierarchical softmax")

    cdef void set_paths(self, const int64_t[::1] offsets, const int32_t[::1] nodes, const uint8_t[::1] codes,
                        int32_t max_path, int64_t n, int64_t n_nodes) except *:
        check_offsets(offsets, nodes.shape[0] - WV_PATH_PADDING, "the paths")
        check_ids(nodes, n_nodes, "the paths")
        if offsets.shape[0] != n + 1 or nodes.shape[0] != codes.shape[0]:
            raise ValueError(f"{offsets.shape[0] - 1} Huffman paths for {n} ids")
        if max_path != np.diff(offsets).max():
            raise ValueError(f"max_path={max_path}, but the longest path has {np.diff(offsets).max()} nodes")
        self.arrays += [offsets, nodes, codes]
        self.task.paths.offsets, self.task.paths.ids = &offsets[0], &nodes[0]
        self.task.path_codes = &codes[0]
        self.task.max_path = max_path

    def cells(self, const float[::1] values, const float[::1] weights):
        """Objective "cells": the value of each item, and its weight in the loss. A unit's items must rise."""
        cdef int64_t n = self.units_end()
        self.check_new("cells")
        if values.shape[0] < n or weights.shape[0] < n or not n:
            raise ValueError(f"{values.shape[0]} values and {weights.shape[0]} weights for {n} cells")
        if self.task.matrices[WV_INPUT].n < self.offsets.shape[0] - 1:
            raise ValueError(f"{self.offsets.shape[0] - 1} units for {self.task.matrices[WV_INPUT].n} rows")
        offsets, falls = np.asarray(self.offsets), np.diff(np.asarray(self.ids)[:n]) <= 0
        starts = offsets[(offsets > 0) & (offsets < n)]
        falls[starts - 1] = False
        if falls.any():
            raise ValueError(f"item {np.argmax(falls) + 1}: the columns of a unit must rise")
        self.arrays += [values, weights]
        self.task.values, self.task.weights = &values[0], &weights[0]
        self.done.add("cells")

    def cell_counts(self, const float[::1] counts, const int32_t[::1] unit_rows):
        """Objective "glove": the count x > 0 of each item, the input row of each unit; its items must differ."""
        cdef int64_t n = self.units_end(), n_units = self.offsets.shape[0] - 1
        self.check_new("cell counts")
        if counts.shape[0] < n or unit_rows.shape[0] < n_units or not n:
            raise ValueError(f"{counts.shape[0]} counts of {n} cells, {unit_rows.shape[0]} rows of {n_units} units")
        check_ids(unit_rows, self.get("input").n, "the rows of units")
        self.arrays += [counts, unit_rows]
        self.task.values, self.task.unit_rows = &counts[0], &unit_rows[0]
        self.done.add("cell counts")

    def glove(self, *, float x_max, float exponent):
        """A cell has the weight min(1, (x / x_max) ** exponent). Rows have three columns behind their values."""
        self.check_new("glove")
        if not (x_max >= 1e-18 and exponent >= 0):
            raise ValueError(f"x_max={x_max}, exponent={exponent}: give numbers above 0")
        for role in ("input", "output"):
            if self.get(role).width < self.get(role).size + 3:
                raise ValueError(f"rows of the {role} matrix need three columns behind their values")
        self.task.x_max, self.task.exponent = x_max, exponent
        self.done.add("glove")

    def fm(self, const float[::1] values, *, const int32_t[::1] labels=None, const float[:, ::1] targets=None):
        """Objective "fm": the value x of each item, and what belongs to each unit: its class, or its targets.

        labels: (units) output rows. targets: (units, output rows), of regression.
        """
        cdef int64_t n = self.units_end(), n_units = self.offsets.shape[0] - 1, n_outputs = self.get("output").n
        self.check_new("fm")
        if values.shape[0] < n or not n or not n_outputs or (labels is None) == (targets is None):
            raise ValueError(f"{values.shape[0]} values of {n} items, {n_outputs} outputs; give labels or targets")
        if labels is not None:
            check_ids(labels, n_outputs, "the labels")
        n_given = labels.shape[0] if labels is not None else targets.shape[0]
        if n_given != n_units or (targets is not None and targets.shape[1] != n_outputs):
            raise ValueError(f"labels or targets of {n_given} units; give {n_units}, of {n_outputs} outputs")
        self.arrays += [values, labels, targets]
        self.task.values = &values[0]
        self.task.fm.labels = &labels[0] if labels is not None else NULL
        self.task.fm.targets = &targets[0, 0] if targets is not None else NULL
        self.done.add("fm")

    def fm_rows(self, const float[:, ::1] pair_weights, const int32_t[::1] sizes, const float[::1] decay,
                const int32_t[::1] masked, uint32_t mask):
        """Objective "fm": the constants a_k (output rows, width); per input row its coordinates, L2 and mask row.

        decay: L2 of one use. masked: the row that replaces a masked item; mask: how many of 2**32 items are masked.
        """
        cdef int64_t n = self.get("input").n
        self.check_new("fm_rows")
        if not n or sizes.shape[0] != n or decay.shape[0] != n or masked.shape[0] != n:
            raise ValueError(f"{sizes.shape[0]} sizes, {decay.shape[0]} decays, "
                             f"{masked.shape[0]} masked rows; give {n} each")
        if (pair_weights.shape[0], pair_weights.shape[1]) != (self.get("output").n, self.get("output").width):
            raise ValueError("pair_weights: give one row for each output row, as wide as it")
        check_ids(sizes, self.get("input").size, "the sizes of rows")
        check_ids(masked, n, "the rows of masked items")
        self.arrays += [pair_weights, sizes, decay, masked]
        self.task.fm.pair_weights = &pair_weights[0, 0]
        self.task.fm.row_sizes, self.task.fm.row_decay = &sizes[0], &decay[0]
        self.task.fm.masked_rows, self.task.fm.mask = &masked[0], mask
        self.done.add("fm_rows")

    def labels(self, const int32_t[::1] ids, const int64_t[::1] offsets):
        """Objective "classify": the labels of each unit, rows of the output matrix."""
        self.check_new("labels")
        check_offsets(offsets, ids.shape[0], "the labels")
        check_ids(ids, self.get("output").n, "the labels")
        if self.task.items.offsets == NULL or offsets.shape[0] != self.offsets.shape[0]:
            raise ValueError(f"{offsets.shape[0] - 1} lists of labels; give one for each unit, after the items")
        self.arrays += [ids, offsets]
        self.task.labels.ids = &ids[0] if ids.shape[0] else NULL
        self.task.labels.offsets = &offsets[0]
        self.done.add("labels")

    def supervised(self, str loss, *, const uint32_t[:, ::1] noise=None, int32_t negative=0, paths=None):
        """Objective "supervised": the loss. noise: alias table of the labels, for "ns".

        paths: offsets, nodes, codes of the path to each label, for "hs"; nodes are output rows, and nodes and codes
        have PATH_PADDING more elements.
        """
        cdef int64_t n = self.get("output").n
        self.check_new("supervised")
        if loss not in BAG_LOSSES:
            raise ValueError(f"loss {loss!r}: give one of {', '.join(BAG_LOSSES)}")
        if self.get("output").row_rate != NULL:
            raise ValueError("output rows cannot have rates of their own here")
        for role in ("input", "output"):
            if self.get(role).stride != self.get(role).width:
                raise ValueError(f"{role}: this objective has no AdaGrad")
        if loss == "ns":
            self.set_noise(noise, negative, n)
        if loss == "hs":
            offsets, nodes, codes, max_path = paths
            self.set_paths(offsets, nodes, codes, max_path, n, n)
        self.task.bag_loss = <wv_bag_loss>(<int>BAG_LOSSES.index(loss))
        self.done.add("supervised")

    def interactions(self, const int32_t[::1] users, const int32_t[::1] items, int64_t n_trained,
                     const int32_t[::1] own_ids, const int64_t[::1] own_offsets):
        """Pairs of users (rows of "output") and items (rows of "input"). A unit is a pair.

        n_trained: units behind it are held out. own_ids, own_offsets: the items of each user, rising, which are
        never negatives of the user.
        """
        cdef int64_t n = items.shape[0], n_users = self.get("output").n
        self.check_new("interactions")
        self.check_reads("interactions", wv_read_of(self.task.objective) in PAIR_READERS)
        check_offsets(own_offsets, own_ids.shape[0], "the items of users")
        for ids, n_rows, name in ((users, n_users, "users"), (items, self.get("input").n, "items"),
                                  (own_ids, self.get("input").n, "the items of users")):
            check_ids(ids, n_rows, name)
        if users.shape[0] != n or not 1 <= n_trained <= n or own_offsets.shape[0] != n_users + 1:
            raise ValueError(f"{users.shape[0]} users of {n} items, {n_trained} trained; "
                             f"items of {own_offsets.shape[0] - 1} users, but {n_users} rows")
        check_rising(own_ids, own_offsets)
        self.arrays += [users, items, own_ids, own_offsets]
        self.task.pairs.users, self.task.pairs.items = &users[0], &items[0]
        self.task.pairs.own.ids = &own_ids[0] if own_ids.shape[0] else NULL
        self.task.pairs.own.offsets = &own_offsets[0]
        self.task.pairs.n, self.task.pairs.n_trained = n, n_trained
        self.done.add("interactions")

    def shared_negatives(self, int32_t n_negatives, *, int32_t block, const uint32_t[:, ::1] sampling=None,
                         float margin=0, float weight=1, float temperature=1):
        """Pairs of a block share n_negatives items, drawn from `sampling`: alias table (items, 2); None: uniform.

        block: pairs, a multiple of PAD. margin: of "ccl". weight: of the negatives in "ccl" and "bsl". temperature:
        of "bsl". Rows of both matrices need one column behind their values.
        """
        cdef int64_t n = self.get("input").n
        self.check_new("shared negatives")
        if not 1 <= n_negatives <= n or block < 1 or block % WV_PAD or n_negatives * <int64_t>block > MAX_SCORES:
            raise ValueError(f"{n_negatives} negatives of {n} items in blocks of {block} pairs: give 1 to {n}, "
                             f"and blocks of a multiple of {WV_PAD}, with at most {MAX_SCORES} scores")
        if not (temperature >= 1e-6 and weight >= 0 and margin == margin):
            raise ValueError(f"temperature={temperature}, weight={weight}, margin={margin}: give numbers, above 0")
        if sampling is not None:
            self.check_table(sampling, n)
            self.arrays.append(sampling)
            self.task.contrast.sampling = <const wv_alias *>&sampling[0, 0]
        self.task.contrast.n_negatives, self.task.contrast.block = n_negatives, block
        self.task.contrast.margin, self.task.contrast.weight = margin, weight
        self.task.contrast.temperature = temperature
        self.done.add("shared_negatives")

    def triplets(self, int32_t candidates, *, const uint32_t[:, ::1] sampling=None, float margin=0,
                 bint item_bias=False):
        """Each pair has negatives of its own, drawn from `sampling`: alias table (items, 2); None: uniform.

        "bpr" trains the one of `candidates` draws that has the highest score, "warp" the first of at most
        `candidates` that is within `margin`. Rows of both matrices need two columns behind their values.
        """
        self.check_new("triplets")
        if not 1 <= candidates <= MAX_TARGETS or not margin >= 0:
            raise ValueError(f"{candidates} candidates, margin={margin}: give 1 to {MAX_TARGETS}, and 0 or more")
        if sampling is not None:
            self.check_table(sampling, self.get("input").n)
            self.arrays.append(sampling)
            self.task.triplets.sampling = <const wv_alias *>&sampling[0, 0]
        self.task.triplets.candidates, self.task.triplets.margin = candidates, margin
        self.task.triplets.has_bias = item_bias
        self.done.add("triplets")

    def freeze_targets(self):
        """Train the input rows only (inference)."""
        self.check_new("frozen targets")
        self.task.freeze_targets = True

    def workers(self, int32_t n_workers, *, int32_t n_hottest, int32_t merge_every):
        """n_workers train at the same time; each merges its n_hottest private rows every merge_every examples."""
        self.check_new("workers")
        if n_workers < 1 or n_hottest < 1 or merge_every < 1:
            raise ValueError(f"n_workers={n_workers}, n_hottest={n_hottest}, "
                             f"merge_every={merge_every}: give 1 or more")
        self.task.n_workers, self.task.n_hottest, self.task.merge_every = n_workers, n_hottest, merge_every

    def rounds(self, int64_t tokens, round_rows):
        """Deterministic rounds: most items of a worker in a round, and most rows of each matrix that it touches."""
        self.check_new("rounds")
        if tokens < 1 or min(round_rows.values()) < 1:
            raise ValueError(f"rounds of {tokens} tokens, {round_rows} rows: give 1 or more, for each matrix")
        self.task.round_tokens = tokens
        for role in round_rows:
            self.get(role).round_rows = round_rows[role]

    def stop(self, bint stop=True):
        wv_stop(&self.task, stop)

    def worker_bytes(self):
        """Bytes of a worker's scratch memory and private rows."""
        self.set_sizes()
        return wv_worker_bytes(&self.task)

    cdef int64_t units_end(self) except -1:
        if self.task.items.offsets == NULL:
            raise ValueError("the task has no items; call items first")
        return self.offsets[self.offsets.shape[0] - 1]

    cdef void set_sizes(self) except *:
        """Sizes of a block; ValueError if something that the objective needs is missing."""
        cdef wv_task *task = &self.task
        cdef int read = wv_read_of(task.objective), make = wv_make_of(task.objective)
        task.max_targets = self.most_targets(read, make)
        self.check_complete(read, make)
        if task.max_targets > MAX_TARGETS:
            raise ValueError(f"{task.max_targets} target rows of a block; at most {MAX_TARGETS} are possible")
        if self.composes:
            is_bag = make == WV_make_bags
            most = 2 * task.window + 2 + task.max_tags
            task.max_context = np.diff(np.asarray(self.offsets)).max() if is_bag else most
        if task.parts.offsets != NULL and read != WV_read_tokens:
            raise ValueError("only objectives that read tokens have parts")
        self.check_rows(read)
        if task.round_tokens:
            self.check_round_rows(read, make)

    cdef int32_t most_targets(self, int read, int make) except -1:
        """Return the most target rows of a block. Of objectives with windows, set n_noise too."""
        cdef wv_task *task = &self.task
        if read == WV_read_cells:
            return WV_CELLS_OF_BLOCK
        if read in (WV_read_bags, WV_read_fm):
            return <int32_t>self.get("output").n
        if read == WV_read_supervised:
            most = {"hs": task.max_path, "ns": 1 + task.negative}
            return most.get(BAG_LOSSES[task.bag_loss], <int32_t>self.get("output").n)
        if read == WV_read_edges:
            return WV_TILE + task.negative
        if read == WV_read_glove or read in PAIR_READERS:
            return 1  # the step makes no blocks
        has_pairs = make in (WV_make_skipgram, WV_make_dbow_words)  # of centres
        is_shared = has_pairs and not task.one_pair_at_a_time and not task.max_path
        task.n_noise = wv_shared_noise(task.negative) if is_shared else task.negative
        return 2 + task.n_noise + task.max_path

    cdef void check_complete(self, int read, int make) except *:
        """ValueError if something that the objective needs is not set."""
        cdef wv_task *task = &self.task
        is_text, has_walks = read in TEXT_READERS, read == WV_read_walks
        missing = {
            "edges or line": read == WV_read_edges and not {"edges", "line"} <= self.done,
            "items": not has_walks and read not in (WV_read_edges, *PAIR_READERS) and task.items.offsets == NULL,
            "walks": has_walks and not task.walks.n_walks,
            "interactions": read in PAIR_READERS and task.pairs.users == NULL,
            "triplets": read in TRIPLET_READERS and not task.triplets.candidates,
            "shared_negatives": read in CONTRAST_READERS and not task.contrast.block,
            "cells": read == WV_read_cells and task.values == NULL,
            "cell_counts": read == WV_read_glove and task.unit_rows == NULL,
            "glove": read == WV_read_glove and task.x_max == 0,
            "fm": read == WV_read_fm and task.values == NULL,
            "fm_rows": read == WV_read_fm and task.fm.row_sizes == NULL,
            "labels": read in (WV_read_bags, WV_read_supervised) and task.labels.offsets == NULL,
            "supervised": read == WV_read_supervised and "supervised" not in self.done,
            "compose": make in (WV_make_cbow, WV_make_dm, WV_make_bags) and not self.composes,
            "windows": is_text and not task.window,
            "negative_sampling or hierarchical_softmax": is_text and task.max_targets < 3,
            "tags": read in DOCUMENT_READERS and task.tags.offsets == NULL,
            "documents": read in DOCUMENT_READERS and "documents" not in self.done,
        }
        if any(missing.values()):
            raise ValueError(f"the task lacks {next(name for name in missing if missing[name])}")

    cdef void check_rows(self, int read) except *:
        """ValueError if the kernels would use rows that a matrix or a round does not have."""
        cdef wv_matrix *output = &self.task.matrices[WV_OUTPUT]
        cdef int64_t n_input = self.n_ids()
        if read in PAIR_READERS:
            self.check_pair_rows(read)
            return
        if read in DOCUMENT_READERS:
            self.check_documents(read)
        role = "output" if read in (WV_read_cells, WV_read_glove) else "input"
        if self.role_of_items != role:
            raise ValueError(f"the items are rows of the {self.role_of_items} matrix; give items(…, role={role!r})")
        if read in TEXT_READERS and self.task.negative and output.n < n_input:
            raise ValueError(f"{output.n} output rows for {n_input} input rows; negative sampling needs as many")

    cdef void check_pair_rows(self, int read) except *:
        """ValueError if rows of users or items do not fit an objective of pairs."""
        n_extra = 2 if read in TRIPLET_READERS else 1  # columns behind the values of a row
        for role in ("input", "output"):
            matrix = self.get(role)
            if matrix.stride != matrix.width or matrix.width < matrix.size + n_extra:
                raise ValueError(f"rows of the {role} matrix need {n_extra} columns behind their values, "
                                 "and no AdaGrad")
        if read in CONTRAST_READERS:
            self.check_contrast()

    cdef void check_contrast(self) except *:
        """ValueError if a block with shared negatives is too large, or a setting does not apply."""
        cdef int64_t block = self.task.contrast.block, negatives = self.task.contrast.n_negatives
        cdef int64_t width = self.get("input").size + WV_PAD
        if self.task.freeze_targets:
            raise ValueError("frozen targets: this objective has none; give the users the row rate 0")
        if block * negatives * width > MAX_PRODUCTS or (block + negatives + WV_PAD) * width >= 2**31:
            raise ValueError(f"{negatives} negatives in blocks of {block} pairs with rows of {width - WV_PAD} "
                             f"values: give fewer, so that negatives × pairs × (values + {WV_PAD}) is at most "
                             f"{MAX_PRODUCTS}")

    cdef void check_documents(self, int read) except *:
        """ValueError if matrices or settings do not fit an objective of documents."""
        cdef wv_task *task = &self.task
        cdef int64_t parts = task.concat_tags + 2 * task.window
        self.get("documents")
        if read == WV_read_dbow:
            output = self.get("output")
            if not task.negative or task.max_path or output.row_rate != NULL or output.l2:
                raise ValueError("dbow: negative sampling only, without rates or L2 of output rows")
            if any(task.matrices[m].stride != task.matrices[m].width for m in range(task.n_matrices)):
                raise ValueError("dbow: this objective has no AdaGrad")
        if read == WV_read_dm_concat:
            for role in ("output", "nodes"):
                size = task.matrices[<int32_t>ROLES[role]].size
                if size not in (0, parts * self.get("input").size):
                    raise ValueError(f"{role}: rows of {size} values; give {parts} times as many as input rows")
            if task.shrink_windows:
                raise ValueError("dm_concat: windows cannot shrink")

    cdef void check_round_rows(self, int read, int make) except *:
        """ValueError if a worker could touch more rows in a round than it has copies for."""
        cdef int64_t items = self.task.round_tokens, draws = 1  # of negatives, for each item
        if read == WV_read_dbow:
            draws = self.task.max_tags
        elif self.task.one_pair_at_a_time and make in (WV_make_skipgram, WV_make_dbow_words):
            draws = 2 * <int64_t>self.task.window + self.task.max_tags
        touched = {
            "input": items * max(1, self.task.max_parts, 1 + self.task.triplets.candidates)
            + (read == WV_read_dm_concat),
            "output": items * (1 + draws * self.task.n_noise) if read in TEXT_READERS else items,
            "nodes": items * self.task.max_path,
            "documents": items * self.task.max_tags,
        }
        if read == WV_read_edges:
            touched = dict.fromkeys(touched, items * (2 + self.task.negative))
        for role, number in ROLES.items():
            n, room = self.task.matrices[<int32_t>number].n, self.task.matrices[<int32_t>number].round_rows
            whole = role == "output" and read in (WV_read_bags, WV_read_supervised, WV_read_fm)
            whole = whole or role == "input" and read in CONTRAST_READERS
            least = n if whole else min(n, touched[role])
            if room < least:
                raise ValueError(f"round_rows={room} for the {role} matrix: "
                                 f"a worker can touch {least} rows in a round")

    cdef int64_t n_units(self) except -1:
        cdef wv_walks *walks = &self.task.walks
        if self.task.pairs.n:
            return self.task.pairs.n
        if walks.n_walks:
            return (walks.n_walks + walks.per_unit - 1) // walks.per_unit
        return self.offsets.shape[0] - 1

    cdef int64_t items_before(self, int64_t unit):
        cdef wv_walks *walks = &self.task.walks
        if self.task.pairs.n:
            return unit
        return min(unit * walks.per_unit, walks.n_walks) * walks.length if walks.n_walks else self.offsets[unit]

    cdef void check_chunks(self, const int64_t[:, ::1] chunks) except *:
        """ValueError if a chunk is outside the units, or chunks hold more items than the worker has space for."""
        cdef int64_t n_units = self.n_units(), total = 0, n
        cdef int64_t most_units = WV_TILE if wv_read_of(self.task.objective) == WV_read_dbow else 1
        cdef Py_ssize_t c
        for c in range(chunks.shape[0]):
            if not 0 <= chunks[c, 0] <= chunks[c, 1] <= n_units:
                raise ValueError(f"chunk {c} holds the units {chunks[c, 0]} … {chunks[c, 1]} of {n_units}")
            n = self.items_before(chunks[c, 1]) - self.items_before(chunks[c, 0])
            if n > self.task.max_chunk:
                raise ValueError(f"chunk {c} has {n} items, but workers have space for {self.task.max_chunk}")
            if self.task.infers and chunks[c, 1] - chunks[c, 0] > most_units:
                raise ValueError(f"chunk {c} has more than {most_units} units; split it for inference")
            total += n
        if 0 < self.task.round_tokens < total:
            raise ValueError(f"{total} items in a round, but workers have space for {self.task.round_tokens}")


cdef class Worker:
    """Scratch memory and private rows of one thread. `train` runs without the GIL, between two calls of `merge`."""

    cdef wv_worker *worker
    cdef Task task
    cdef object lock

    def __cinit__(self, Task task not None):
        cdef wv_status status
        self.task, self.lock = task, Lock()
        task.set_sizes()
        task.has_workers = True
        with nogil:
            status = wv_worker_new(&task.task, &self.worker)
        check(status, "scratch memory of a worker")

    def __dealloc__(self):
        wv_worker_free(self.worker)

    def train(self, int64_t epoch, int64_t first_chunk, const int64_t[:, ::1] chunks, const float[::1] rates,
              double[::1] losses):
        """Train the chunks (n, 2) of units; losses (n) gets the loss of each. Returns the number of examples."""
        cdef int64_t examples
        cdef wv_status status
        cdef int64_t n = rates.shape[0]
        if n == 0 or chunks.shape[0] != n or chunks.shape[1] != 2 or losses.shape[0] != n:
            raise ValueError(f"{n} rates and {losses.shape[0]} losses for {chunks.shape[0]} chunks")
        self.task.check_chunks(chunks)
        self.begin()
        with nogil:
            status = wv_train(self.worker, epoch, first_chunk, n, &chunks[0, 0], &rates[0], &losses[0], &examples)
        self.lock.release()
        check(status, f"epoch {epoch + 1}")
        return examples

    cdef void begin(self) except *:
        """RuntimeError if another thread uses the worker."""
        if not self.lock.acquire(False):
            raise RuntimeError("another thread uses this worker; give each thread its own")

    def merge(self):
        """Merge private rows: before and after training, and before another thread uses the matrices."""
        self.begin()
        with nogil:
            wv_merge(self.worker)
        self.lock.release()

    def export_deltas(self, str role):
        """In a round, before its merge: (ids, deltas) of the rows of a matrix that the worker has changed."""
        cdef int32_t stride = self.task.get(role).stride, matrix = ROLES[role]
        cdef int64_t n = wv_export_deltas(self.worker, matrix, NULL, NULL)
        ids, deltas = np.empty(n, np.int32), np.empty((n, stride), np.float32)
        cdef int32_t[::1] to_ids = ids
        cdef float[:, ::1] to_deltas = deltas
        if n:
            self.begin()
            with nogil:
                wv_export_deltas(self.worker, matrix, &to_ids[0], &to_deltas[0, 0])
            self.lock.release()
        return ids, deltas


def apply_deltas(Task task not None, str role, const int32_t[::1] ids, const float[:, ::1] deltas,
                 float factor=1):
    """Add factor × deltas (n, columns of the matrix) to the rows `ids` (n) of a matrix of the task."""
    cdef wv_matrix *of = task.get(role)
    if deltas.shape[0] != ids.shape[0] or deltas.shape[1] != of.stride:
        shape = f"{deltas.shape[0]} × {deltas.shape[1]}"
        raise ValueError(f"{ids.shape[0]} ids for deltas of {shape}, wanted {of.stride} columns")
    check_ids(ids, of.n, "deltas")
    if ids.shape[0]:
        with nogil:
            wv_apply_deltas(of, &ids[0], &deltas[0, 0], ids.shape[0], factor)


def merge_round(workers, int part, int n_parts, float rate):
    """Add the changes of all workers of a round to the shared rows: one of n_parts parts, each on its thread."""
    cdef int n = len(workers)
    if not 0 <= part < n_parts:
        raise ValueError(f"part {part} of {n_parts}")
    tasks = {id((<Worker?>worker).task) for worker in workers}
    if len(tasks) > 1 or (n and not (<Worker?>workers[0]).task.task.round_tokens):
        raise ValueError("the workers of a round must belong to one task, which has rounds")
    cdef wv_worker **pointers = <wv_worker **>malloc(max(n, 1) * sizeof(wv_worker *))
    if not pointers:
        raise MemoryError(f"no memory for the addresses of {n} workers")
    try:
        for w in range(n):
            pointers[w] = (<Worker?>workers[w]).worker
        with nogil:
            wv_merge_round(pointers, n, part, n_parts, rate)
    finally:
        free(pointers)


def shared_noise(int32_t negative):
    """How many noise words two skip-gram centres draw together, where each of them has `negative`."""
    return wv_shared_noise(negative)


def noise_draws(int32_t n_noise, int64_t n_windows):
    """How many different noise draws the first n_windows windows of a chunk use, if each has n_noise words."""
    return wv_noise_draws(n_noise, n_windows)


cdef class BagModel:
    """A trained classifier of bags, which threads can share. Rows have `size` values and zeros behind them.

    paths: offsets, nodes, codes and the longest path of each label, for the loss "hs".
    """

    cdef wv_bag_model model
    cdef int64_t n_rows
    cdef list arrays

    def __cinit__(self, const float[:, ::1] rows not None, const float[:, ::1] output not None, int32_t size,
                  str loss, paths=None):
        if rows.shape[1] != output.shape[1] or rows.shape[1] % WV_PAD or not 1 <= size <= rows.shape[1]:
            raise ValueError(f"rows of {rows.shape[1]} and {output.shape[1]} columns for {size} values")
        if loss not in BAG_LOSSES or not rows.shape[0] or not 1 <= output.shape[0] <= MAX_TARGETS:
            raise ValueError(f"loss {loss!r}, {rows.shape[0]} rows, {output.shape[0]} labels; give rows and labels")
        self.arrays = [rows, output]
        self.n_rows = rows.shape[0]
        self.model.input, self.model.output = &rows[0, 0], &output[0, 0]
        self.model.n_labels, self.model.stride, self.model.size = output.shape[0], rows.shape[1], size
        self.model.loss = <wv_bag_loss>(<int>BAG_LOSSES.index(loss))
        if loss == "hs":
            self.set_paths(paths[0], paths[1], paths[2])

    cdef int set_paths(
        self, const int64_t[::1] offsets, const int32_t[::1] nodes, const uint8_t[::1] codes
    ) except -1:
        check_offsets(offsets, nodes.shape[0], "the paths")
        check_ids(nodes, self.model.n_labels, "the paths")
        if offsets.shape[0] != self.model.n_labels + 1 or codes.shape[0] < nodes.shape[0] or not nodes.shape[0]:
            raise ValueError(f"{offsets.shape[0] - 1} paths for {self.model.n_labels} labels")
        self.arrays += [offsets, nodes, codes]
        self.model.paths.offsets, self.model.paths.ids, self.model.path_codes = &offsets[0], &nodes[0], &codes[0]
        return 0

    def predict(self, const int32_t[::1] ids not None, const int64_t[::1] offsets not None,
                const int64_t[::1] sizes not None, bint probabilities=True):
        """Return the mean of the rows of each bag (n, columns), and the probability of each label (n, n_labels).

        Bag b has the rows ids[offsets[b]:offsets[b + 1]] and sizes[b] features, those without rows included.
        probabilities: False returns None instead of them.
        """
        cdef int64_t n = sizes.shape[0]
        cdef wv_bags bags
        cdef wv_status status
        check_offsets(offsets, ids.shape[0], "the bags")
        check_ids(ids, self.n_rows, "the bags")
        if offsets.shape[0] != n + 1:
            raise ValueError(f"{offsets.shape[0] - 1} bags have {n} sizes; give one for each")
        means = np.empty((n, self.model.stride), np.float32)
        found = np.empty((n, self.model.n_labels), np.float32) if probabilities else None
        cdef float[:, ::1] to_means = means, to_found = found
        cdef float *to_probabilities = NULL if found is None else &to_found[0, 0]
        cdef wv_isa isa = chosen_isa()
        bags.ids = &ids[0] if ids.shape[0] else NULL
        bags.offsets, bags.sizes = &offsets[0], &sizes[0]
        with nogil:
            status = wv_predict_bags(&self.model, &bags, n, isa, &to_means[0, 0], to_probabilities)
        check(status, "prediction")
        return means, found


def count_columns(const int32_t[::1] columns, int64_t[::1] counts):
    """Add the number of cells in each column to counts (columns of the matrix)."""
    check_ids(columns, counts.shape[0], "columns")
    if columns.shape[0]:
        with nogil:
            wv_count_columns(&columns[0], columns.shape[0], &counts[0])


cdef class CellOrder:
    """Cells of a sparse matrix, grouped by blocks of rows and strips of columns (csrc/train/order.h).

    Call `count` for all rows of all blocks, `allocate`, then `order` for all rows again. Different threads may call
    them for different blocks. n_cells, n_units: (blocks, strips + 1) of each part, held-out cells in the last one.
    columns, values: (cells) in order. unit_offsets: (units + 1). unit_rows: (units).
    """

    cdef wv_cell_matrix matrix
    cdef wv_ordered_cells ordered
    cdef list arrays  # keeps alive what the matrix points to
    cdef const int32_t[::1] rows
    cdef const int64_t[::1] block_starts
    cdef int64_t[:, ::1] cells, units
    cdef int64_t[::1] n_counted, n_ordered
    cdef set busy
    cdef readonly object n_cells, n_units, columns, values, unit_offsets, unit_rows

    def __cinit__(self, const int64_t[::1] offsets, const int32_t[::1] columns, const float[::1] values,
                  const int64_t[::1] strip_ends, const int32_t[::1] rows, const int64_t[::1] block_starts,
                  *, uint32_t held_out, uint64_t key):
        """strip_ends: the column behind each strip. rows: all rows; block b has rows[block_starts[b] … ]."""
        cdef int64_t n_rows = offsets.shape[0] - 1, n_blocks = block_starts.shape[0] - 1
        check_offsets(offsets, min(columns.shape[0], values.shape[0]), "the cells")
        check_offsets(block_starts, rows.shape[0], "the blocks")
        check_ids(rows, n_rows, "the rows of blocks")
        if not strip_ends.shape[0] or (np.diff(strip_ends) <= 0).any():
            raise ValueError("the ends of strips must rise")
        check_ids(columns, strip_ends[strip_ends.shape[0] - 1], "columns")
        self.arrays = [offsets, columns, values, strip_ends]
        self.rows, self.block_starts, self.busy = rows, block_starts, set()
        self.matrix.offsets, self.matrix.strip_ends = &offsets[0], &strip_ends[0]
        self.matrix.columns = &columns[0] if columns.shape[0] else NULL
        self.matrix.values = &values[0] if values.shape[0] else NULL
        self.matrix.n_strips, self.matrix.held_out, self.matrix.key = <int32_t>strip_ends.shape[0], held_out, key
        self.n_cells = np.zeros((n_blocks, strip_ends.shape[0] + 1), np.int64)
        self.n_units = np.zeros_like(self.n_cells)
        self.cells, self.units = self.n_cells, self.n_units
        self.n_counted, self.n_ordered = np.zeros(n_blocks, np.int64), np.zeros(n_blocks, np.int64)

    cdef int64_t begin(self, int64_t block, int64_t done, int64_t most) except -1:
        """The number of rows of a block that a call takes; RuntimeError if another thread uses the block."""
        if not 0 <= block < self.block_starts.shape[0] - 1 or block in self.busy:
            raise RuntimeError(f"block {block} does not exist, or another thread uses it")
        cdef int64_t first = self.block_starts[block] + done, last = self.block_starts[block + 1], n = 0
        cdef int64_t cells = 0
        while first + n < last and cells < most:
            cells += 1 - self.matrix.offsets[self.rows[first + n]] + self.matrix.offsets[self.rows[first + n] + 1]
            n += 1
        self.busy.add(block)
        return n

    def count(self, int64_t block, int64_t most_cells):
        """Count the next rows of a block, about most_cells cells. Returns whether the block is finished."""
        cdef int64_t n = self.begin(block, self.n_counted[block], most_cells)
        cdef int64_t first = self.block_starts[block] + self.n_counted[block]
        if n and self.ordered.columns == NULL:
            with nogil:
                wv_count_parts(&self.matrix, &self.rows[first], n, &self.cells[block, 0], &self.units[block, 0])
            self.n_counted[block] += n
        self.busy.discard(block)
        return first + n == self.block_starts[block + 1]

    def allocate(self, columns, values, unit_offsets, unit_rows):
        """Give the arrays that `order` writes, with an element for each cell or unit (offsets: 1 more)."""
        cdef int32_t[::1] to_columns = columns, to_rows = unit_rows
        cdef float[::1] to_values = values
        cdef int64_t[::1] to_offsets = unit_offsets
        n_cells, n_units = int(self.n_cells.sum()), int(self.n_units.sum())
        sizes = (to_columns.shape[0], to_values.shape[0], to_offsets.shape[0] - 1, to_rows.shape[0])
        if sizes != (n_cells, n_cells, n_units, n_units) or not n_cells or self.ordered.columns != NULL:
            raise ValueError(f"arrays of {sizes} for {n_cells} cells in {n_units} units")
        if not np.array_equal(self.n_counted, np.diff(self.block_starts)):
            raise ValueError("count all rows before they are ordered")
        self.columns, self.values, self.unit_offsets, self.unit_rows = columns, values, unit_offsets, unit_rows
        self.ordered.columns, self.ordered.values = &to_columns[0], &to_values[0]
        self.ordered.unit_offsets, self.ordered.unit_rows = &to_offsets[0], &to_rows[0]
        unit_offsets[n_units] = n_cells
        self.cells, self.units = _starts(self.n_cells), _starts(self.n_units)

    def order(self, int64_t block, int64_t most_cells):
        """Write the next rows of a block, about most_cells cells. Returns whether the block is finished."""
        if self.ordered.columns == NULL:
            raise ValueError("allocate the arrays first")
        cdef int64_t n = self.begin(block, self.n_ordered[block], most_cells)
        cdef int64_t first = self.block_starts[block] + self.n_ordered[block]
        if n:
            with nogil:
                wv_order_cells(&self.matrix, &self.rows[first], n, &self.cells[block, 0], &self.units[block, 0],
                               &self.ordered)
            self.n_ordered[block] += n
        self.busy.discard(block)
        return first + n == self.block_starts[block + 1]


def _starts(counts):
    """The sum of all elements before each one, in the same shape."""
    return (np.cumsum(counts) - np.ravel(counts)).reshape(counts.shape)
