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

/* The scores of all pairs. */
static void score(const struct wv_block *block, struct wv_desk *desk, int size)
{
    WV_BY_ROWS(block->m, dot_block, block, desk->scores, size)
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
}

/* Multiplies the losses so far by `factors` <= 2^84. What has grown beyond 2^40 is split, so that the product stays in
 * range; exponents are settled while floats hold them exactly. */
WV_INLINE void multiply_loss(struct wv_loss *loss, vec factors)
{
    const vec product = vec_mul(vec_load(loss->mantissa), factors);
    vec_store(loss->mantissa, product);
    if (vec_greater(product, vec_set(1099511627776.0f))) { /* 2^40 */
        vec mantissa;
        const vec exponent = vec_add(vec_load(loss->exponent), vec_split(product, &mantissa));
        vec_store(loss->exponent, exponent);
        vec_store(loss->mantissa, vec_fma(product, vec_zero(), mantissa)); /* 0 · x: NaN stays NaN */
        if (vec_greater(exponent, vec_set(65536.0f)))
            settle_loss(loss);
    }
}

/* (1 + e)^times, where times is 0, 1 or 2: the logarithm of a product of such is the loss of many pairs at the price of
 * one. */
WV_INLINE vec loss_factor(vec e, vec times)
{
    const vec is_twice = vec_mul(times, vec_fma(times, vec_set(0.5f), vec_set(-0.5f)));
    return vec_fma(e, vec_fma(is_twice, e, times), vec_set(1.0f));
}

/* e^-z of the pairs from p on, z = score of a positive pair, -score of a negative one. A weight's sign says which it is. */
WV_INLINE vec exp_opposed(const struct wv_desk *desk, int p, vec weight)
{
    return vec_exp(vec_oppose(vec_load(desk->scores + p), weight));
}

/* Adds the losses of pairs first … last: the long way, for what would not fit into the product. */
static void add_losses(const struct wv_block *block, const struct wv_desk *desk, int first, int last,
                       struct wv_loss *loss)
{
    for (int p = first; p < last; p += VEC_LANES) {
        const vec weight = vec_load(block->weights + p), e = exp_opposed(desk, p, weight);
        loss->sum += vec_sum(vec_mul(vec_abs(weight), vec_log(vec_add(e, vec_set(1.0f)))));
    }
}

/* Turns scores into gradients: gradient = rate · weight · σ(-z), loss = |weight| · log(1 + e^-z). Behind the last pair
 * weights are 0, and scores 0 or those of blocks before. */
static void logistic(const struct wv_block *block, struct wv_desk *desk, struct wv_loss *loss, float rate)
{
    enum { AT_ONCE = 3 }; /* factors of at most 2^28, so that their product is in range */
    const int n = block->m * block->n;
    for (int p = 0; p < n;) {
        const int first = p;
        vec factors = vec_set(1.0f), greatest = vec_zero(), heaviest = vec_zero();
        for (int k = 0; k < AT_ONCE && p < n; k++, p += VEC_LANES) {
            const vec weight = vec_load(block->weights + p), times = vec_abs(weight);
            const vec e = exp_opposed(desk, p, weight), factor = loss_factor(e, times);
            const vec part = vec_div(e, vec_add(e, vec_set(1.0f)));
            vec_store(desk->gradients + p, vec_mul(vec_mul(weight, vec_set(rate)), part));
            factors = vec_mul(factors, factor);
            greatest = vec_max(factor, greatest);
            heaviest = vec_max(times, heaviest);
        }
        /* A score far off, or a negative drawn again: both are rare. */
        if (vec_greater(greatest, vec_set(268435456.0f)) | vec_greater(heaviest, vec_set(2.0f)))
            add_losses(block, desk, first, p, loss);
        else
            multiply_loss(loss, factors);
    }
}

/* Both gradients; meanwhile, rows are asked for. */
static void update(const struct wv_block *block, struct wv_asks *asks, const struct wv_desk *desk, int dim)
{
    WV_BY_ROWS(block->m, update_block, block, asks, desk->gradients, dim)
}
