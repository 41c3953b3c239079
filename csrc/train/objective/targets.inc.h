/* The output rows of a block and the sign of each pair. In: a centre, the noise distribution, Huffman paths.
 * Out: targets and weights. Target rows of a block differ from each other: a negative that was drawn twice counts
 * twice, one that is the centre is dropped. */

WV_INLINE void add_target(const struct wv_worker *worker, struct wv_block *block, float *row, float weight)
{
    for (int i = 0; i < block->m; i++)
        block->weights[block->n * block->m + i] = weight;
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

WV_INLINE void add_negatives(struct wv_worker *worker, struct wv_block *block, int32_t centre)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int first = block->n;
    for (int k = 0; k < task->negative; k++) {
        uint64_t draw = wv_draw(chunk->noise_key, (uint64_t)chunk->noise_drawn++);
        int32_t word = wv_alias_draw(task->noise, task->n_words, draw);
        int j = first;
        if (word == centre)
            continue;
        while (j < block->n && worker->drawn[j - first] != word)
            j++;
        if (j == block->n) {
            worker->drawn[j - first] = word;
            add_target(worker, block, row_at(&worker->output, word), -1);
        } else {
            for (int i = 0; i < block->m; i++)
                block->weights[j * block->m + i] -= 1;
        }
    }
}

/* The targets of a block whose hidden rows are known, for the centre at position `at` of the chunk. */
WV_INLINE void fill_targets(struct wv_worker *worker, struct wv_block *block, int64_t at)
{
    const struct wv_task *task = worker->task;
    const int32_t centre = worker->chunk.words[at];
    block->n = 0;
    if (task->node_rows)
        add_path(worker, block, centre);
    if (task->negative) {
        add_target(worker, block, worker->chunk.output[at], 1);
        add_negatives(worker, block, centre);
    }
    /* Scores are worked on in whole vectors: what stands behind the last pair must not count. */
    for (int k = block->m * block->n; k % WV_PAD; k++)
        block->weights[k] = 0;
}
