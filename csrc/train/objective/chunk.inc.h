/* The loop over the blocks of a chunk. In: a prepared chunk and a rate. Out: trained rows, the loss. */

/* Makes the next block; 0 at the end of the chunk. */
WV_INLINE int make_block(struct wv_worker *worker, struct wv_block *block)
{
    return worker->task->objective == WV_CBOW ? make_cbow(worker, block) : make_skipgram(worker, block);
}

/* Trains one chunk at `rate`; answers its loss. Blocks are made WV_AHEAD of their training, so that the rows they ask for
 * have arrived. */
static double train_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples)
{
    const struct wv_task *task = worker->task;
    const int dim = (task->size + VEC_LANES - 1) / VEC_LANES * VEC_LANES; /* the padding behind stays 0 */
    const struct wv_block *gathered = NULL; /* has the context rows of the window at hand */
    unsigned made = 0, done = 0;
    int in_window = 0; /* which a stop lets end, so that its pairs are counted */
    prepare_chunk(worker, first, last, key);
    worker->loss.sum = 0;
    worker->rate = rate;
    for (; in_window || !WV_LOAD_RELAXED(&task->stop); done++) {
        while (made <= done + WV_AHEAD && make_block(worker, &worker->ring[made % WV_RING]))
            made++;
        if (done == made)
            break;
        const struct wv_block *block = &worker->ring[done % WV_RING];
        if (block->n_context)
            gather(gathered = block, &worker->desk, dim, task->cbow_mean);
        score(block, &worker->desk, task->size);
        logistic(block, &worker->desk, &worker->loss, rate);
        update(block, &worker->asks, &worker->desk, dim);
        in_window = !block->n_centres;
        if (gathered && !in_window)
            scatter(gathered, &worker->desk, dim, task->cbow_mean);
        *examples += block->n_examples;
        worker->n_centres += block->n_centres;
        if (task->n_hot && worker->n_centres - worker->merged_at[0] >= task->merge_every)
            merge_hottest(worker);
    }
    settle_loss(&worker->loss);
    return worker->loss.sum;
}
