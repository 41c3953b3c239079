/* Logistic loss of each pair. In: scores; weights, > 0 of a positive pair, < 0 of a negative one, 0: no pair. Out: gradient =
 * rate · weight · σ(-z), loss = |weight| · log(1 + e^-z), z = score of a positive pair, -score of a negative one.
 * `logistic` is for whole weights (how often a pair occurs), `weighted_logistic` for any weights. */

/* Adds the logarithm of the product to the sum. */
static void add_product_to_sum(struct wv_loss *loss)
{
    for (int k = 0; k < WV_PAD; k += VEC_LANES) {
        const vec log_product =
            vec_fma(vec_load(loss->exponent + k), vec_set(0.69314718f), vec_log(vec_load(loss->mantissa + k)));
        loss->sum += vec_sum(log_product);
        vec_store(loss->exponent + k, vec_zero());
        vec_store(loss->mantissa + k, vec_set(1.0f));
    }
}

/* Multiplies the product by `factors` <= 2^84. Above 2^40 it is split into mantissa and exponent, so that it stays in
 * range. Exponents are added to the sum while floats hold them exactly. */
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
            add_product_to_sum(loss);
    }
}

/* (1 + e)^times, where times is 0, 1 or 2. The logarithm of the product of these factors is the loss of many pairs, for the
 * cost of one logarithm. */
WV_INLINE vec loss_factor(vec e, vec times)
{
    const vec is_twice = vec_mul(times, vec_fma(times, vec_set(0.5f), vec_set(-0.5f)));
    return vec_fma(e, vec_fma(is_twice, e, times), vec_set(1.0f));
}

/* e^-z of the pairs from p on. */
WV_INLINE vec exp_opposed(const struct wv_scratch *scratch, int p, vec weight)
{
    return vec_exp(vec_oppose(vec_load(scratch->scores + p), weight));
}

/* Adds the losses of pairs first … last one by one: the slow way, for factors that do not fit into the product. */
static void add_losses(const struct wv_block *block, const struct wv_scratch *scratch, int first, int last,
                       struct wv_loss *loss)
{
    for (int p = first; p < last; p += VEC_LANES) {
        const vec weight = vec_load(block->weights + p), e = exp_opposed(scratch, p, weight);
        loss->sum += vec_sum(vec_mul(vec_abs(weight), vec_log(vec_add(e, vec_set(1.0f)))));
    }
}

/* Behind the last pair weights are 0, and scores are 0 or those of earlier blocks. */
static void logistic(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss, float rate)
{
    enum { AT_ONCE = 3 }; /* factors of at most 2^28, so that their product is in range */
    const int n = block->m * block->n;
    for (int p = 0; p < n;) {
        const int first = p;
        vec factors = vec_set(1.0f), greatest = vec_zero(), heaviest = vec_zero();
        for (int k = 0; k < AT_ONCE && p < n; k++, p += VEC_LANES) {
            const vec weight = vec_load(block->weights + p), times = vec_abs(weight);
            const vec e = exp_opposed(scratch, p, weight), factor = loss_factor(e, times);
            const vec part = vec_div(e, vec_add(e, vec_set(1.0f)));
            vec_store(scratch->gradients + p, vec_mul(vec_mul(weight, vec_set(rate)), part));
            factors = vec_mul(factors, factor);
            greatest = vec_max(factor, greatest);
            heaviest = vec_max(times, heaviest);
        }
        /* a large score on the wrong side, or a negative drawn three times: both are rare */
        if (vec_greater(greatest, vec_set(268435456.0f)) | vec_greater(heaviest, vec_set(2.0f)))
            add_losses(block, scratch, first, p, loss);
        else
            multiply_loss(loss, factors);
    }
}

/* The slower version for weights that are not whole: a logarithm for each pair. */
WV_INLINE void weighted_logistic(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss,
                                 float rate)
{
    const int n = block->m * block->n;
    for (int p = 0; p < n; p += VEC_LANES) {
        const vec weight = vec_load(block->weights + p), e = exp_opposed(scratch, p, weight);
        const vec part = vec_div(e, vec_add(e, vec_set(1.0f)));
        vec_store(scratch->gradients + p, vec_mul(vec_mul(weight, vec_set(rate)), part));
    }
    add_losses(block, scratch, 0, n, loss);
}
