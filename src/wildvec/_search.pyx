"""Checked access to the search of the C core (csrc/search): all scores of queries and rows, or the best ones."""

from libc.stdint cimport int32_t, int64_t

from wildvec.base.status import check


cdef extern from "wildvec.h" nogil:
    enum wv_isa:
        pass
    int wv_choose_isa(const char *name, wv_isa *isa)

    struct wv_queries:
        pass
    struct wv_best:
        pass
    int wv_queries_new(const float *queries, int64_t n, int64_t dim, wv_isa isa, wv_queries **out)
    int wv_product_queries_new(const float *queries, int64_t n, int64_t dim, float longest, wv_isa isa,
                               wv_queries **out)
    void wv_queries_free(wv_queries *queries)
    int wv_best_new(const wv_queries *queries, int64_t k, wv_best **out)
    void wv_best_free(wv_best *best)
    void wv_best_exclude(wv_best *best, const int64_t *offsets, const int32_t *ids)
    void wv_best_scan(wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
    void wv_best_offer(wv_best *best, const float *scores, int64_t n, int64_t first)
    void wv_best_merge(wv_best *best, const wv_best *other)
    void wv_best_write(wv_best *best, float *scores, int64_t *rows)
    void wv_cosines(const wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                    int64_t out_stride)

    struct wv_row_lists:
        const float *rows
        const float *own
        int64_t stride, own_stride, dim
        const int32_t *ids
        const int64_t *offsets
        int64_t n
    void wv_mean_rows(const wv_row_lists *lists, float *means)


def choose_isa(str name) -> int:
    """Return the number of an instruction set; "" is the best one that this CPU has."""
    cdef wv_isa isa
    encoded = name.encode()
    check(wv_choose_isa(encoded, &isa), f"WILDVEC_ISA={name!r}" if name else "")
    return isa


cdef class Queries:
    """The queries of a search, (n, dim) rows. Searching only reads them, so workers share them.

    longest: None: scores are cosines, and queries have the length 1. Else scores are dot products, and it is the
    largest length of the rows that are searched; longer ones may be missed.
    """

    cdef wv_queries *handle
    cdef int64_t n, dim

    def __cinit__(self, const float[:, ::1] rows, int isa, longest=None):
        self.n = rows.shape[0]
        self.dim = rows.shape[1]
        if self.n == 0 or self.dim == 0:
            raise ValueError(f"queries of shape {(self.n, self.dim)}; give at least one vector of one number")
        if longest is None:
            check(wv_queries_new(&rows[0, 0], self.n, self.dim, <wv_isa>isa, &self.handle), "search")
        else:
            check(
                wv_product_queries_new(&rows[0, 0], self.n, self.dim, longest, <wv_isa>isa, &self.handle), "search"
            )

    def __dealloc__(self):
        wv_queries_free(self.handle)

    def cosines(self, const float[:, :] rows, float[:, ::1] out, int64_t first) -> None:
        """Write the score of query q and row i to out[q, first + i]."""
        cdef int64_t n = rows.shape[0], stride = row_stride(rows, self.dim)
        if out.shape[0] != self.n or not 0 <= first <= out.shape[1] - n:
            shape = out.shape[0], out.shape[1]
            raise ValueError(f"{self.n} x {n} scores from column {first} do not fit into out of shape {shape}")
        if n:
            with nogil:
                wv_cosines(self.handle, &rows[0, 0], n, stride, &out[0, first], out.shape[1])


cdef int64_t row_stride(const float[:, :] rows, int64_t dim) except? -1:
    """Check the shape, and return the number of floats from one row to the next."""
    if rows.shape[1] != dim or (dim > 1 and rows.strides[1] != 4) or rows.strides[0] % 4:
        raise ValueError(f"rows of {rows.shape[1]} numbers do not fit queries of {dim}")
    return rows.strides[0] // 4


cdef int64_t MAX_ENTRIES = 1 << 48  # their size in bytes does not overflow


cdef class Best:
    """The k best rows for each query, among the rows that one worker has scanned."""

    cdef wv_best *handle
    cdef readonly Queries queries
    cdef int64_t k
    cdef const int64_t[::1] excluded_offsets
    cdef const int32_t[::1] excluded_ids

    def __cinit__(self, Queries queries not None, int64_t k):
        if not 1 <= k <= MAX_ENTRIES // queries.n:
            raise ValueError(f"k={k}; give a number from 1 to {MAX_ENTRIES // queries.n:,}")
        self.queries = queries
        self.k = k
        check(wv_best_new(queries.handle, k, &self.handle), "search")

    def __dealloc__(self):
        wv_best_free(self.handle)

    def exclude(self, const int64_t[::1] offsets not None, const int32_t[::1] ids not None) -> None:
        """Leave out, for query q, the rows ids[offsets[q]:offsets[q + 1]], which are ascending.

        Offsets may begin above 0 and end before the last id.
        """
        cdef int64_t q, n = self.queries.n
        if offsets.shape[0] != n + 1 or offsets[0] < 0 or offsets[n] > ids.shape[0]:
            raise ValueError(f"{offsets.shape[0]} offsets do not divide {ids.shape[0]} ids for {n} queries")
        for q in range(n):
            if offsets[q] > offsets[q + 1]:
                raise ValueError(f"offsets[{q + 1}] is smaller than offsets[{q}]")
        self.excluded_offsets, self.excluded_ids = offsets, ids  # they must live as long as the handle
        wv_best_exclude(self.handle, &offsets[0], &ids[0] if ids.shape[0] else NULL)

    def scan(self, const float[:, :] rows, int64_t first) -> None:
        """Scan rows (n, dim), which have the numbers first, first + 1, ..."""
        cdef int64_t n = rows.shape[0], stride = row_stride(rows, self.queries.dim)
        if n:
            with nogil:
                wv_best_scan(self.handle, &rows[0, 0], n, stride, first)

    def offer(self, const float[::1] scores, int64_t first) -> None:
        """Do the same with known scores (n,) for query 0."""
        cdef int64_t n = scores.shape[0]
        if n:
            with nogil:
                wv_best_offer(self.handle, &scores[0], n, first)

    def merge(self, Best other not None) -> None:
        """Add the rows that another worker of the same search has found."""
        if other.queries is not self.queries or other.k != self.k:
            raise ValueError("only workers of one search, with the same k, can be merged")
        with nogil:
            wv_best_merge(self.handle, other.handle)

    def write(self, float[:, ::1] scores, int64_t[:, ::1] rows) -> None:
        """Write scores and rows, (n, k), best first; NaN and -1 where fewer than k rows are found.

        The object cannot be used afterwards.
        """
        if (scores.shape[0], scores.shape[1]) != (self.queries.n, self.k):
            raise ValueError("scores must be of shape (queries, k)")
        if (rows.shape[0], rows.shape[1]) != (self.queries.n, self.k):
            raise ValueError("rows must be of shape (queries, k)")
        with nogil:
            wv_best_write(self.handle, &scores[0, 0], &rows[0, 0])


cdef int check_lists(const int32_t[::1] ids, const int64_t[::1] offsets, int64_t n, int64_t n_rows) except -1:
    """Raise ValueError unless the offsets divide the ids into n lists, and each id is -1 or a row."""
    cdef int64_t i
    if offsets.shape[0] != n + 1 or offsets[0] != 0 or offsets[n] != ids.shape[0]:
        raise ValueError(f"{offsets.shape[0]} offsets do not divide {ids.shape[0]} ids into {n} lists")
    for i in range(n):
        if offsets[i] > offsets[i + 1]:
            raise ValueError(f"offsets[{i + 1}] is smaller than offsets[{i}]")
    for i in range(ids.shape[0]):
        if not -1 <= ids[i] < n_rows:
            raise ValueError(f"ids[{i}]={ids[i]} is no row of {n_rows}")


def mean_rows(
    const float[:, :] rows not None,
    const int32_t[::1] ids not None,
    const int64_t[::1] offsets not None,
    float[:, ::1] means not None,
    const float[:, :] own=None,
) -> None:
    """Set means[i] to the mean of the rows ids[offsets[i]:offsets[i + 1]] and of own[i]; zeros for no rows.

    An id of -1 stands for no row.
    """
    cdef int64_t n = means.shape[0], dim = means.shape[1]
    check_lists(ids, offsets, n, rows.shape[0])
    cdef wv_row_lists lists = wv_row_lists(NULL, NULL, row_stride(rows, dim), 0, dim, NULL, &offsets[0], n)
    if not (n and dim):
        return
    if rows.shape[0]:
        lists.rows = &rows[0, 0]
    if ids.shape[0]:
        lists.ids = &ids[0]
    if own is not None:
        if own.shape[0] != n:
            raise ValueError(f"{own.shape[0]} rows of their own for {n} lists")
        lists.own, lists.own_stride = &own[0, 0], row_stride(own, dim)
    with nogil:
        wv_mean_rows(&lists, &means[0, 0])
