/* The loop over the blocks of a chunk. In: a prepared chunk and a rate. Out: trained rows, the loss. */

static void merge(struct wv_worker *worker)
{
    rows_merge(&worker->input);
    rows_merge(&worker->output);
    rows_merge(&worker->nodes);
    worker->since_merge = 0;
}

/* The objective is a constant of the caller. Blocks are made WV_AHEAD of their training, so that the rows they ask
 * for have arrived. */
WV_INLINE void train_blocks(struct wv_worker *worker, enum wv_objective objective, float rate,
                            struct wv_result *result)
{
    const struct wv_task *task = worker->task;
    unsigned made = 0, done = 0;
    while (!WV_LOAD_RELAXED(&task->stop)) {
        while (made < done + WV_AHEAD) {
            struct wv_block *next = &worker->ring[made % WV_RING];
            if (!(objective == WV_CBOW ? make_cbow(worker, next) : make_skipgram(worker, next)))
                break;
            made++;
        }
        if (done == made)
            return;
        const struct wv_block *block = &worker->ring[done++ % WV_RING];
        if (objective == WV_CBOW)
            gather(block, task->dim, task->cbow_mean);
        result->loss += step(worker, block, rate);
        result->examples += block->n_examples;
        if (objective == WV_CBOW)
            scatter(block, task->dim, task->cbow_mean);
        worker->since_merge += block->n_centres;
        if (task->n_hot && worker->since_merge >= task->merge_every)
            merge(worker);
    }
}

static void train_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                        struct wv_result *result)
{
    prepare_chunk(worker, first, last, key);
    if (worker->task->objective == WV_CBOW)
        train_blocks(worker, WV_CBOW, rate, result);
    else
        train_blocks(worker, WV_SKIPGRAM, rate, result);
}
