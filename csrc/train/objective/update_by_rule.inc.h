/* The general update: every row by its own rule (rate, AdaGrad, L2), or with frozen targets. Slower than update.inc.h, with the
 * same contract, except that gradients do not contain the rate. */

/* One vector of dimensions from `at` of all rows. */
WV_INLINE void update_vector(const struct wv_block *block, const float *gradients, int at,
                             const struct wv_row_rule *of_targets, const struct wv_row_rule *of_hidden, int m)
{
    vec hidden[WV_TILE], sum[WV_TILE];
    WV_UNROLL
    for (int i = 0; i < m; i++) {
        hidden[i] = row_load(block->hidden[i], at);
        sum[i] = vec_zero();
    }
    for (int j = 0; j < block->n; j++) {
        const vec target = row_load(block->targets[j], at);
        vec change = vec_zero();
        WV_UNROLL
        for (int i = 0; i < m; i++) {
            const vec gradient = vec_set(gradients[j * m + i]);
            sum[i] = vec_fma(gradient, target, sum[i]);
            change = vec_fma(gradient, hidden[i], change);
        }
        row_train(block->targets[j], at, change, &of_targets[j]);
    }
    WV_UNROLL
    for (int i = 0; i < m; i++)
        row_train(block->hidden_grad[i], at, sum[i], &of_hidden[i]);
}

WV_INLINE void update_vectors(const struct wv_block *block, const float *gradients, int width,
                              const struct wv_row_rule *of_targets, const struct wv_row_rule *of_hidden, int m)
{
    for (int at = 0; at < width; at += VEC_LANES)
        update_vector(block, gradients, at, of_targets, of_hidden, m);
}

static void update_by_rule(struct wv_worker *worker, const struct wv_block *block, int width)
{
    struct wv_row_rule of_hidden[WV_TILE], *of_targets = worker->scratch.rules;
    for (int i = 0; i < block->m; i++)
        of_hidden[i] = rule_of(worker, block->hidden_grad[i]);
    for (int j = 0; j < block->n; j++)
        of_targets[j] = worker->task->freeze_targets ? (struct wv_row_rule){0} : rule_of(worker, block->targets[j]);
    WV_BY_ROWS(block->m, update_vectors, block, worker->scratch.gradients, width, of_targets, of_hidden)
}
