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

WV_INLINE float step_of(struct wv_worker *worker, const struct wv_block *block, float rate, int m)
{
    const int dim = worker->task->dim, n_scores = m * block->n;
    dot_block(block, worker->partial, dim, m);
    for (int p = 0; p < n_scores; p += VEC_LANES)
        vec_store(worker->scores + p, vec_sums(worker->partial + (int64_t)p * VEC_LANES));
    float loss = logistic(block->weights, worker->scores, n_scores, rate);
    update_block(block, worker->scores, dim, m);
    return loss;
}

/* One block step at `rate`; answers its loss. Every number of rows has a body of its own. */
static float step(struct wv_worker *worker, const struct wv_block *block, float rate)
{
    switch (block->m) {
    case 1: return step_of(worker, block, rate, 1);
    case 2: return step_of(worker, block, rate, 2);
    case 3: return step_of(worker, block, rate, 3);
    case 4: return step_of(worker, block, rate, 4);
    case 5: return step_of(worker, block, rate, 5);
    default: return step_of(worker, block, rate, WV_TILE);
    }
}
