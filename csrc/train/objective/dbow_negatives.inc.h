/* The negatives of a step of PV-DBOW (step_dbow.inc.h). In: noise words. Out: targets of a block, and weights of all pairs. */

/* Whether a word of the step is among n negatives; negatives behind the n-th may count, too. */
WV_INLINE int have_word(const struct dbow_step *step, float *const *negatives, int n)
{
    int64_t found = 0;
    for (int i = 0; i < WV_TILE; i++) {
        for (int at = 0; at < n; at += WV_OVERRUN) {
            for (int k = 0; k < WV_OVERRUN; k++)
                found |= negatives[at + k] == step->words[i];
        }
    }
    return found != 0;
}

/* Weights of a step in which some pairs do not count, or negatives are equal. The last "target" stands for the words. */
WV_APART void weigh_pairs(struct wv_block *block, const struct dbow_step *step, float *const *negatives, int n)
{
    block->n = 0;
    for (int k = 0; k < n; k++) {
        int j = 0;
        while (j < block->n && block->targets[j] != negatives[k])
            j++;
        float *weights = block->weights + j * WV_TILE;
        if (j == block->n) {
            block->targets[block->n++] = negatives[k];
            memset(weights, 0, WV_TILE * sizeof *weights);
        }
        for (int i = 0; i < WV_TILE; i++)
            weights[i] -= negatives[k] != step->words[i] ? step->active[i] : 0;
    }
    memcpy(block->weights + block->n * WV_TILE, step->active, sizeof step->active);
    memset(block->weights + (block->n + 1) * WV_TILE, 0, WV_PAD * sizeof *block->weights);
}

/* The usual weights: all pairs count. */
WV_APART void weigh_all_pairs(struct wv_block *block, int n)
{
    for (int p = 0; p < n * WV_TILE; p++)
        block->weights[p] = -1;
    for (int p = n * WV_TILE; p < (n + 1) * WV_TILE; p++)
        block->weights[p] = 1;
    memset(block->weights + (n + 1) * WV_TILE, 0, WV_PAD * sizeof *block->weights);
}

/* Chooses the negatives of a step. is_usual: whether the block has the usual weights. */
WV_INLINE void choose_negatives(struct wv_worker *worker, struct wv_block *block, const struct dbow_step *step,
                                int *is_usual)
{
    const int n = worker->chunk.noise.n_noise;
    float **negatives = worker->chunk.targets;
    const int is_special = next_noise(worker, negatives) | (step->n_active < WV_TILE);
    if (is_special || have_word(step, negatives, n)) {
        weigh_pairs(block, step, negatives, n);
        *is_usual = 0;
        return;
    }
    if (!*is_usual)
        weigh_all_pairs(block, n);
    *is_usual = 1;
    block->n = n;
    copy_rows(block->targets, negatives, n);
}
