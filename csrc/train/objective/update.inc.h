/* The second pass of a step over rows. In: row pointers, a gradient per pair. Out: changed rows. How products become
 * gradients is not here (see step).
 *
 * m, the number of hidden rows, is a constant of the caller, so that they and their gradients stay in registers while
 * target rows stream past. Pair (i, j) of a block lies at [j * m + i]. */

/* n_vecs vectors of dimensions from `at` of all rows: both gradients in one pass. Beside them the same stretch of other
 * rows is asked for: asked for all at once, they would wait for each other. */
WV_INLINE void update_stretch(const struct wv_block *block, float *const *asked, int n_asked,
                              const float *gradients, int at, int n_vecs, int m)
{
    /* read once: for all that the compiler knows, stores change the block */
    float *const *rows = block->hidden, *const *grads = block->hidden_grad;
    float *const *target = block->targets, *const *end = target + block->n;
    vec hidden[WV_TILE][4], sum[WV_TILE][4];
    rows_prefetch(asked, n_asked, at, n_vecs);
    WV_UNROLL
    for (int i = 0; i < m; i++) {
        const float *row = rows[i] + at;
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            hidden[i][v] = row_load(row, v * VEC_LANES);
            WV_IN_REGISTER(hidden[i][v]);
            sum[i][v] = vec_zero();
        }
    }
    for (; target != end; target++, gradients += m) {
        float *row = *target + at;
        vec before[4], after[4];
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            before[v] = row_load(row, v * VEC_LANES);
            WV_IN_REGISTER(before[v]);
            after[v] = before[v];
        }
        WV_UNROLL
        for (int i = 0; i < m; i++) {
            const vec gradient = vec_set(gradients[i]);
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
        float *row = grads[i] + at;
        WV_ADDRESS_IN_REGISTER(row);
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            row_add(row, v * VEC_LANES, sum[i][v]);
    }
}

/* As many vectors at a time as registers allow, so that a gradient serves many multiply-adds. A block asks for half of
 * the rows that wait to be asked for. */
WV_INLINE void update_block(const struct wv_block *block, struct wv_asks *asks, const float *gradients, int dim,
                            int m)
{
    float *const *asked = asks->rows + asks->first;
    const int n_asked = (asks->last - asks->first + 1) / 2;
    const int a_vec = 2 * m + 2; /* registers: of hidden rows, their sums, a target before and after */
    const int fit = (VEC_REGISTERS - 1) / a_vec, n_vecs = fit > 4 ? 4 : fit;
    int at = 0;
    for (; at + n_vecs * VEC_LANES <= dim; at += n_vecs * VEC_LANES)
        update_stretch(block, asked, n_asked, gradients, at, n_vecs, m);
    switch ((dim - at) / VEC_LANES) {
    case 3: update_stretch(block, asked, n_asked, gradients, at, n_vecs > 3 ? 3 : 1, m); break;
    case 2: update_stretch(block, asked, n_asked, gradients, at, n_vecs > 2 ? 2 : 1, m); break;
    case 1: update_stretch(block, asked, n_asked, gradients, at, 1, m); break;
    default: break;
    }
    asks->first += n_asked;
}
