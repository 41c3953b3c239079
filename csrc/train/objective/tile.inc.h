/* The two passes of a block step over rows. In: row pointers; for the update, a gradient per pair. Out: sums whose lanes
 * are not yet added; changed rows. How products become gradients is not here (see step).
 *
 * m, the number of hidden rows, is a constant of the caller, so that they, their sums and their gradients stay in
 * registers while target rows stream past. Pair (i, j) of a block lies at [j * m + i]. */

/* The products of hidden rows i … i + n_rows with targets j … j + n_targets, lanes not yet summed, to
 * partial[(j * m + i) * VEC_LANES …]. n_rows <= WV_TILE and n_targets <= 4 are constants of the caller. */
WV_INLINE void dot_tile(const struct wv_block *block, float *partial, int dim, int m, int i, int n_rows, int j,
                        int n_targets)
{
    float *const *hidden_rows = block->hidden + i, *const *target_rows = block->targets + j;
    vec sum[4][WV_TILE];
    WV_UNROLL
    for (int k = 0; k < n_targets; k++) {
        WV_UNROLL
        for (int r = 0; r < n_rows; r++)
            sum[k][r] = vec_zero();
    }
    for (int at = 0; at < dim; at += VEC_LANES) {
        vec target[4];
        WV_UNROLL
        for (int k = 0; k < n_targets; k++)
            target[k] = row_load(target_rows[k], at);
        WV_UNROLL
        for (int r = 0; r < n_rows; r++) {
            vec hidden = row_load(hidden_rows[r], at);
            WV_UNROLL
            for (int k = 0; k < n_targets; k++)
                sum[k][r] = vec_fma(hidden, target[k], sum[k][r]);
        }
    }
    WV_UNROLL
    for (int k = 0; k < n_targets; k++) {
        WV_UNROLL
        for (int r = 0; r < n_rows; r++)
            vec_store(partial + (int64_t)((j + k) * m + i + r) * VEC_LANES, sum[k][r]);
    }
}

/* All hidden rows with n targets: in two halves where registers do not hold all their sums. */
WV_INLINE void dot_rows(const struct wv_block *block, float *partial, int dim, int m, int j, int n)
{
    const int half = m * n + n >= VEC_REGISTERS ? (m + 1) / 2 : m;
    dot_tile(block, partial, dim, m, 0, half, j, n);
    if (half < m)
        dot_tile(block, partial, dim, m, half, m - half, j, n);
}

/* Four targets at a time, then the rest at once. */
WV_INLINE void dot_block(const struct wv_block *block, float *partial, int dim, int m)
{
    int j = 0;
    for (; j + 4 <= block->n; j += 4)
        dot_rows(block, partial, dim, m, j, 4);
    switch (block->n - j) {
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
    vec hidden[WV_TILE][2], sum[WV_TILE][2];
    WV_UNROLL
    for (int i = 0; i < m; i++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            hidden[i][v] = row_load(block->hidden[i], at + v * VEC_LANES);
            sum[i][v] = vec_zero();
        }
    }
    for (int j = 0; j < n; j++) {
        float *row = block->targets[j] + at;
        vec before[2], after[2];
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            before[v] = after[v] = row_load(row, v * VEC_LANES);
        WV_UNROLL
        for (int i = 0; i < m; i++) {
            vec gradient = vec_set(gradients[j * m + i]);
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

/* Two vectors at a time where registers allow: a gradient then serves four multiply-adds. */
WV_INLINE void update_block(const struct wv_block *block, const float *gradients, int dim, int m)
{
    int at = 0;
    for (; 4 * m + 5 <= VEC_REGISTERS && at + 2 * VEC_LANES <= dim; at += 2 * VEC_LANES)
        update_stretch(block, gradients, at, 2, m);
    for (; at < dim; at += VEC_LANES)
        update_stretch(block, gradients, at, 1, m);
}
