"""Guards around the training room of the C core: checks, then one call without the GIL."""

import os

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from wildvec.base.status import check


cdef extern from "wildvec.h":
    ctypedef int wv_status "enum wv_status"
    ctypedef int wv_isa "enum wv_isa"
    ctypedef int wv_objective "enum wv_objective"
    enum: WV_PAD
    enum: WV_TILE
    enum: WV_PATH_PADDING
    enum: WV_N_ISAS
    struct wv_alias:
        uint32_t threshold
    struct wv_task:
        const int32_t *ids
        const int64_t *sentences
        const uint32_t *keep
        float *input_rows
        float *output_rows
        float *node_rows
        const wv_alias *noise
        const int64_t *path_offsets
        const int32_t *path_nodes
        const uint8_t *path_codes
        int64_t max_chunk, share
        uint64_t seed
        int32_t n_words, dim, size, window, negative, max_path, n_hot, n_hottest, merge_every, n_workers
        const float *hot_uses
        int32_t shrink_windows, cbow_mean, one_pair_at_a_time
        wv_objective objective
        wv_isa isa
    struct wv_worker
    int wv_cpu_has(wv_isa isa)
    const char *wv_isa_name(wv_isa isa)
    wv_status wv_choose_isa(const char *name, wv_isa *isa)
    wv_status wv_alias_build(const double *weights, int32_t n, wv_alias *table) nogil
    size_t wv_worker_bytes(const wv_task *task)
    int64_t wv_noise_draws(int32_t negative, int64_t n_windows)
    wv_status wv_worker_new(const wv_task *task, wv_worker **worker) nogil
    void wv_worker_free(wv_worker *worker)
    wv_status wv_train(wv_worker *worker, int64_t epoch, int64_t first_chunk, int64_t n_chunks,
                       const int64_t *chunks, const float *rates, double *losses, int64_t *examples) nogil
    void wv_merge(wv_worker *worker) nogil
    void wv_merge_round(wv_worker *const *workers, int n_workers, int part, int n_parts, float rate) nogil
    void wv_stop(wv_task *task, int32_t stop)
    void wv_init_rows(float *rows, int64_t first, int64_t last, int32_t size, int32_t dim, uint64_t seed) nogil
    wv_status wv_huffman(const int64_t *counts, const int32_t *order, int32_t n, int64_t *offsets,
                         int32_t *nodes, uint8_t *codes) nogil
    wv_status wv_bench_step(wv_isa isa, int32_t m, int32_t n, int32_t dim, int64_t n_steps, uint64_t seed) nogil
    double wv_bench_fma(wv_isa isa, int64_t n_steps) nogil


PAD = WV_PAD
PATH_PADDING = WV_PATH_PADDING


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
        raise ValueError(f"a Huffman tree of {n} words takes an order of {n} and offsets of {n + 1}")
    cdef bint lengths_only = nodes is None or nodes.shape[0] == 0
    with nogil:
        status = wv_huffman(&counts[0], &order[0], n, &offsets[0],
                            NULL if lengths_only else &nodes[0], NULL if lengths_only else &codes[0])
    check(status, "Huffman tree")


def init_rows(float[:, ::1] rows, int64_t first, int32_t size, uint64_t seed):
    if not 0 <= first <= rows.shape[0] or not 0 < size <= rows.shape[1]:
        raise ValueError(f"no rows from {first} with {size} columns in {rows.shape[0]} × {rows.shape[1]}")
    cdef float *start = &rows[0, 0] if rows.shape[0] else NULL
    with nogil:
        wv_init_rows(start, first, rows.shape[0], size, <int32_t>rows.shape[1], seed)


