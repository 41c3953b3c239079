/* Pairwise logistic loss (BPR: Rendle et al. 2009). Target 0 is the positive of every hidden row, all others are negatives. In:
 * scores; weights: 0 of the positive, < 0 of a negative, 0: no pair. Out: with z = score of the positive - score of the
 * negative, gradient of a negative = rate · weight · σ(-z), of the positive minus their sum; loss = |weight| · log(1 + e^-z). */
WV_INLINE void pairwise(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss, float rate)
{
    float *scores = scratch->scores, *gradients = scratch->gradients;
    const int m = block->m, n = m * block->n;
    for (int p = n - 1; p >= 0; p--)
        scores[p] = scores[p % m] - scores[p]; /* z; 0 of the positives */
    for (int p = 0; p < n; p += VEC_LANES) {
        const vec weight = vec_load(block->weights + p), e = vec_exp(vec_oppose(vec_load(scores + p), vec_zero()));
        const vec part = vec_div(e, vec_add(e, vec_set(1)));
        vec_store(gradients + p, vec_mul(vec_mul(weight, vec_set(rate)), part));
        loss->sum += vec_sum(vec_mul(vec_abs(weight), vec_log(vec_add(e, vec_set(1)))));
    }
    for (int i = 0; i < m; i++) {
        gradients[i] = 0;
        for (int p = m + i; p < n; p += m)
            gradients[i] -= gradients[p];
    }
}
