/* The two passes of a step over rows. In: row pointers, a gradient per pair. Out: sums whose lanes are not yet added;
 * changed rows. How products become gradients is not here (see step).
 *
 * m, the number of hidden rows, is a constant of the caller, so that they, their sums and their gradients stay in
 * registers while target rows stream past. Pair (i, j) of a block lies at [j * m + i]. */

WV_INLINE vec row_fetch(const float *row, int at)
{
    vec value = row_load(row, at);
    WV_IN_REGISTER(value);
    return value;
}

/* All products of n rows that registers hold with n_other rows that pass by, lanes not yet summed: that of row a with
 * other row b goes to partial[(a * step + b * other_step) * VEC_LANES]. Both numbers, at most WV_TILE and 7, are
 * constants of the caller. */
WV_INLINE void dot_tile(float *const *rows, int n, int step, float *const *other_rows, int n_other, int other_step,
                        float *partial, int dim)
{
    vec sum[7][7];
    WV_UNROLL
    for (int b = 0; b < n_other; b++) {
        WV_UNROLL
        for (int a = 0; a < n; a++)
            sum[b][a] = vec_zero();
    }
    for (int at = 0; at < dim; at += VEC_LANES) {
        vec row[7];
        WV_UNROLL
        for (int a = 0; a < n; a++)
            row[a] = row_fetch(rows[a], at);
        WV_UNROLL
        for (int b = 0; b < n_other; b++) {
            const vec other = row_fetch(other_rows[b], at);
            WV_UNROLL
            for (int a = 0; a < n; a++)
                sum[b][a] = vec_fma(row[a], other, sum[b][a]);
        }
    }
    WV_UNROLL
    for (int b = 0; b < n_other; b++) {
        WV_UNROLL
        for (int a = 0; a < n; a++)
            vec_store(partial + (int64_t)(a * step + b * other_step) * VEC_LANES, sum[b][a]);
    }
}

/* Hidden rows i … i + n_rows with targets j … j + n: registers hold those that are fewer. */
WV_INLINE void dot_part(const struct wv_block *block, float *partial, int dim, int m, int i, int n_rows, int j,
                        int n)
{
    partial += (int64_t)(j * m + i) * VEC_LANES;
    if (n_rows < n)
        dot_tile(block->hidden + i, n_rows, 1, block->targets + j, n, m, partial, dim);
    else
        dot_tile(block->targets + j, n, m, block->hidden + i, n_rows, 1, partial, dim);
}

/* All hidden rows with n targets: in two halves where registers do not hold all their sums. */
WV_INLINE void dot_rows(const struct wv_block *block, float *partial, int dim, int m, int j, int n)
{
    const int half = m * n + (m < n ? m : n) >= VEC_REGISTERS ? (m + 1) / 2 : m;
    dot_part(block, partial, dim, m, 0, half, j, n);
    if (half < m)
        dot_part(block, partial, dim, m, half, m - half, j, n);
}

/* Four targets at a time, or seven if few rows leave registers for them; then the rest at once. */
WV_INLINE void dot_block(const struct wv_block *block, float *partial, int dim, int m)
{
    const int most = 8 * m + 1 <= VEC_REGISTERS ? 7 : 4; /* 7 m sums, m rows and a target */
    int j = 0;
    for (; j + most <= block->n; j += most)
        dot_rows(block, partial, dim, m, j, most);
    switch (block->n - j) { /* what `most` rules out is compiled as the least there is */
    case 6: dot_rows(block, partial, dim, m, j, most > 6 ? 6 : 1); break;
    case 5: dot_rows(block, partial, dim, m, j, most > 5 ? 5 : 1); break;
    case 4: dot_rows(block, partial, dim, m, j, most > 4 ? 4 : 1); break;
    case 3: dot_rows(block, partial, dim, m, j, 3); break;
    case 2: dot_rows(block, partial, dim, m, j, 2); break;
    case 1: dot_rows(block, partial, dim, m, j, 1); break;
    default: break;
    }
}

/* n_vecs vectors of dimensions from `at` of all rows: both gradients in one pass. */
WV_INLINE void update_stretch(const struct wv_block *block, const float *gradients, int at, int n_vecs, int m)
{
    const int n = block->n;
    vec hidden[WV_TILE][4], sum[WV_TILE][4];
    WV_UNROLL
    for (int i = 0; i < m; i++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            hidden[i][v] = row_fetch(block->hidden[i], at + v * VEC_LANES);
            sum[i][v] = vec_zero();
        }
    }
    for (int j = 0; j < n; j++) {
        float *row = block->targets[j] + at;
        vec before[4], after[4];
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            before[v] = after[v] = row_fetch(row, v * VEC_LANES);
        WV_UNROLL
        for (int i = 0; i < m; i++) {
            const vec gradient = vec_set(gradients[j * m + i]);
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++) {
                sum[i][v] = vec_fma(gradient, before[v], sum[i][v]);
                after[v] = vec_fma(gradient, hidden[i][v], after[v]);
            }
        }
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            row_store(row, v * VEC_LANES, after[v]);
    }
    WV_UNROLL
    for (int i = 0; i < m; i++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            row_add(block->hidden_grad[i], at + v * VEC_LANES, sum[i][v]);
    }
}

/* As many vectors at a time as registers allow, so that a gradient serves many multiply-adds. Beside each stretch of its
 * own rows a block asks for the same stretch of half of the rows that wait to be asked for: asked for all at once, they
 * would wait for each other. */
WV_INLINE void update_block(const struct wv_block *block, struct wv_asks *asks, const float *gradients, int dim,
                            int m)
{
    float *const *asked = asks->rows + asks->first;
    const int n_asked = (asks->last - asks->first + 1) / 2;
    const int a_vec = 2 * m + 2; /* registers: of hidden rows, their sums, a target before and after */
    const int fit = (VEC_REGISTERS - 1) / a_vec, n_vecs = fit > 4 ? 4 : fit;
    int at = 0;
    for (; at + n_vecs * VEC_LANES <= dim; at += n_vecs * VEC_LANES) {
        rows_prefetch(asked, n_asked, at, at + n_vecs * VEC_LANES);
        update_stretch(block, gradients, at, n_vecs, m);
    }
    rows_prefetch(asked, n_asked, at, dim);
    asks->first += n_asked;
    switch ((dim - at) / VEC_LANES) {
    case 3: update_stretch(block, gradients, at, n_vecs > 3 ? 3 : 1, m); break;
    case 2: update_stretch(block, gradients, at, n_vecs > 2 ? 2 : 1, m); break;
    case 1: update_stretch(block, gradients, at, 1, m); break;
    default: break;
    }
}
