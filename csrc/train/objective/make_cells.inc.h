/* Blocks of cells: one hidden row i, its next columns as targets, each with its value and weight. */

WV_APART int make_cells(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t *offsets = task->items.offsets, at = chunk->next_cell;
    while (chunk->unit < chunk->last_unit && at == offsets[chunk->unit + 1])
        chunk->unit++;
    if (chunk->unit == chunk->last_unit)
        return 0;
    const int32_t unit[WV_OVERRUN] = {(int32_t)chunk->unit};
    const int64_t left = offsets[chunk->unit + 1] - at;
    const int n = left < WV_CELLS_OF_BLOCK ? (int)left : WV_CELLS_OF_BLOCK;
    rows_at(&worker->views[WV_INPUT], unit, 1, block->context);
    block->hidden = block->hidden_grad = block->context;
    block->n_context = 0;
    block->m = 1;
    block->n = block->n_trained = block->n_examples = n;
    copy_rows(block->targets, chunk->output + (at - chunk->first_cell), n);
    memcpy(block->values, task->values + at, (size_t)n * sizeof *block->values);
    memcpy(block->weights, task->weights + at, (size_t)n * sizeof *block->weights);
    memset(block->weights + n, 0, WV_PAD * sizeof *block->weights);
    chunk->next_cell = at + n;
    return 1;
}
