/* The loop over the blocks of a chunk. In: a prepared chunk and a rate. Out: trained rows, the loss. */

static void merge(struct wv_worker *worker)
{
    for (int m = 0; m < WV_N_MATRICES; m++)
        rows_merge(&worker->matrices[m]);
    worker->since_merge = 0;
}

static void merge_round(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate)
{
    for (int m = 0; m < WV_N_MATRICES; m++)
        rows_merge_round(workers, n_workers, m, part, n_parts, rate);
}

/* The objective is a constant of the caller. Blocks are made WV_AHEAD of their training, so that the rows they ask
 * for have arrived. */
WV_INLINE double train_blocks(struct wv_worker *worker, enum wv_objective objective, float rate, int64_t *examples)
{
    const struct wv_task *task = worker->task;
    unsigned made = 0, done = 0;
    double loss = 0;
    while (!WV_LOAD_RELAXED(&task->stop)) {
        while (made < done + WV_AHEAD) {
            struct wv_block *next = &worker->ring[made % WV_RING];
            if (!(objective == WV_CBOW ? make_cbow(worker, next) : make_skipgram(worker, next)))
                break;
            made++;
        }
        if (done == made)
            break;
        const struct wv_block *block = &worker->ring[done++ % WV_RING];
        if (objective == WV_CBOW)
            gather(block, task->dim, task->cbow_mean);
        loss += step(worker, block, rate);
        if (objective == WV_CBOW)
            scatter(block, task->dim, task->cbow_mean);
        *examples += block->n_examples;
        worker->since_merge += block->n_centres;
        if (task->n_hot && worker->since_merge >= task->merge_every)
            merge(worker);
    }
    return loss;
}

static double train_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples)
{
    prepare_chunk(worker, first, last, key);
    return worker->task->objective == WV_CBOW ? train_blocks(worker, WV_CBOW, rate, examples)
                                              : train_blocks(worker, WV_SKIPGRAM, rate, examples);
}
