/* Hinge loss of each pair. In: scores; weights, > 0 of a positive pair, < 0 of a negative one, 0: no pair. Out: gradient =
 * rate · weight where z < 1, else 0; loss = |weight| · max(0, 1 - z), z = score of a positive pair, -score of a negative one. */
WV_INLINE void hinge(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss, float rate)
{
    for (int p = 0; p < block->m * block->n; p += VEC_LANES) {
        const vec weight = vec_load(block->weights + p);
        const vec opposed = vec_oppose(vec_load(scratch->scores + p), weight);   /* -z */
        const vec violation = vec_max(vec_zero(), vec_add(vec_set(1), opposed)); /* in this order NaN stays NaN */
        const vec is_violated = vec_min(vec_set(1), vec_mul(violation, vec_set(1e30f)));
        vec_store(scratch->gradients + p, vec_mul(vec_set(rate), vec_mul(weight, is_violated)));
        loss->sum += vec_sum(vec_mul(vec_abs(weight), violation));
    }
}