cdef class Task:
    """What all workers of one training share: the corpus, the matrices, the settings."""

    cdef wv_task task
    # These keep alive what the task points to.
    cdef const int32_t[::1] ids
    cdef const int64_t[::1] sentences
    cdef const uint32_t[::1] keep
    cdef float[:, ::1] input_rows
    cdef float[:, ::1] output_rows
    cdef float[:, ::1] node_rows
    cdef const uint32_t[:, ::1] noise
    cdef const int64_t[::1] path_offsets
    cdef const int32_t[::1] path_nodes
    cdef const uint8_t[::1] path_codes
    cdef const float[:, ::1] hot_uses

    def __cinit__(self, const int32_t[::1] ids, const int64_t[::1] sentences, float[:, ::1] input_rows,
                  int32_t size, int64_t max_chunk):
        if sentences.shape[0] < 2 or sentences[sentences.shape[0] - 1] > ids.shape[0]:
            raise ValueError("the corpus is empty, or its sentences reach past its tokens")
        if input_rows.shape[1] % WV_PAD:
            raise ValueError(f"rows are padded to a multiple of {WV_PAD}, not {input_rows.shape[1]}")
        if not 1 <= size <= input_rows.shape[1]:
            raise ValueError(f"rows of {input_rows.shape[1]} floats, padding included, cannot have {size} in use")
        self.ids, self.sentences, self.input_rows = ids, sentences, input_rows
        self.task.ids = &ids[0]
        self.task.sentences = &sentences[0]
        self.task.input_rows = &input_rows[0, 0]
        self.task.n_words = <int32_t>input_rows.shape[0]
        self.task.dim = <int32_t>input_rows.shape[1]
        self.task.size = size
        self.task.max_chunk = max_chunk
        self.task.isa = chosen_isa()

    def subsample(self, const uint32_t[::1] keep):
        if keep.shape[0] != self.task.n_words:
            raise ValueError(f"{keep.shape[0]} thresholds for {self.task.n_words} words")
        self.keep = keep
        self.task.keep = &keep[0]

    def negative_sampling(self, float[:, ::1] output_rows, const uint32_t[:, ::1] noise, int32_t negative):
        if output_rows.shape[0] != self.task.n_words or output_rows.shape[1] != self.task.dim:
            raise ValueError("output rows must have the shape of the input rows")
        if noise.shape[0] != self.task.n_words or noise.shape[1] != 2 or negative < 1:
            raise ValueError(f"give an alias table of {self.task.n_words} rows and negative >= 1")
        self.output_rows, self.noise = output_rows, noise
        self.task.output_rows = &output_rows[0, 0]
        self.task.noise = <const wv_alias *>&noise[0, 0]
        self.task.negative = negative

    def hierarchical_softmax(self, float[:, ::1] node_rows, const int64_t[::1] offsets,
                             const int32_t[::1] nodes, const uint8_t[::1] codes, int32_t max_path):
        if node_rows.shape[0] != self.task.n_words - 1 or node_rows.shape[1] != self.task.dim:
            raise ValueError("node rows must be one fewer than the input rows and as long")
        if offsets.shape[0] != self.task.n_words + 1 or nodes.shape[0] != codes.shape[0]:
            raise ValueError(f"{offsets.shape[0] - 1} Huffman paths for {self.task.n_words} words")
        if nodes.shape[0] < offsets[self.task.n_words] + WV_PATH_PADDING:
            raise ValueError(f"{nodes.shape[0]} nodes: the Huffman paths lack their padding of {WV_PATH_PADDING}")
        self.node_rows, self.path_offsets = node_rows, offsets
        self.path_nodes, self.path_codes = nodes, codes
        self.task.node_rows = &node_rows[0, 0]
        self.task.path_offsets = &offsets[0]
        self.task.path_nodes = &nodes[0]
        self.task.path_codes = &codes[0]
        self.task.max_path = max_path

    def settings(self, *, bint cbow, int32_t window, bint shrink_windows, bint cbow_mean,
                 bint one_pair_at_a_time, uint64_t seed, int32_t n_hottest, int32_t merge_every,
                 int32_t n_workers, const float[:, ::1] hot_uses, int64_t share=0):
        """hot_uses: (3, private rows) how often a centre uses each: as input row, as output row, as node."""
        cdef int32_t n_hot = <int32_t>hot_uses.shape[1]
        if window < 1 or n_hottest < (n_hot > 0) or merge_every < 1 or n_workers < 1 or share < 0:
            raise ValueError(f"window={window}, n_hottest={n_hottest}, merge_every={merge_every}, "
                             f"n_workers={n_workers}, share={share}: out of range")
        if hot_uses.shape[0] != 3:
            raise ValueError(f"uses of private rows in {hot_uses.shape[0]} matrices instead of 3")
        self.task.objective = <wv_objective>cbow
        self.task.window = window
        self.task.shrink_windows = shrink_windows
        self.task.cbow_mean = cbow_mean
        self.task.one_pair_at_a_time = one_pair_at_a_time
        self.task.seed = seed
        self.task.n_hot = n_hot
        self.task.n_hottest = n_hottest
        self.task.merge_every = merge_every
        self.task.n_workers = n_workers
        self.hot_uses = hot_uses
        self.task.hot_uses = &hot_uses[0, 0] if n_hot else NULL
        self.task.share = share

    cdef void check_share(self, const int64_t[:, ::1] chunks) except *:
        cdef int64_t tokens = 0
        cdef Py_ssize_t c
        for c in range(chunks.shape[0]):
            tokens += self.sentences[chunks[c, 1]] - self.sentences[chunks[c, 0]]
        if 0 < self.task.share < tokens:
            raise ValueError(f"{tokens} tokens in a share, but workers have room for {self.task.share}")

    def stop(self, bint stop=True):
        wv_stop(&self.task, stop)


