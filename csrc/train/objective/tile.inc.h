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

/* The products of hidden rows i … i + n_rows with targets j … j + n_targets, lanes not yet summed, to
 * partial[(j * m + i) * VEC_LANES …]. n_rows <= WV_TILE and n_targets <= 7 are constants of the caller. */
WV_INLINE void dot_tile(const struct wv_block *block, float *partial, int dim, int m, int i, int n_rows, int j,
                        int n_targets)
{
    float *const *hidden_rows = block->hidden + i, *const *target_rows = block->targets + j;
    vec sum[7][WV_TILE];
    WV_UNROLL
    for (int k = 0; k < n_targets; k++) {
        WV_UNROLL
        for (int r = 0; r < n_rows; r++)
            sum[k][r] = vec_zero();
    }
    for (int at = 0; at < dim; at += VEC_LANES) {
        vec hidden[WV_TILE], target[7]; /* the fewer ones are all held, the others come one by one */
        WV_UNROLL
        for (int r = 0; r < n_rows && n_rows < n_targets; r++)
            hidden[r] = row_fetch(hidden_rows[r], at);
        WV_UNROLL
        for (int k = 0; k < n_targets && n_rows >= n_targets; k++)
            target[k] = row_fetch(target_rows[k], at);
        WV_UNROLL
        for (int k = 0; k < n_targets && n_rows < n_targets; k++) {
            target[k] = row_fetch(target_rows[k], at);
            WV_UNROLL
            for (int r = 0; r < n_rows; r++)
                sum[k][r] = vec_fma(hidden[r], target[k], sum[k][r]);
        }
        WV_UNROLL
        for (int r = 0; r < n_rows && n_rows >= n_targets; r++) {
            hidden[r] = row_fetch(hidden_rows[r], at);
            WV_UNROLL
            for (int k = 0; k < n_targets; k++)
                sum[k][r] = vec_fma(hidden[r], target[k], sum[k][r]);
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
    const int half = m * n + (m < n ? m : n) >= VEC_REGISTERS ? (m + 1) / 2 : m;
    dot_tile(block, partial, dim, m, 0, half, j, n);
    if (half < m)
        dot_tile(block, partial, dim, m, half, m - half, j, n);
}

/* Four targets at a time, or seven if few rows leave registers for them; then the rest at once. */
WV_INLINE void dot_block(const struct wv_block *block, float *partial, int dim, int m)
{
    const int most = 7 * m + m + 1 <= VEC_REGISTERS ? 7 : 4;
    int j = 0;
    for (; j + most <= block->n; j += most)
        dot_rows(block, partial, dim, m, j, most);
    switch (block->n - j) {
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
 * own rows a block asks for the same stretch of those that a later one will need: asked for all at once, they would
 * wait for each other. */
WV_INLINE void update_block(const struct wv_block *block, const struct wv_block *later, const float *gradients, int dim,
                            int m)
{
    const int most = (VEC_REGISTERS - 1) / (2 * m + 2), n_vecs = most > 4 ? 4 : most;
    int at = 0;
    for (; at + n_vecs * VEC_LANES <= dim; at += n_vecs * VEC_LANES) {
        for (int k = 0; k < later->n_asked; k++)
            row_prefetch(later->asked[k], at, at + n_vecs * VEC_LANES);
        update_stretch(block, gradients, at, n_vecs, m);
    }
    for (int k = 0; k < later->n_asked; k++)
        row_prefetch(later->asked[k], at, dim);
    switch ((dim - at) / VEC_LANES) {
    case 3: update_stretch(block, gradients, at, n_vecs > 3 ? 3 : 1, m); break;
    case 2: update_stretch(block, gradients, at, n_vecs > 2 ? 2 : 1, m); break;
    case 1: update_stretch(block, gradients, at, 1, m); break;
    default: break;
    }
}
