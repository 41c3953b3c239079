/* The second pass of a block step over rows. In: row pointers, a gradient per pair. Out: changed rows.
 *
 * All gradients are those at the values before the step. Targets differ from each other. A hidden row may occur twice, or be
 * a target too: then it receives all its gradients. m, the number of hidden rows, is a constant of the caller, so that
 * they and their gradients stay in registers while target rows are streamed. Pair (i, j) of a block is at [j * m + i]. */

/* n_vecs vectors of dimensions from `at` of all rows: both gradients in one pass. The same part of the rows to prefetch is
 * prefetched here: the processor has too few line fill buffers for all prefetches at once. trains_targets: 0 if target rows are
 * frozen, a constant of the caller. */
WV_INLINE void update_part(const struct wv_block *block, float *const *later, int n_later, const float *gradients,
                           int trains_targets, int at, int n_vecs, int m)
{
    /* read once: the compiler must assume that stores change the block */
    float *const *rows = block->hidden, *const *grads = block->hidden_grad;
    float *const *target = block->targets, *const *end = target + block->n;
    vec hidden[WV_TILE][4], sum[WV_TILE][4];
    rows_prefetch(later, n_later, at, n_vecs);
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
                if (trains_targets)
                    after[v] = vec_fma(gradient, hidden[i][v], after[v]);
            }
        }
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            if (trains_targets)
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

/* As many vectors at a time as registers allow, so that a gradient serves many multiply-adds. Each block prefetches half of
 * the rows in the queue. */
WV_INLINE void update_block(const struct wv_block *block, struct wv_prefetch_queue *queue, const float *gradients,
                            int width, int trains_targets, int m)
{
    float *const *later = queue->rows + queue->first;
    const int n_later = (queue->last - queue->first + 1) / 2;
    const int per_vec = 2 * m + 2; /* registers: hidden rows, their sums, a target before and after */
    const int fit = (VEC_REGISTERS - 1) / per_vec, n_vecs = fit > 4 ? 4 : fit;
    int at = 0;
    for (; at + n_vecs * VEC_LANES <= width; at += n_vecs * VEC_LANES)
        update_part(block, later, n_later, gradients, trains_targets, at, n_vecs, m);
    switch ((width - at) / VEC_LANES) {
    case 3: update_part(block, later, n_later, gradients, trains_targets, at, n_vecs > 3 ? 3 : 1, m); break;
    case 2: update_part(block, later, n_later, gradients, trains_targets, at, n_vecs > 2 ? 2 : 1, m); break;
    case 1: update_part(block, later, n_later, gradients, trains_targets, at, 1, m); break;
    default: break;
    }
    queue->first += n_later;
}

/* SGD at one rate for all rows: gradients contain the rate. */
static void update(const struct wv_block *block, struct wv_prefetch_queue *queue, const struct wv_scratch *scratch,
                   int width)
{
    WV_BY_ROWS(block->m, update_block, block, queue, scratch->gradients, width, 1)
}

/* The same with frozen targets. */
static void update_hidden(const struct wv_block *block, struct wv_prefetch_queue *queue,
                          const struct wv_scratch *scratch, int width)
{
    WV_BY_ROWS(block->m, update_block, block, queue, scratch->gradients, width, 0)
}
