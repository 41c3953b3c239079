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

/* Makes the next block of a stream; 0 at its end. */
WV_INLINE int make_block(struct wv_worker *worker, int number, struct wv_block *block)
{
    struct wv_stream *stream = &worker->streams[number];
    block->stream = number;
    return worker->task->objective == WV_CBOW ? make_cbow(worker, stream, block)
                                              : make_skipgram(worker, stream, block);
}

/* Makes blocks, of each stream in turn while both last, until WV_AHEAD are ready. Answers how many were made so far. */
static unsigned make_ahead(struct wv_worker *worker, unsigned made, unsigned done)
{
    while (made < done + WV_AHEAD) {
        struct wv_block *block = &worker->ring[made % WV_RING];
        const int first = made % WV_STREAMS;
        if (!make_block(worker, first, block) && !make_block(worker, !first, block))
            break;
        made++;
    }
    return made;
}

WV_INLINE void begin(const struct wv_task *task, struct wv_block *block, struct wv_desk *desk)
{
    if (task->objective == WV_CBOW)
        gather(block, desk, task->dim, task->cbow_mean);
    score(block, desk, task->dim);
}

WV_INLINE void finish(struct wv_worker *worker, struct wv_block *block, const struct wv_block *later,
                      struct wv_desk *desk, int64_t *examples)
{
    const struct wv_task *task = worker->task;
    update(block, later, desk, task->dim);
    if (task->objective == WV_CBOW)
        scatter(block, task->dim, task->cbow_mean);
    *examples += block->n_examples;
    worker->since_merge += block->n_centres;
    if (task->n_hot && worker->since_merge >= task->merge_every)
        merge(worker);
}

/* Trains one chunk at `rate`; answers its loss. A block begins before the one before it is finished, unless both are
 * of the same stream. Blocks are made WV_AHEAD of their training, so that the rows they ask for have arrived. */
static double train_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples)
{
    const struct wv_task *task = worker->task;
    prepare_chunk(worker, first, last, key);
    worker->loss.sum = 0;
    unsigned made = make_ahead(worker, 0, 0), done = 0;
    if (made)
        begin(task, &worker->ring[0], &worker->desks[0]);
    while (done < made) {
        struct wv_block *block = &worker->ring[done % WV_RING];
        struct wv_desk *desk = &worker->desks[done % 2], *other = &worker->desks[++done % 2];
        made = make_ahead(worker, made, done);
        struct wv_block *next = done < made ? &worker->ring[done % WV_RING] : NULL;
        const struct wv_block *later = &worker->ring[(made - 1) % WV_RING];
        if (WV_LOAD_RELAXED(&task->stop))
            next = NULL;
        logistic(block, desk, &worker->loss, rate);
        const int together = next && next->stream != block->stream;
        if (together)
            begin(task, next, other);
        finish(worker, block, later, desk, examples);
        if (!next)
            break;
        if (!together)
            begin(task, next, other);
    }
    settle_loss(&worker->loss);
    return worker->loss.sum;
}
