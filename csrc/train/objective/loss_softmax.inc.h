/* Softmax over the targets of one hidden row (m = 1). In: scores; weights: the probability that each target should have, with
 * the sum 1. Out: gradient = rate · (weight - p), p = e^score / Σ e^score; loss = -Σ weight · log p (cross entropy). */
static void softmax(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss, float rate)
{
    float *scores = scratch->scores, *gradients = scratch->gradients, greatest = scores[0], lanes[WV_PAD] = {0};
    vec sum = vec_zero(), missed = vec_zero();
    for (int j = 1; j < block->n; j++)
        greatest = scores[j] > greatest ? scores[j] : greatest;
    for (int j = block->n; j < block->n + VEC_LANES; j++)
        scores[j] = -1e38f; /* whole vectors are used: no probability behind the last target */
    for (int j = 0; j < block->n; j += VEC_LANES) {
        const vec below = vec_sub(vec_load(scores + j), vec_set(greatest)); /* <= 0 */
        vec_store(gradients + j, vec_exp(below));
        sum = vec_add(sum, vec_load(gradients + j));
        missed = vec_fma(vec_load(block->weights + j), below, missed);
    }
    const float total = vec_sum(sum); /* >= 1 */
    for (int j = 0; j < block->n; j += VEC_LANES) {
        const vec p = vec_div(vec_load(gradients + j), vec_set(total));
        vec_store(gradients + j, vec_mul(vec_set(rate), vec_sub(vec_load(block->weights + j), p)));
    }
    vec_store(lanes, vec_log(vec_set(total)));
    loss->sum += lanes[0] - vec_sum(missed);
}
