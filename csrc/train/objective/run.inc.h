/* The loop over the blocks of a chunk, for every objective. In: the units of a chunk, a learning rate. Out: trained rows, the
 * loss. */

typedef void read_fn(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key);
typedef int make_fn(struct wv_worker *worker, struct wv_block *block); /* fills the next block; 0 at the end */
typedef void loss_fn(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss, float rate);

/* The rate of a block, bounded so that a step stays stable: with weights w, one step can multiply the rows of a block by up to
 * 1 + rate * sqrt(Σ |w|). */
static float bound_rate(const struct wv_block *block, float rate)
{
    float sum = 0;
    for (int p = 0; p < block->m * block->n; p++)
        sum += fabsf(block->weights[p]);
    return rate * rate * sum > 1 ? 1 / sqrtf(sum) : rate;
}

/* Whether some blocks of a chunk may need the bound: at rates above 0.1, or with many negatives. Without weights of the user,
 * Σ |w| <= 2 * max_targets * m, as two centres may share a target. */
static int may_exceed_bound(const struct wv_task *task, float rate)
{
    return task->weights || rate * rate * (float)(2 * task->max_targets * WV_TILE) > 1;
}

/* Trains the units first … last at `rate`; returns their loss. read, make and loss are constants of the caller, so that each
 * objective is compiled without calls through pointers. Blocks are made WV_AHEAD steps before they are trained, so that
 * their rows can be prefetched. */
WV_INLINE double run_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                           int64_t *examples, read_fn *read, make_fn *make, loss_fn *loss)
{
    const struct wv_task *task = worker->task;
    const int size = task->matrices[WV_INPUT].size;
    const int width = (size + VEC_LANES - 1) / VEC_LANES * VEC_LANES; /* the padding behind stays 0 */
    const struct wv_block *composed = NULL; /* has the context rows of the current window */
    const int is_plain = worker->is_plain, infers = task->infers, merges = worker->n_private > 0;
    const int has_parts = task->parts.offsets != NULL;
    const int is_bounded = may_exceed_bound(task, rate);
    unsigned made = 0, done = 0;
    int in_window = 0; /* a stop takes effect at the end of a window, so that its pairs are counted */
    worker->loss.sum = 0;
    worker->rate = rate;
    read(worker, first, last, key);
    for (; in_window || !WV_LOAD_RELAXED(&task->stop); done++) {
        while (made <= done + WV_AHEAD && make(worker, &worker->ring[made % WV_RING]))
            made++;
        if (done == made)
            break;
        const struct wv_block *block = &worker->ring[done % WV_RING];
        if (has_parts)
            move_tokens(worker, block->first_token, block->end_token, width);
        if (block->n_context)
            compose(composed = block, &worker->scratch, width, task->average_hidden);
        score(block, &worker->scratch, size);
        const float bounded = is_bounded ? bound_rate(block, rate) : rate;
        loss(block, &worker->scratch, &worker->loss, is_plain || infers ? bounded : rate > 0 ? bounded / rate : 1);
        in_window = !block->n_trained;
        if (is_plain) {
            update(block, &worker->queue, &worker->scratch, width);
            if (composed && !in_window)
                spread(composed, &worker->scratch, width, task->average_grad);
        } else if (infers) {
            update_hidden(block, &worker->queue, &worker->scratch, width);
            if (composed && !in_window)
                spread_to_tags(worker, composed, width, task->average_grad);
        } else {
            worker->queue.first = worker->queue.last; /* nothing is prefetched */
            if (rate > 0)
                update_by_rule(worker, block, width);
            if (rate > 0 && composed && !in_window)
                spread_by_rule(worker, composed, width, task->average_grad);
        }
        *examples += block->n_examples;
        worker->n_trained += block->n_trained;
        if (merges && worker->n_trained - worker->merged_at[0] >= task->merge_every)
            merge_hottest(worker);
    }
    if (has_parts)
        move_tokens(worker, worker->chunk.n, worker->chunk.n, width);
    add_product_to_sum(&worker->loss);
    return worker->loss.sum;
}
