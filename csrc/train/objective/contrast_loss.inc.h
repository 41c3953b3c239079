/* Losses of pairs that share their negatives. In: scores (n, m) of m pairs with n negatives, and of the pairs. Out: the weights of the
 * negatives in the gradient (in place of the scores), the weight of each positive (`positive_weights`), the loss of each pair (`sums`).
 * One vector holds the scores of consecutive pairs with one negative. */

typedef void contrast_loss(const struct wv_contrast *settings, struct wv_contrast_scratch *c, int m);

/* The cosine contrastive loss of SimpleX (Mao et al. 2021): 1 - s + weight / n · Σ max(0, s_j - margin). The scores stay: a score above
 * the margin has the weight weight / n, see gradients_of_hinge. */
WV_INLINE void loss_ccl(const struct wv_contrast *settings, struct wv_contrast_scratch *c, int m)
{
    const vec margin = vec_set(settings->margin), weight = vec_set(settings->weight / (float)(c->n ? c->n : 1));
    for (int at = 0; at < m; at += VEC_LANES) {
        vec sum = vec_zero();
        for (int j = 0; j < c->n; j++)
            sum = vec_add(sum, vec_max(vec_sub(vec_load(c->scores + (int64_t)j * m + at), margin), vec_zero()));
        const vec positive = vec_sub(vec_set(1), vec_load(c->positive + at));
        vec_store(c->sums + at, vec_fma(weight, sum, positive));
        vec_store(c->positive_weights + at, vec_set(1));
    }
}

/* The largest score of each pair, and the sum of exp((s_j - largest) / temperature), which replaces the scores. */
WV_INLINE vec exp_of_scores(struct wv_contrast_scratch *c, int at, int m, float temperature, vec *most)
{
    const vec scale = vec_set(1 / temperature);
    vec sum = vec_zero();
    *most = vec_set(NOT_A_NEGATIVE);
    for (int j = 0; j < c->n; j++)
        *most = vec_max(*most, vec_load(c->scores + (int64_t)j * m + at));
    for (int j = 0; j < c->n; j++) {
        float *scores = c->scores + (int64_t)j * m + at;
        const vec e = vec_exp(vec_mul(scale, vec_sub(vec_load(scores), *most)));
        vec_store(scores, e);
        sum = vec_add(sum, e);
    }
    return sum;
}

/* Bilateral softmax (Wu et al. 2024): -s / temperature + weight · log Σ exp(s_j / temperature); weight 1: sampled softmax, with the
 * negatives alone in the denominator. Weights are those of temperature times this loss. A pair without negatives has none. */
WV_INLINE void loss_bsl(const struct wv_contrast *settings, struct wv_contrast_scratch *c, int m)
{
    const vec inverse = vec_set(1 / settings->temperature), weight = vec_set(settings->weight);
    for (int at = 0; at < m; at += VEC_LANES) {
        vec most;
        const vec sum = vec_max(vec_set(1), exp_of_scores(c, at, m, settings->temperature, &most));
        const vec has_negatives = vec_select(most, vec_set(0.5f * NOT_A_NEGATIVE), vec_set(1), vec_zero());
        const vec scale = vec_mul(has_negatives, vec_div(weight, sum));
        for (int j = 0; j < c->n; j++) {
            float *scores = c->scores + (int64_t)j * m + at;
            vec_store(scores, vec_mul(scale, vec_load(scores)));
        }
        const vec log_sum = vec_fma(inverse, most, vec_log(sum));
        const vec positive = vec_mul(inverse, vec_load(c->positive + at));
        vec_store(c->sums + at, vec_mul(has_negatives, vec_sub(vec_mul(weight, log_sum), positive)));
        vec_store(c->positive_weights + at, has_negatives);
    }
}

/* BPR (Rendle et al. 2009): the mean over the negatives of log(1 + exp(s_j - s)). */
WV_INLINE void loss_bpr_shared(const struct wv_contrast *settings, struct wv_contrast_scratch *c, int m)
{
    const vec one = vec_set(1), weight = vec_set(1 / (float)(c->n ? c->n : 1));
    (void)settings;
    for (int at = 0; at < m; at += VEC_LANES) {
        const vec positive = vec_load(c->positive + at);
        vec sum = vec_zero(), weights = vec_zero();
        for (int j = 0; j < c->n; j++) {
            float *scores = c->scores + (int64_t)j * m + at;
            const vec x = vec_sub(vec_load(scores), positive);
            const vec e = vec_exp(vec_sub(vec_zero(), vec_abs(x))); /* of -|x| */
            const vec larger = vec_div(weight, vec_add(one, e));
            const vec w = vec_select(x, vec_zero(), larger, vec_mul(e, larger));
            sum = vec_add(sum, vec_add(vec_max(x, vec_zero()), vec_log(vec_add(one, e))));
            weights = vec_add(weights, w);
            vec_store(scores, w);
        }
        vec_store(c->sums + at, vec_mul(weight, sum));
        vec_store(c->positive_weights + at, weights);
    }
}
