/* PV-DM with concatenation (Le, Mikolov 2014). In: documents with concat_tags tags each. The hidden row is made of the rows of the
 * tags and of `window` words on each side, in this order, one behind the other; null_word is the row of positions outside the
 * document. Targets, whose rows are as long as the hidden row: the centre and negatives, or its Huffman path. */

/* The rows that make the hidden row. */
static void list_parts(struct wv_worker *worker, float *null_row)
{
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t centre = chunk->window.centre, window = worker->task->window;
    float **to = chunk->rows;
    for (int k = 0; k < chunk->n_tags; k++)
        *to++ = chunk->tags[k];
    for (int64_t t = centre - window; t <= centre + window; t++) {
        if (t != centre)
            *to++ = t >= chunk->window.low && t < chunk->window.end ? chunk->input[t] : null_row;
    }
    chunk->n_rows = (int)(to - chunk->rows);
}

/* hidden = the rows one behind the other; hidden_grad = 0. The zeros behind a row are overwritten by the next one. */
static void concatenate(const struct wv_chunk *chunk, const struct wv_scratch *scratch, int size, int width)
{
    for (int k = 0; k < chunk->n_rows; k++) {
        for (int at = 0; at < size; at += VEC_LANES)
            vec_store(scratch->hidden[0] + k * size + at, row_load(chunk->rows[k], at));
    }
    memset(scratch->hidden_grad[0], 0, (size_t)width * sizeof *scratch->hidden_grad[0]);
}

/* Adds to each row its part of the gradient; in inference to tags only. */
static void spread_parts(struct wv_worker *worker, int size)
{
    const struct wv_chunk *chunk = &worker->chunk;
    const int infers = worker->task->infers, n = infers ? chunk->n_tags : chunk->n_rows;
    for (int k = 0; k < n; k++) {
        const float *gradient = worker->scratch.hidden_grad[0] + k * size;
        const struct wv_row_rule rule =
            worker->is_plain || infers ? (struct wv_row_rule){.rate = 1} : rule_of(worker, chunk->rows[k]);
        for (int at = 0; at < size; at += VEC_LANES) {
            const int n_lanes = size - at < VEC_LANES ? size - at : VEC_LANES;
            row_train(chunk->rows[k], at, vec_load_first(gradient + at, n_lanes), &rule);
        }
    }
}

static void concat_step(struct wv_worker *worker, struct wv_block *block, float *null_row, float rate)
{
    const struct wv_task *task = worker->task;
    const int size = task->matrices[WV_INPUT].size, total = (task->concat_tags + 2 * task->window) * size;
    const int width = (total + VEC_LANES - 1) / VEC_LANES * VEC_LANES, is_plain = worker->is_plain;
    list_parts(worker, null_row);
    choose_targets(worker, worker->chunk.window.centre, 1);
    queue_rows(worker, 1);
    fill_targets_of_centres(&worker->chunk, block);
    concatenate(&worker->chunk, &worker->scratch, size, width);
    score(block, &worker->scratch, total);
    const float bounded = bound_rate(block, rate);
    logistic(block, &worker->scratch, &worker->loss,
             is_plain || task->infers ? bounded
             : rate > 0               ? bounded / rate
                                      : 1);
    if (is_plain) {
        update(block, &worker->queue, &worker->scratch, width);
    } else if (task->infers) {
        update_hidden(block, &worker->queue, &worker->scratch, width);
    } else {
        worker->queue.first = worker->queue.last;
        if (rate > 0)
            update_by_rule(worker, block, width);
    }
    if (rate > 0)
        spread_parts(worker, size);
}

static double train_dm_concat(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                              int64_t *examples)
{
    const struct wv_task *task = worker->task;
    struct wv_block *block = &worker->ring[0];
    int32_t null_word[WV_OVERRUN] = {0};
    float *null_row[WV_OVERRUN];
    block->hidden = worker->scratch.hidden;
    block->hidden_grad = worker->scratch.hidden_grad;
    block->m = 1;
    worker->loss.sum = 0;
    worker->rate = rate;
    read_documents(worker, first, last, key);
    null_word[0] = task->null_word;
    rows_at(&worker->views[WV_INPUT], null_word, 1, null_row);
    while (!WV_LOAD_RELAXED(&task->stop) && next_document_window(worker, 1)) {
        concat_step(worker, block, null_row[0], rate);
        ++*examples;
        worker->n_trained++;
        if (worker->n_private && worker->n_trained - worker->merged_at[0] >= task->merge_every)
            merge_hottest(worker);
    }
    add_product_to_sum(&worker->loss);
    return worker->loss.sum;
}
