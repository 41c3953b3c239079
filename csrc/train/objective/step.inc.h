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

/* The scores of all pairs, where their gradients will be. */
static void score(const struct wv_block *block, struct wv_desk *desk, int size)
{
    WV_BY_ROWS(block->m, dot_block, block, desk->partial, size)
    sum_lanes(desk->partial, block->m * block->n, pack_of(block->m), desk->gradients);
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

/* Multiplies the losses so far by `factors` < 2^126, and splits the product again so that it stays in range. */
WV_INLINE void multiply_loss(struct wv_loss *loss, vec factors)
{
    vec mantissa;
    const vec product = vec_mul(vec_load(loss->mantissa), factors);
    const vec exponent = vec_split(product, &mantissa);
    vec_store(loss->exponent, vec_add(vec_load(loss->exponent), exponent));
    vec_store(loss->mantissa, vec_fma(product, vec_zero(), mantissa)); /* 0 · x: NaN stays NaN */
    if (++loss->n_factors == WV_MAX_FACTORS)
        settle_loss(loss);
}

/* (1 + e)^times, where times is 0, 1 or 2: the logarithm of a product of such is the loss of many pairs at the price of
 * one. */
WV_INLINE vec loss_factor(vec e, vec times)
{
    const vec once = vec_min(times, vec_set(1.0f)), again = vec_sub(times, once);
    return vec_mul(vec_fma(once, e, vec_set(1.0f)), vec_fma(again, e, vec_set(1.0f)));
}

/* Turns scores into gradients: with z = score for a positive pair and -score for a negative one,
 * gradient = rate · weight · σ(-z) and loss = |weight| · log(1 + e^-z). A weight's sign says which it is. */
static void logistic(const struct wv_block *block, struct wv_desk *desk, struct wv_loss *loss, float rate)
{
    enum { AT_ONCE = 3 }; /* factors below 2^40 whose product stays in range */
    const int n = block->m * block->n;
    for (int p = 0; p < n;) {
        vec factors = vec_set(1.0f);
        for (int k = 0; k < AT_ONCE && p < n; k++, p += VEC_LANES) {
            const vec weight = vec_load(block->weights + p);
            const vec e = vec_exp(vec_oppose(vec_load(desk->gradients + p), weight));
            const vec one_plus_e = vec_add(e, vec_set(1.0f));
            vec_store(desk->gradients + p, vec_mul(vec_mul(weight, vec_set(rate)), vec_div(e, one_plus_e)));
            vec times = vec_abs(weight);
            /* A negative drawn again, or |weight| · e^-z above 2^20: both are rare. Lanes behind the last pair have no say. */
            if (vec_greater(times, vec_set(2.0f)) | vec_greater(vec_mul(times, e), vec_set(1048576.0f))) {
                loss->sum += vec_sum(vec_mul(times, vec_log(one_plus_e)));
                times = vec_zero();
            }
            factors = vec_mul(factors, loss_factor(e, times));
        }
        multiply_loss(loss, factors);
    }
}

/* Both gradients; meanwhile, rows are asked for. */
static void update(const struct wv_block *block, struct wv_asks *asks, const struct wv_desk *desk, int dim)
{
    WV_BY_ROWS(block->m, update_block, block, asks, desk->gradients, dim)
}
