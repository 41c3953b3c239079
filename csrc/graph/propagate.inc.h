/* The kernels of propagation; the same code for every instruction set. Sums stay in registers: a part of a row (TILE_VECS vectors), or
 * TILE_ROWS parts of that size. */

enum {
    TILE_ROWS = 4,
    TILE_VECS = VEC_REGISTERS >= 32 ? 4 : 2,  /* TILE_ROWS * TILE_VECS sums and the factors are in registers */
    STEP_VECS = VEC_REGISTERS >= 32 ? 16 : 8, /* of one row in a propagation */
    EDGES_AHEAD = 8,                          /* rows of neighbours that are prefetched */
    EDGES_OF_CHECK = 4096,                    /* edges between two checks of `stop` */
    FLOATS_OF_LINE = 16
};

/* Calls body(..., n) for n vectors of the columns 0 … width, as many at a time as `most`, then as powers of two. n is a constant. */
#define BY_VECS(width, most, body, ...)                                                                            \
    do {                                                                                                           \
        int64_t at = 0;                                                                                            \
        for (; at + (int)(most) * VEC_LANES <= (width); at += (int)(most) * VEC_LANES)                             \
            body(__VA_ARGS__, at, most);                                                                           \
        for (; (int)(most) > 8 && at + 8 * VEC_LANES <= (width); at += 8 * VEC_LANES)                              \
            body(__VA_ARGS__, at, (most) > 8 ? 8 : 1);                                                             \
        for (; (int)(most) > 4 && at + 4 * VEC_LANES <= (width); at += 4 * VEC_LANES)                              \
            body(__VA_ARGS__, at, (most) > 4 ? 4 : 1);                                                             \
        for (; at < (width); at += VEC_LANES)                                                                      \
            body(__VA_ARGS__, at, 1);                                                                              \
    } while (0)

/* Adds the rows of the neighbours first … last, from column `at` on, to the sums. */
WV_INLINE void add_neighbours(const struct wv_propagation *step, int64_t first, int64_t last, int64_t n_edges,
                              int64_t at, int n_vecs, vec *sums)
{
    const int32_t *neighbours = step->graph.neighbours;
    const float *weights = step->graph.weights;
    for (int64_t e = first; e < last; e++) {
        const float *row = step->from + neighbours[e] * step->width + at;
        if (e + EDGES_AHEAD < n_edges) {
            const float *later = step->from + neighbours[e + EDGES_AHEAD] * step->width + at;
            WV_UNROLL
            for (int f = 0; f < n_vecs * VEC_LANES; f += FLOATS_OF_LINE)
                WV_PREFETCH(later + f);
        }
        if (weights) {
            const vec weight = vec_set(weights[e]);
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++)
                sums[v] = vec_fma(weight, vec_load(row + v * VEC_LANES), sums[v]);
        } else {
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++)
                sums[v] = vec_add(sums[v], vec_load(row + v * VEC_LANES));
        }
    }
}

WV_INLINE void propagate_part(const struct wv_propagation *step, int64_t node, const int32_t *stop, int64_t at,
                              int n_vecs)
{
    const int64_t *offsets = step->graph.offsets;
    const int64_t end = offsets[node + 1], n_edges = offsets[step->graph.n_nodes];
    const float *from = step->from + node * step->width + at;
    float *to = step->to + node * step->width + at;
    vec sums[STEP_VECS];
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        sums[v] = vec_zero();
    for (int64_t e = offsets[node]; e < end && !WV_LOAD_RELAXED(stop); e += EDGES_OF_CHECK)
        add_neighbours(step, e, end - e < EDGES_OF_CHECK ? end : e + EDGES_OF_CHECK, n_edges, at, n_vecs, sums);
    const vec scale = vec_set(step->scale[node]), shift = vec_set(step->shift);
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++) {
        const vec own = vec_mul(shift, vec_load(from + v * VEC_LANES));
        vec_store(to + v * VEC_LANES, vec_fma(scale, sums[v], own));
    }
}

