/* The block step: m hidden rows × n target rows, a signed weight per pair.
 * In: row pointers, weights, the rate. Out: target rows and hidden gradients changed, the loss.
 * All gradients are those at the values before the step. Target rows must differ from each other; a hidden row may
 * stand there twice and then gets both gradients. Which rows, and why, is not here (see window, targets).
 *
 * Scores, weights and gradients of a block lie target by target: pair (i, j) at [j * m + i]. */

/* Turns scores into gradients: with z = score for a positive pair and -score for a negative one,
 * gradient = rate · weight · σ(-z) and loss = |weight| · log(1 + e^-z). A weight's sign says which it is. */
WV_INLINE float logistic(const float *weights, float *scores, int n, float rate)
{
    vec loss = vec_zero();
    for (int p = 0; p < n; p += VEC_LANES) {
        vec weight = vec_load(weights + p);
        vec e = vec_exp(vec_flip(vec_flip(vec_load(scores + p), weight), vec_set(-1.0f)));
        vec one_plus_e = vec_add(e, vec_set(1.0f));
        vec gradient = vec_div(vec_mul(vec_mul(weight, vec_set(rate)), e), one_plus_e);
        vec_store(scores + p, gradient);
        loss = vec_fma(vec_flip(weight, weight), vec_log(one_plus_e), loss);
    }
    return vec_sum(loss);
}

enum step_pass { DOT, UPDATE };

WV_INLINE void tile(struct wv_worker *worker, const struct wv_block *block, enum step_pass pass, int i, int m)
{
    if (pass == DOT)
        dot_rows(block, worker->partial, worker->task->dim, i, m);
    else
        update_rows(worker, block, i, m);
}

/* Every number of rows is a constant in a body of its own, so that rows are registers. */
WV_INLINE void each_tile(struct wv_worker *worker, const struct wv_block *block, enum step_pass pass)
{
    for (int i = 0; i < block->m; i += TILE_ROWS) {
        switch (block->m - i) {
        case 1: tile(worker, block, pass, i, 1); break;
        case 2: tile(worker, block, pass, i, 2); break;
        case 3: tile(worker, block, pass, i, 3); break;
        case 4: tile(worker, block, pass, i, 4); break;
        case 5: tile(worker, block, pass, i, 5); break;
#if defined(WV_32_REGISTERS)
        case 6: tile(worker, block, pass, i, 6); break;
        case 7: tile(worker, block, pass, i, 7); break;
        case 8: tile(worker, block, pass, i, 8); break;
        case 9: tile(worker, block, pass, i, 9); break;
        case 10: tile(worker, block, pass, i, 10); break;
        case 11: tile(worker, block, pass, i, 11); break;
#endif
        default: tile(worker, block, pass, i, TILE_ROWS);
        }
    }
}

/* One block step at `rate`; answers its loss. */
static float step(struct wv_worker *worker, const struct wv_block *block, float rate)
{
    const int n_scores = block->m * block->n;
    each_tile(worker, block, DOT);
    for (int p = 0; p < n_scores; p += VEC_LANES)
        vec_store(worker->scores + p, vec_sums(worker->partial + (int64_t)p * VEC_LANES));
    float loss = logistic(block->weights, worker->scores, n_scores, rate);
    each_tile(worker, block, UPDATE);
    if (block->m > TILE_ROWS)
        add_deltas(block, worker->delta, worker->task->dim);
    return loss;
}
