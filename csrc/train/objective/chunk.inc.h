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

/* Makes the next block, of each stream in turn while it lasts; 0 when all are at their end. */
WV_INLINE int make_block(struct wv_worker *worker, struct wv_block *block)
{
    for (int tried = 0; tried < WV_STREAMS; tried++) {
        struct wv_stream *stream = &worker->streams[worker->next_stream];
        block->stream = worker->next_stream;
        worker->next_stream = (worker->next_stream + 1) % WV_STREAMS;
        if (worker->task->objective == WV_CBOW ? make_cbow(worker, stream, block)
                                               : make_skipgram(worker, stream, block))
            return 1;
    }
    return 0;
}

/* A block may be scored when all those of its stream before it are done. */
WV_INLINE int may_begin(const struct wv_worker *worker, unsigned number, unsigned done)
{
    for (unsigned k = done; k < number; k++)
        if (worker->ring[k % WV_RING].stream == worker->ring[number % WV_RING].stream)
            return 0;
    return 1;
}

WV_INLINE void begin(struct wv_worker *worker, unsigned number)
{
    const struct wv_task *task = worker->task;
    struct wv_block *block = &worker->ring[number % WV_RING];
    struct wv_desk *desk = &worker->desks[number % WV_STREAMS];
    if (task->objective == WV_CBOW)
        gather(block, desk, task->dim, task->cbow_mean);
    score(block, desk, task->dim);
}

WV_INLINE void finish(struct wv_worker *worker, unsigned number, const struct wv_block *later, int64_t *examples)
{
    const struct wv_task *task = worker->task;
    const struct wv_block *block = &worker->ring[number % WV_RING];
    update(block, later, &worker->desks[number % WV_STREAMS], task->dim);
    if (task->objective == WV_CBOW)
        scatter(block, task->dim, task->cbow_mean);
    *examples += block->n_examples;
    worker->since_merge += block->n_centres;
    if (task->n_hot && worker->since_merge >= task->merge_every)
        merge(worker);
}

/* Trains one chunk at `rate`; answers its loss. Blocks are made WV_AHEAD of their training, so that the rows they ask for
 * have arrived. While one block is updated, the next one's gradients are worked out and the one after that is scored: as
 * these depend on nothing of each other, the processor need not wait for any. */
static double train_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples)
{
    unsigned made = 0, begun = 0, judged = 0, done = 0;
    prepare_chunk(worker, first, last, key);
    worker->loss.sum = 0;
    worker->next_stream = 0;
    while (!WV_LOAD_RELAXED(&worker->task->stop)) {
        while (made < done + WV_AHEAD && make_block(worker, &worker->ring[made % WV_RING]))
            made++;
        if (done == made)
            break;
        for (; begun < made && begun < done + WV_STREAMS && may_begin(worker, begun, done); begun++)
            begin(worker, begun);
        for (; judged < begun && judged < done + 2; judged++)
            logistic(&worker->ring[judged % WV_RING], &worker->desks[judged % WV_STREAMS], &worker->loss, rate);
        finish(worker, done++, &worker->ring[(made - 1) % WV_RING], examples);
    }
    settle_loss(&worker->loss);
    return worker->loss.sum;
}
