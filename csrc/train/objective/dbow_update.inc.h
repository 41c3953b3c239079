/* The arithmetic of a step of PV-DBOW (step_dbow.inc.h). In: rows, gradients. Out: scores, changed rows. */

/* scores[i] = d_i · w_i */
WV_INLINE void score_words(const struct dbow_step *step, float *scores, int size)
{
    vec sum[WV_TILE + VEC_SUMS];
    WV_UNROLL
    for (int i = 0; i < WV_TILE + VEC_SUMS; i++)
        sum[i] = vec_zero();
    for (int at = 0; at < size; at += VEC_LANES) {
        WV_UNROLL
        for (int i = 0; i < WV_TILE; i++)
            sum[i] = vec_fma(row_load(step->documents[i], at), row_load(step->words[i], at), sum[i]);
    }
    WV_UNROLL
    for (int i = 0; i < WV_TILE; i += VEC_SUMS)
        vec_store(scores + i, vec_sums(sum + i));
}

/* n_vecs vectors of dimensions from `at` of all rows. trains_targets: output rows are not frozen. */
WV_INLINE void dbow_update_part(const struct wv_block *block, const struct dbow_step *step, const float *gradients,
                                int at, int n_vecs, int trains_targets)
{
    vec document[WV_TILE][4], sum[WV_TILE][4];
    WV_UNROLL
    for (int i = 0; i < WV_TILE; i++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            document[i][v] = row_load(step->documents[i], at + v * VEC_LANES);
            sum[i][v] = vec_zero();
        }
    }
    for (int j = 0; j < block->n; j++, gradients += WV_TILE) {
        float *row = block->targets[j] + at;
        vec before[4], after[4];
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            before[v] = row_load(row, v * VEC_LANES);
            WV_IN_REGISTER(before[v]);
            after[v] = before[v];
        }
        WV_UNROLL
        for (int i = 0; i < WV_TILE; i++) {
            const vec gradient = vec_set(gradients[i]);
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++) {
                sum[i][v] = vec_fma(gradient, before[v], sum[i][v]);
                if (trains_targets)
                    after[v] = vec_fma(gradient, document[i][v], after[v]);
            }
        }
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            if (trains_targets)
                row_store(row, v * VEC_LANES, after[v]);
    }
    WV_UNROLL
    for (int i = 0; i < WV_TILE; i++) {
        const vec gradient = vec_set(gradients[i]), factor = vec_set(step->factors[i]);
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            const vec word = row_load(step->words[i], at + v * VEC_LANES);
            if (trains_targets)
                row_store(step->words[i], at + v * VEC_LANES, vec_fma(gradient, document[i][v], word));
            const vec change = vec_fma(gradient, word, sum[i][v]);
            row_store(step->documents[i], at + v * VEC_LANES,
                      vec_fma(factor, change, row_load(step->documents[i], at + v * VEC_LANES)));
        }
    }
}

WV_INLINE void dbow_update(const struct wv_block *block, const struct dbow_step *step, const float *gradients,
                           float *const *later, int n_later, int width, int trains_targets)
{
    const int n_vecs = VEC_REGISTERS >= 32 ? 2 : 1;
    int at = 0;
    for (; at + n_vecs * VEC_LANES <= width; at += n_vecs * VEC_LANES) {
        rows_prefetch(later, n_later, at, n_vecs);
        dbow_update_part(block, step, gradients, at, n_vecs, trains_targets);
    }
    if (at < width) {
        rows_prefetch(later, n_later, at, 1);
        dbow_update_part(block, step, gradients, at, 1, trains_targets);
    }
}
