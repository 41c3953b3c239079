/* The rows of a bag: their mean, and the same gradient added to all of them. In: row pointers. Out: the mean; changed rows. */

/* No value of a row exceeds this, so rows stay finite whatever the rate. */
static const float MAX_VALUE = 1e4f;

/* Rows that are prefetched before they are summed. */
enum { BAG_AHEAD = 48 };

WV_INLINE vec clamp(vec x) { return vec_max(vec_set(-MAX_VALUE), vec_min(vec_set(MAX_VALUE), x)); }

/* hidden = scale * the sum of n rows, vectors from `at` on. Two sums at once hide the latency of additions. The rows behind
 * them are prefetched, n_later of them. */
WV_INLINE void sum_bag(float *const *rows, int64_t n, int64_t n_later, float *hidden, int at, int n_vecs,
                       float scale)
{
    vec sum[2][VECS_AT_ONCE];
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        sum[0][v] = sum[1][v] = vec_zero();
    for (int64_t k = 0; k < n; k += 2) {
        const int64_t second = k + 1 < n;
        if (k + BAG_AHEAD + 1 < n_later)
            rows_prefetch(rows + k + BAG_AHEAD, 2, at, n_vecs);
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            sum[0][v] = vec_add(sum[0][v], row_load(rows[k] + at, v * VEC_LANES));
            if (second)
                sum[1][v] = vec_add(sum[1][v], row_load(rows[k + 1] + at, v * VEC_LANES));
        }
    }
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        vec_store(hidden + at + v * VEC_LANES, vec_mul(vec_set(scale), vec_add(sum[0][v], sum[1][v])));
}

/* row = keep * row + step * gradient for n rows. */
WV_INLINE void add_to_bag(float *const *rows, int64_t n, const float *gradient, int at, int n_vecs, float step,
                          float keep)
{
    vec change[VECS_AT_ONCE];
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        change[v] = vec_mul(vec_set(step), vec_load(gradient + at + v * VEC_LANES));
    for (int64_t k = 0; k < n; k++) {
        float *row = rows[k] + at;
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            row_store(row, v * VEC_LANES, clamp(vec_fma(row_load(row, v * VEC_LANES), vec_set(keep), change[v])));
    }
}

/* hidden = the mean of the rows of a bag. n_later: rows from the first one on that may be prefetched. */
static void compose_bag(float *const *rows, int64_t n, int64_t n_later, float *hidden, int width)
{
    const float scale = 1 / (float)n;
    int at = 0;
    for (; at + VECS_AT_ONCE * VEC_LANES <= width; at += VECS_AT_ONCE * VEC_LANES)
        sum_bag(rows, n, n_later, hidden, at, VECS_AT_ONCE, scale);
    for (; at + 2 * VEC_LANES <= width; at += 2 * VEC_LANES)
        sum_bag(rows, n, n_later, hidden, at, 2, scale);
    for (; at < width; at += VEC_LANES)
        sum_bag(rows, n, n_later, hidden, at, 1, scale);
}

static void spread_bag(float *const *rows, int64_t n, const float *gradient, int width, float step, float keep)
{
    int at = 0;
    for (; at + VECS_AT_ONCE * VEC_LANES <= width; at += VECS_AT_ONCE * VEC_LANES)
        add_to_bag(rows, n, gradient, at, VECS_AT_ONCE, step, keep);
    for (; at + 2 * VEC_LANES <= width; at += 2 * VEC_LANES)
        add_to_bag(rows, n, gradient, at, 2, step, keep);
    for (; at < width; at += VEC_LANES)
        add_to_bag(rows, n, gradient, at, 1, step, keep);
}

/* The same for rows that have rates of their own: 0 freezes a row. ids: of the rows. */
static void spread_bag_by_rates(const struct wv_matrix *matrix, const int32_t *ids, float *const *rows, int64_t n,
                                const float *gradient, int width, float step)
{
    for (int64_t k = 0; k < n; k++) {
        const float factor = matrix->row_rate[ids[k]];
        if (factor > 0)
            spread_bag(rows + k, 1, gradient, width, factor * step / (float)n,
                       fmaxf(0, 1 - factor * step * matrix->l2));
    }
}