cdef class Worker:
    """One thread's scratch and private rows; `train` runs without the GIL, between two calls of `merge`."""

    cdef wv_worker *worker
    cdef Task task

    def __cinit__(self, Task task not None):
        cdef wv_status status
        self.task = task
        with nogil:
            status = wv_worker_new(&task.task, &self.worker)
        check(status, "scratch of a worker")

    def __dealloc__(self):
        wv_worker_free(self.worker)

    def train(self, int64_t epoch, int64_t first_chunk, const int64_t[:, ::1] chunks, const float[::1] rates,
              double[::1] losses):
        """Train a lease; the loss of each chunk goes to `losses`. Answers how many examples there were."""
        cdef int64_t examples
        cdef wv_status status
        cdef int64_t n = rates.shape[0]
        if n == 0 or chunks.shape[0] != n or chunks.shape[1] != 2 or losses.shape[0] != n:
            raise ValueError(f"{n} rates and {losses.shape[0]} losses for {chunks.shape[0]} chunks")
        if chunks[0, 0] < 0 or chunks[n - 1, 1] >= self.task.sentences.shape[0]:
            raise ValueError("chunks reach past the sentences of the corpus")
        self.task.check_share(chunks)
        with nogil:
            status = wv_train(self.worker, epoch, first_chunk, n, &chunks[0, 0], &rates[0], &losses[0], &examples)
        check(status, f"epoch {epoch + 1}")
        return examples

    def merge(self):
        """Bring private and shared rows together: first, last, and whenever others may read or change matrices."""
        with nogil:
            wv_merge(self.worker)


def merge_round(workers, int part, int n_parts, float rate):
    """Add up what the workers changed in a round: one of n_parts parts, each of which a thread may take."""
    cdef int n = len(workers)
    cdef wv_worker **pointers = <wv_worker **>malloc(max(n, 1) * sizeof(wv_worker *))
    if not pointers:
        raise MemoryError(f"no room for the addresses of {n} workers")
    try:
        for w in range(n):
            pointers[w] = (<Worker?>workers[w]).worker
        with nogil:
            wv_merge_round(pointers, n, part, n_parts, rate)
    finally:
        free(pointers)


def noise_draws(int32_t negative, int64_t n_windows):
    """How many different draws of noise the first windows of a chunk take, in the block update."""
    return wv_noise_draws(negative, n_windows)


def worker_bytes(*, bint cbow, int32_t n_words, int32_t dim, int32_t window, int32_t negative, int32_t max_path,
                 int32_t n_hot, int64_t max_chunk):
    """Bytes of a worker's scratch and private rows; negative and max_path are 0 where there are no such rows."""
    cdef float row
    cdef wv_task task
    memset(&task, 0, sizeof(task))
    task.objective = <wv_objective>cbow
    task.n_words, task.dim, task.window, task.negative = n_words, dim, window, negative
    task.max_path, task.n_hot, task.max_chunk = max_path, n_hot, max_chunk
    task.input_rows = &row
    task.output_rows = &row if negative else NULL
    task.node_rows = &row if max_path else NULL
    return wv_worker_bytes(&task)


def bench_step(int32_t m, int32_t n, int32_t dim, int64_t n_steps, uint64_t seed):
    cdef wv_status status
    cdef wv_isa isa = chosen_isa()
    if not 1 <= m <= WV_TILE or n < 1 or dim < 1 or dim % WV_PAD:
        raise ValueError(f"a block of {m} × {n} rows of {dim}: 1 <= m <= {WV_TILE}, n >= 1, "
                         f"dim a multiple of {WV_PAD}")
    with nogil:
        status = wv_bench_step(isa, m, n, dim, n_steps, seed)
    check(status, "benchmark")


def bench_fma(int64_t n_steps):
    cdef double flops
    cdef wv_isa isa = chosen_isa()
    with nogil:
        flops = wv_bench_fma(isa, n_steps)
    return flops
