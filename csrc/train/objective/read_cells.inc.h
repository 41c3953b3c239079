/* Reads cells (i, j, value): unit i is one row of a sparse matrix in CSR form, its items are the columns j, rising. In: the
 * units of a chunk. Out: the target row of each cell. */

/* The rows of the items first … last of the task, in one of its matrices; the chunk has space for them. */
WV_INLINE void read_items(struct wv_worker *worker, int64_t first, int64_t last, int matrix, float **rows)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    chunk->n = last - first;
    memcpy(chunk->words, task->items.ids + first, (size_t)chunk->n * sizeof *chunk->words);
    memset(chunk->words + chunk->n, 0, WV_OVERRUN * sizeof *chunk->words);
    rows_at(&worker->views[matrix], chunk->words, chunk->n, rows);
}

WV_APART void read_cells(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key)
{
    const int64_t *offsets = worker->task->items.offsets;
    (void)key; /* nothing is drawn */
    read_items(worker, offsets[first], offsets[last], WV_OUTPUT, worker->chunk.output);
    worker->chunk.unit = first;
    worker->chunk.last_unit = last;
    worker->chunk.next_cell = offsets[first];
    worker->chunk.first_cell = offsets[first];
}
