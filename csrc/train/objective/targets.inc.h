/* The output rows of a block and the sign of each pair. In: a centre, the noise distribution, Huffman paths.
 * Out: targets and weights. Target rows of a block differ from each other: a negative that was drawn twice counts
 * twice, one that is the centre is dropped. */

WV_INLINE void add_target(const struct wv_worker *worker, struct wv_block *block, float *row, float sign)
{
    worker->signs[block->n] = sign;
    block->targets[block->n++] = row;
    row_prefetch(row, worker->task->dim);
}

/* The path of a word: left turns are positive pairs, right turns negative ones (Mikolov et al. 2013). */
WV_INLINE void add_path(const struct wv_worker *worker, struct wv_block *block, int32_t word)
{
    const struct wv_task *task = worker->task;
    for (int64_t k = task->path_offsets[word]; k < task->path_offsets[word + 1]; k++)
        add_target(worker, block, row_at(&worker->nodes, task->path_nodes[k]), task->path_codes[k] ? -1.0f : 1.0f);
}

/* The noise words of the next block (negative). They are drawn for many blocks at once, so that the look-ups in the
 * table wait for memory together. */
WV_INLINE const int32_t *next_noise(struct wv_worker *worker)
{
    const struct wv_task *task = worker->task;
    const int n = task->negative;
    const uint64_t block = worker->chunk.n_drawn++;
    if (block % WV_DRAW_BLOCKS == 0)
        for (int k = 0; k < n * WV_DRAW_BLOCKS; k++) {
            uint64_t draw = wv_draw(worker->chunk.noise_key, block * (uint64_t)n + (uint64_t)k);
            worker->noise[k] = wv_alias_draw(task->noise, task->n_words, draw);
        }
    return worker->noise + block % WV_DRAW_BLOCKS * (uint64_t)n;
}

/* The negatives of a block in which some are the same, or the centre. */
static void add_repeated(struct wv_worker *worker, struct wv_block *block, int32_t centre, const int32_t *noise)
{
    for (int k = 0; k < worker->task->negative; k++) {
        int times = 0, seen_before = noise[k] == centre;
        for (int other = 0; other < worker->task->negative; other++) {
            times += noise[other] == noise[k];
            seen_before |= other < k && noise[other] == noise[k];
        }
        if (!seen_before)
            add_target(worker, block, row_at(&worker->output, noise[k]), (float)-times);
    }
}

/* Adds the negatives of a centre; 1 if all differ from it and from each other, as they do in most blocks. */
WV_INLINE int add_negatives(struct wv_worker *worker, struct wv_block *block, int32_t centre)
{
    const int32_t *noise = next_noise(worker);
    int repeated = 0;
    for (int k = 0; k < worker->task->negative; k++) {
        repeated |= noise[k] == centre;
        for (int before = 0; before < k; before++)
            repeated |= noise[before] == noise[k];
    }
    if (repeated) {
        add_repeated(worker, block, centre, noise);
        return 0;
    }
    for (int k = 0; k < worker->task->negative; k++)
        add_target(worker, block, row_at(&worker->output, noise[k]), -1);
    return 1;
}

/* The targets of a block whose hidden rows are known, for the centre at position `at` of the chunk. */
WV_INLINE void fill_targets(struct wv_worker *worker, struct wv_block *block, int64_t at)
{
    const struct wv_task *task = worker->task;
    const int32_t centre = worker->chunk.words[at];
    int usual = !task->node_rows;
    block->n = 0;
    if (task->node_rows)
        add_path(worker, block, centre);
    if (task->negative) {
        add_target(worker, block, worker->chunk.output[at], 1);
        usual &= add_negatives(worker, block, centre);
    }
    block->weights = usual ? wv_pattern(worker, block->m) : block->own_weights;
    if (usual)
        return;
    int p = 0;
    for (int j = 0; j < block->n; j++)
        for (int i = 0; i < block->m; i++)
            block->own_weights[p++] = worker->signs[j];
    while (p % WV_PAD) /* scores are worked on in whole vectors: what stands behind the last pair must not count */
        block->own_weights[p++] = 0;
}
