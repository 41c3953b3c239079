/* Blocks of bags: the hidden row is the mean or the sum of the rows of the bag's features; the targets are the rows of all labels;
 * the weights are the same for each label of the bag, with the sum 1. A bag without features or without labels is skipped. */

/* The rows of all labels, as targets of the block. */
WV_INLINE void fill_labels(struct wv_worker *worker, struct wv_block *block)
{
    block->n = (int)worker->task->matrices[WV_OUTPUT].n;
    for (int first = 0; first < block->n; first += WV_OVERRUN) {
        int32_t ids[WV_OVERRUN];
        const int n = block->n - first < WV_OVERRUN ? block->n - first : WV_OVERRUN;
        for (int k = 0; k < WV_OVERRUN; k++)
            ids[k] = first + (k < n ? k : 0);
        rows_at(&worker->views[WV_OUTPUT], ids, n, block->targets + first);
    }
}

WV_APART int make_bags(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    const struct wv_ragged *items = &task->items, *labels = &task->labels;
    struct wv_chunk *chunk = &worker->chunk;
    int64_t b = chunk->unit, n_items = 0, n_labels = 0;
    for (; b < chunk->last_unit && !(n_items && n_labels); b++) {
        n_items = items->offsets[b + 1] - items->offsets[b];
        n_labels = labels->offsets[b + 1] - labels->offsets[b];
    }
    chunk->unit = b--;
    if (!n_items || !n_labels)
        return 0;
    copy_rows(block->context, chunk->input + (items->offsets[b] - chunk->first_cell), n_items);
    block->n_context = block->first_end = block->second_start = (int)n_items;
    block->hidden = worker->scratch.hidden;
    block->hidden_grad = worker->scratch.hidden_grad;
    block->m = block->n_trained = block->n_examples = 1;
    fill_labels(worker, block);
    memset(block->weights, 0, (size_t)(block->n + WV_PAD) * sizeof *block->weights);
    for (int64_t k = labels->offsets[b]; k < labels->offsets[b + 1]; k++)
        block->weights[labels->ids[k]] += 1 / (float)n_labels;
    return 1;
}