static void propagate(const struct wv_propagation *step, int64_t first, int64_t last, const int32_t *stop)
{
    for (int64_t node = first; node < last && !WV_LOAD_RELAXED(stop); node++)
        BY_VECS(step->width, STEP_VECS, propagate_part, step, node, stop);
}

/* Adds the products of TILE_ROWS columns from `row` on with n_vecs vectors of columns from `at` on. */
WV_INLINE void gram_part(const float *rows, const float *weights, int64_t n, int64_t width, double *gram,
                         int64_t row, int64_t at, int n_vecs)
{
    vec sums[TILE_ROWS][TILE_VECS];
    float values[TILE_VECS * VEC_LANES];
    if (at + n_vecs * VEC_LANES <= row)
        return; /* below the diagonal */
    WV_UNROLL
    for (int k = 0; k < TILE_ROWS * n_vecs; k++)
        sums[k / n_vecs][k % n_vecs] = vec_zero();
    for (int64_t i = 0; i < n; i++, rows += width) {
        WV_UNROLL
        for (int r = 0; r < TILE_ROWS; r++) {
            const vec factor = vec_set(rows[row + r] * weights[i]);
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++)
                sums[r][v] = vec_fma(factor, vec_load(rows + at + v * VEC_LANES), sums[r][v]);
        }
    }
    WV_UNROLL
    for (int r = 0; r < TILE_ROWS; r++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            vec_store(values + v * VEC_LANES, sums[r][v]);
        for (int k = 0; k < n_vecs * VEC_LANES; k++)
            gram[(row + r) * width + at + k] += values[k];
    }
}

static void gram(const float *rows, const float *weights, int64_t n, int64_t width, double *sums)
{
    memset(sums, 0, (size_t)(width * width) * sizeof *sums);
    for (int64_t first = 0; first < n; first += WV_GRAM_ROWS) {
        const int64_t n_rows = n - first < WV_GRAM_ROWS ? n - first : WV_GRAM_ROWS;
        for (int64_t row = 0; row < width; row += TILE_ROWS)
            BY_VECS(width, TILE_VECS, gram_part, rows + first * width, weights + first, n_rows, width, sums, row);
    }
}

/* n_vecs vectors of the product of n_rows <= TILE_ROWS rows with the factors, from column `at` on. */
WV_INLINE void multiply_part(const float *from, int64_t n_rows, int64_t width, const float *factors, float *to,
                             int64_t at, int n_vecs)
{
    vec sums[TILE_ROWS][TILE_VECS];
    WV_UNROLL
    for (int k = 0; k < TILE_ROWS * n_vecs; k++)
        sums[k / n_vecs][k % n_vecs] = vec_zero();
    for (int64_t c = 0; c < width; c++) {
        vec factor[TILE_VECS];
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            factor[v] = vec_load(factors + c * width + at + v * VEC_LANES);
        WV_UNROLL
        for (int r = 0; r < TILE_ROWS; r++) { /* a row that does not exist is computed as the first one */
            const vec value = vec_set(from[(r < n_rows ? r : 0) * width + c]);
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++)
                sums[r][v] = vec_fma(value, factor[v], sums[r][v]);
        }
    }
    for (int r = 0; r < TILE_ROWS && r < n_rows; r++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            vec_store(to + r * width + at + v * VEC_LANES, sums[r][v]);
    }
}

static void multiply(const float *from, int64_t n, int64_t width, const float *factors, float *to)
{
    for (int64_t i = 0; i < n; i += TILE_ROWS)
        BY_VECS(width, TILE_VECS, multiply_part, from + i * width, n - i, width, factors, to + i * width);
}

static void scale(float *rows, int64_t n, int64_t width, float length)
{
    for (int64_t i = 0; i < n; i++, rows += width) {
        vec squares = vec_zero();
        for (int64_t at = 0; at < width; at += VEC_LANES)
            squares = vec_fma(vec_load(rows + at), vec_load(rows + at), squares);
        const float sum = vec_sum(squares);
        const vec factor = vec_set(sum > 0 ? length / sqrtf(sum) : 0);
        for (int64_t at = 0; at < width; at += VEC_LANES)
            vec_store(rows + at, vec_mul(factor, vec_load(rows + at)));
    }
}
