/* The only code that touches weight rows. In: row pointers, or a view and row numbers. Out: rows read or changed. How
 * private copies come back is not here (see merge).
 *
 * HOGWILD: workers read and write shared rows at the same time, on purpose and without locks (Niu, Recht, Ré,
 * Wright 2011). A lost update costs a gradient of one pair, or of one merge; a lock would cost more. This is the one
 * room where that happens: no other code may take part in a data race. */

WV_INLINE vec row_load(const float *row, int at) { return vec_load(row + at); }
WV_INLINE void row_store(float *row, int at, vec value) { vec_store(row + at, value); }
WV_INLINE void row_add(float *row, int at, vec delta) { row_store(row, at, vec_add(row_load(row, at), delta)); }

/* What `pack` rows hold from `at` on, in one vector that they share, or that one row fills; and what of another row meets
 * each of them there. */
WV_INLINE vec rows_load(float *const *rows, int at, int pack)
{
    return pack == 1 ? row_load(rows[0], at) : vec_load_packed(rows, at);
}
WV_INLINE vec row_load_repeated(const float *row, int at, int pack)
{
    return pack == 1 ? row_load(row, at) : vec_load_repeated(row + at);
}

/* The copy of row i in this round, made at its first use: until the merge nobody writes to the shared row. */
static float *row_in_round(struct wv_rows *view, int32_t i)
{
    const int32_t known = view->copy_of[i], copy = known ? known - 1 : view->n_copied;
    float *row = view->copies + copy * view->stride;
    if (!known) {
        memcpy(row, view->shared + i * view->stride, (size_t)view->stride * sizeof *row);
        view->copy_of[i] = ++view->n_copied;
        view->copied[copy] = i;
        view->uses[copy] = 0;
    }
    view->uses[copy]++;
    return row;
}

/* Asks for the cache lines of n rows that begin in n_vecs vectors, a constant of the caller, from `at` on. */
WV_INLINE void rows_prefetch(float *const *rows, int n, int at, int n_vecs)
{
    for (int k = 0; k < n; k++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            if ((int)VEC_LANES == WV_PAD || (at + v * VEC_LANES) % WV_PAD == 0) /* a vector may be a line */
                WV_PREFETCH_TO_WRITE(rows[k] + at + v * VEC_LANES);
    }
}

/* Asks for a row that will be copied: to read, for others copy it too. */
WV_INLINE void ask_in_round(const struct wv_rows *view, int32_t i)
{
    for (int at = 0; !view->copy_of[i] && at < view->stride; at += WV_PAD)
        WV_PREFETCH(view->shared + i * view->stride + at);
}

/* A few rows before one is copied, it is asked for. */
static void rows_in_round(struct wv_rows *view, const int32_t *ids, int64_t n, float **rows)
{
    for (int64_t k = -WV_AHEAD; k < n; k++) {
        if (k + WV_AHEAD < n)
            ask_in_round(view, ids[k + WV_AHEAD]);
        if (k >= 0)
            rows[k] = row_in_round(view, ids[k]);
    }
}

/* Where the rows ids[0 … n) are for the worker that owns the view: its private copies if it has them, else the shared
 * ones. But for rounds, both arrays have room up to a multiple of WV_OVERRUN. */
WV_INLINE void rows_at(struct wv_rows *view, const int32_t *ids, int64_t n, float **rows)
{
    if (view->copy_of) {
        rows_in_round(view, ids, n, rows);
        return;
    }
    float *const shared = view->shared, *const copies = view->copies;
    const int32_t n_private = view->n_private;
    const int64_t stride = view->stride;
    for (int64_t at = 0; at < n; at += WV_OVERRUN) {
        for (int64_t k = at; k < at + WV_OVERRUN; k++)
            rows[k] = (ids[k] < n_private ? copies : shared) + ids[k] * stride;
    }
}
