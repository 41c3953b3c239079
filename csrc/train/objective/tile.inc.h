/* The two passes of a block step over rows, by tiles of hidden rows: products with the targets, and both gradients.
 * In: row pointers; for the update, a gradient per pair. Out: sums whose lanes are not yet added; changed rows.
 * How products become gradients is not here (see step). Pair (i, j) of a block lies at [j * block->m + i]. */

/* Hidden rows of a tile: their sums and gradients stay in registers while target rows stream past. */
enum { TILE_ROWS = VEC_REGISTERS >= 32 ? 12 : 6 };

/* The products of hidden rows i … i + m with targets j … j + n, lanes not yet summed, to
 * partial[(j * block->m + i) * VEC_LANES …]. m <= TILE_ROWS and n <= 4 are constants of the caller. */
WV_INLINE void dot_tile(const struct wv_block *block, float *partial, int dim, int i, int m, int j, int n)
{
    vec sum[4][TILE_ROWS];
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        WV_UNROLL
        for (int r = 0; r < m; r++)
            sum[k][r] = vec_zero();
    }
    for (int at = 0; at < dim; at += VEC_LANES) {
        vec target[4];
        WV_UNROLL
        for (int k = 0; k < n; k++)
            target[k] = row_load(block->targets[j + k], at);
        WV_UNROLL
        for (int r = 0; r < m; r++) {
            vec hidden = row_load(block->hidden[i + r], at);
            WV_UNROLL
            for (int k = 0; k < n; k++)
                sum[k][r] = vec_fma(hidden, target[k], sum[k][r]);
        }
    }
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        WV_UNROLL
        for (int r = 0; r < m; r++)
            vec_store(partial + (int64_t)((j + k) * block->m + i + r) * VEC_LANES, sum[k][r]);
    }
}

/* As many targets at once as registers allow, then the rest. */
WV_INLINE void dot_rows(const struct wv_block *block, float *partial, int dim, int i, int m)
{
    const int n = m == 1 ? 4 : m * 4 <= VEC_REGISTERS ? 3 : 2;
    int j = 0;
    for (; j + n <= block->n; j += n)
        dot_tile(block, partial, dim, i, m, j, n);
    if (n > 2 && j + 2 <= block->n) {
        dot_tile(block, partial, dim, i, m, j, 2);
        j += 2;
    }
    for (; j < block->n; j++)
        dot_tile(block, partial, dim, i, m, j, 1);
}

/* n_vecs vectors of dimensions from `at` of hidden rows i … i + m and all targets, both gradients in one pass. Where a block
 * has several tiles, the first one keeps the targets as they were in old (n, dim) for the others, and the gradients
 * of hidden rows wait in delta (block->m, dim), since a row may stand in two tiles. */
WV_INLINE void update_stretch(const struct wv_block *block, const float *gradients, float *old, float *delta,
                              int dim, int at, int n_vecs, int i, int m)
{
    vec hidden[TILE_ROWS][2], sum[TILE_ROWS][2];
    WV_UNROLL
    for (int r = 0; r < m; r++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            hidden[r][v] = row_load(block->hidden[i + r], at + v * VEC_LANES);
            sum[r][v] = vec_zero();
        }
    }
    for (int j = 0; j < block->n; j++) {
        const float *gradient = gradients + j * block->m + i;
        float *row = block->targets[j], *kept = old + (int64_t)j * dim + at;
        vec target[2], before[2];
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            target[v] = before[v] = row_load(row, at + v * VEC_LANES);
            if (i > 0)
                before[v] = vec_load(kept + v * VEC_LANES);
            else if (m < block->m)
                vec_store(kept + v * VEC_LANES, before[v]);
        }
        WV_UNROLL
        for (int r = 0; r < m; r++) {
            vec g = vec_set(gradient[r]);
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++) {
                sum[r][v] = vec_fma(g, before[v], sum[r][v]);
                target[v] = vec_fma(g, hidden[r][v], target[v]);
            }
        }
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            row_store(row, at + v * VEC_LANES, target[v]);
    }
    WV_UNROLL
    for (int r = 0; r < m; r++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            if (m == block->m)
                row_add(block->hidden_grad[r], at + v * VEC_LANES, sum[r][v]);
            else
                vec_store(delta + (i + r) * dim + at + v * VEC_LANES, sum[r][v]);
        }
    }
}

/* Two vectors at a time where registers allow: a gradient then serves four multiply-adds. */
WV_INLINE void update_rows(struct wv_worker *worker, const struct wv_block *block, int i, int m)
{
    const int dim = worker->task->dim;
    int at = 0;
    for (; 4 * m + 5 <= VEC_REGISTERS && at + 2 * VEC_LANES <= dim; at += 2 * VEC_LANES)
        update_stretch(block, worker->scores, worker->old, worker->delta, dim, at, 2, i, m);
    for (; at < dim; at += VEC_LANES)
        update_stretch(block, worker->scores, worker->old, worker->delta, dim, at, 1, i, m);
}

static void add_deltas(const struct wv_block *block, const float *delta, int dim)
{
    for (int i = 0; i < block->m; i++)
        for (int at = 0; at < dim; at += VEC_LANES)
            row_add(block->hidden_grad[i], at, vec_load(delta + i * dim + at));
}
