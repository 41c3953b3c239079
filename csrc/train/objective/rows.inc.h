/* The only code that touches weight rows. In: row pointers and, for the merge, a view. Out: rows read or changed.
 *
 * HOGWILD: workers read and write shared rows at the same time, on purpose and without locks (Niu, Recht, Ré,
 * Wright 2011). A lost update costs a gradient of one pair; a lock would cost more. This is the one room where
 * that happens: no other code may take part in a data race. */

WV_INLINE vec row_load(const float *row, int at) { return vec_load(row + at); }
WV_INLINE void row_store(float *row, int at, vec value) { vec_store(row + at, value); }
WV_INLINE void row_add(float *row, int at, vec delta) { row_store(row, at, vec_add(row_load(row, at), delta)); }

/* Where row i is for the worker that owns the view: its private copy if the row is hot, else the shared one. */
WV_INLINE float *row_at(const struct wv_rows *view, int32_t i)
{
    return i < view->n_hot ? view->hot + (int64_t)i * view->stride : view->shared + (int64_t)i * view->stride;
}

/* Asks for the cache lines of a row that begin in first … last. */
WV_INLINE void row_prefetch(const float *row, int first, int last)
{
    for (int at = (first + 15) / 16 * 16; at < last; at += 16)
        WV_PREFETCH(row + at);
}

/* Adds what the worker changed in its private rows to the shared ones and takes over what the others changed. */
static void rows_merge(const struct wv_rows *view)
{
    int64_t n = (int64_t)view->n_hot * view->stride;
    for (int64_t at = 0; at < n; at += VEC_LANES) {
        vec delta = vec_sub(vec_load(view->hot + at), vec_load(view->base + at));
        vec merged = vec_add(vec_load(view->shared + at), delta);
        vec_store(view->shared + at, merged);
        vec_store(view->hot + at, merged);
        vec_store(view->base + at, merged);
    }
}
