/* The block step: m hidden rows × n target rows, a signed weight per pair.
 * In: row pointers, weights, the rate. Out: target rows and hidden gradients changed, the loss.
 * All gradients are those at the values before the step. Target rows must differ from each other; a hidden row may
 * stand there twice and then gets both gradients. Which rows, and why, is not here (see window, targets).
 *
 * A step has three parts: score, logistic, update; between them its figures lie on a desk.
 * Scores, weights and gradients of a block lie target by target: pair (i, j) at [j * m + i]. */

/* Every number of hidden rows has a body of its own: `body` is called with it as a constant. */
#define WV_BY_ROWS(m, body, ...)                                                                                   \
    switch (m) {                                                                                                   \
    case 1: body(__VA_ARGS__, 1); break;                                                                           \
    case 2: body(__VA_ARGS__, 2); break;                                                                           \
    case 3: body(__VA_ARGS__, 3); break;                                                                           \
    case 4: body(__VA_ARGS__, 4); break;                                                                           \
    case 5: body(__VA_ARGS__, 5); break;                                                                           \
    default: body(__VA_ARGS__, WV_TILE); break;                                                                    \
    }

/* The products of all pairs, lanes not yet summed. */
static void score(const struct wv_block *block, struct wv_desk *desk, int dim)
{
    WV_BY_ROWS(block->m, dot_block, block, desk->partial, dim)
}

/* Turns the product into a sum. */
static void settle_loss(struct wv_loss *loss)
{
    for (int k = 0; k < WV_PAD; k += VEC_LANES) {
        const vec log_product =
            vec_fma(vec_load(loss->exponent + k), vec_set(0.69314718f), vec_log(vec_load(loss->mantissa + k)));
        loss->sum += vec_sum(log_product);
        vec_store(loss->exponent + k, vec_zero());
        vec_store(loss->mantissa + k, vec_set(1.0f));
    }
    loss->n_factors = 0;
}

/* Multiplies the losses so far by (1 + e^-z)^|weight|, which must be a power of 0 or 1: the logarithm of such a product is
 * the loss of many pairs at the price of one. */
WV_INLINE void multiply_loss(struct wv_loss *loss, vec times, vec one_plus_e)
{
    vec mantissa;
    const vec exponent = vec_split(one_plus_e, &mantissa);
    const vec excess = vec_fma(one_plus_e, vec_zero(), vec_sub(mantissa, vec_set(1.0f))); /* 0 · x: NaN stays NaN */
    vec_store(loss->exponent, vec_fma(times, exponent, vec_load(loss->exponent)));
    vec_store(loss->mantissa, vec_mul(vec_load(loss->mantissa), vec_fma(times, excess, vec_set(1.0f))));
    if (++loss->n_factors == WV_MAX_FACTORS)
        settle_loss(loss);
}

/* Turns scores into gradients: with z = score for a positive pair and -score for a negative one,
 * gradient = rate · weight · σ(-z) and loss = |weight| · log(1 + e^-z). A weight's sign says which it is. */
static void logistic(const struct wv_block *block, struct wv_desk *desk, struct wv_loss *loss, float rate)
{
    const int n = block->m * block->n;
    for (int p = 0; p < n; p += VEC_LANES) {
        const vec weight = vec_load(block->weights + p);
        const vec product = vec_sums(desk->partial + (int64_t)p * VEC_LANES);
        const vec e = vec_exp(vec_flip(vec_flip(product, weight), vec_set(-1.0f)));
        const vec one_plus_e = vec_add(e, vec_set(1.0f));
        const vec share = vec_mul(e, vec_inverse(one_plus_e));
        vec_store(desk->gradients + p, vec_mul(vec_mul(weight, vec_set(rate)), share));
        vec times = vec_flip(weight, weight);
        if (vec_greater(times, vec_set(1.0f))) { /* a negative that was drawn twice, which is rare */
            loss->sum += vec_sum(vec_mul(times, vec_log(one_plus_e)));
            times = vec_zero();
        }
        multiply_loss(loss, times, one_plus_e);
    }
}

/* Both gradients. `later` names the rows to ask for meanwhile. */
static void update(const struct wv_block *block, const struct wv_block *later, const struct wv_desk *desk, int dim)
{
    WV_BY_ROWS(block->m, update_block, block, later, desk->gradients, dim)
}
