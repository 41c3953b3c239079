/* Weighted squares. In: scores; the value that each score approaches, its weight >= 0. Out: gradient = rate · weight · (value -
 * score), loss = weight · (value - score)² / 2. */
static void squares(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss, float rate)
{
    for (int p = 0; p < block->m * block->n; p += VEC_LANES) {
        const vec error = vec_sub(vec_load(block->values + p), vec_load(scratch->scores + p));
        const vec weighted = vec_mul(vec_load(block->weights + p), error);
        vec_store(scratch->gradients + p, vec_mul(vec_set(rate), weighted));
        loss->sum += 0.5 * vec_sum(vec_mul(weighted, error));
    }
}
