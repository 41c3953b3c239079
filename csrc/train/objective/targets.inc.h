/* The output rows of a block and the sign of each pair. In: a window, the noise distribution, Huffman paths.
 * Out: targets and weights. Target rows of a block differ from each other: a negative that was drawn twice counts
 * twice, one that is a centre of the block is dropped. */

/* members[c * m + i] = 1 where hidden row i is trained on centre c, else 0. */
struct centres {
    const float *members;
    const float *pattern; /* ready weights for centres and negatives that all differ, or NULL */
    int64_t first;
    int n;
};

WV_INLINE void add_target(struct wv_worker *worker, struct wv_block *block, float *row, const float *members, float sign)
{
    float *weights = block->own_weights + block->n * block->m;
    for (int i = 0; i < block->m; i++)
        weights[i] = sign * members[i];
    block->targets[block->n++] = row;
    row_prefetch(row, worker->task->dim);
}

/* The path of one centre: left turns are positive pairs, right turns negative ones (Mikolov et al. 2013). */
WV_INLINE void add_path(struct wv_worker *worker, struct wv_block *block, const struct centres *centres)
{
    const struct wv_task *task = worker->task;
    int32_t word = worker->chunk.words[centres->first];
    for (int64_t k = task->path_offsets[word]; k < task->path_offsets[word + 1]; k++)
        add_target(worker, block, row_at(&worker->nodes, task->path_nodes[k]), centres->members,
                   task->path_codes[k] ? -1.0f : 1.0f);
}

/* Draws the negatives of a block; 1 if they and the centres are all different. */
WV_INLINE int draw_negatives(struct wv_worker *worker, const struct centres *centres)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int32_t *words = chunk->words + centres->first;
    int equal = centres->n == 2 && words[0] == words[1];
    for (int k = 0; k < task->negative; k++) {
        uint64_t draw = wv_draw(chunk->noise_key, (uint64_t)chunk->noise_drawn++);
        int32_t id = wv_alias_draw(task->noise, task->n_words, draw);
        worker->drawn[k] = id;
        equal |= id == words[0] || id == words[centres->n - 1];
        for (int before = 0; before < k; before++)
            equal |= id == worker->drawn[before];
    }
    return !equal;
}

/* The rare block in which some of the rows are the same: each is taken once. */
static void add_repeated(struct wv_worker *worker, struct wv_block *block, const struct centres *centres)
{
    const struct wv_task *task = worker->task;
    const struct wv_chunk *chunk = &worker->chunk;
    const int32_t *words = chunk->words + centres->first, *drawn = worker->drawn;
    const int m = block->m, one_word = centres->n == 2 && words[0] == words[1];
    const int first = block->n;
    for (int c = 0; c < centres->n - one_word; c++)
        add_target(worker, block, chunk->output[centres->first + c], centres->members + c * m, 1);
    for (int i = 0; one_word && i < m; i++)
        block->own_weights[first * m + i] += centres->members[m + i];
    for (int k = 0; k < task->negative; k++) {
        int times = 1, seen = drawn[k] == words[0] || drawn[k] == words[centres->n - 1];
        for (int other = 0; other < task->negative; other++) {
            seen |= other < k && drawn[other] == drawn[k];
            times += other > k && drawn[other] == drawn[k];
        }
        if (seen)
            continue;
        add_target(worker, block, row_at(&worker->output, drawn[k]), centres->members, (float)-times);
        for (int i = 0; centres->n == 2 && i < m; i++)
            block->own_weights[(block->n - 1) * m + i] -= (float)times * centres->members[m + i];
    }
}

/* Weights of centres and negatives that all differ: (n + negative, m). */
static void fill_pattern(const float *members, int n, int negative, int m, float *pattern)
{
    for (int i = 0; i < m; i++) {
        float sum = 0;
        for (int c = 0; c < n; c++)
            sum += pattern[c * m + i] = members[c * m + i];
        for (int k = 0; k < negative; k++)
            pattern[(n + k) * m + i] = -sum;
    }
}

/* The common block, in which all rows differ. */
WV_INLINE void add_centres_and_negatives(struct wv_worker *worker, struct wv_block *block, const struct centres *centres)
{
    const struct wv_task *task = worker->task;
    const int first = block->n;
    if (centres->pattern && first == 0)
        block->weights = centres->pattern;
    else
        fill_pattern(centres->members, centres->n, task->negative, block->m, block->own_weights + first * block->m);
    for (int c = 0; c < centres->n; c++)
        block->targets[block->n++] = worker->chunk.output[centres->first + c];
    for (int k = 0; k < task->negative; k++)
        block->targets[block->n++] = row_at(&worker->output, worker->drawn[k]);
    for (int j = first; j < block->n; j++)
        row_prefetch(block->targets[j], task->dim);
}

/* The targets of a block whose hidden rows are known. */
WV_INLINE void fill_targets(struct wv_worker *worker, struct wv_block *block, const struct centres *centres)
{
    const struct wv_task *task = worker->task;
    block->n = 0;
    block->weights = block->own_weights;
    if (task->node_rows)
        add_path(worker, block, centres);
    if (task->negative && draw_negatives(worker, centres))
        add_centres_and_negatives(worker, block, centres);
    else if (task->negative)
        add_repeated(worker, block, centres);
    /* Scores are worked on in whole vectors: what stands behind the last pair must not count. */
    for (int k = block->m * block->n; k % WV_PAD; k++)
        block->own_weights[k] = 0;
}
