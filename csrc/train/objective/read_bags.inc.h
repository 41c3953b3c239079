/* Reads bags of features: unit b has a list of features (items) and a list of labels. In: the units of a chunk. Out: the
 * input row of each feature. */
WV_APART void read_bags(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key)
{
    const int64_t *offsets = worker->task->items.offsets;
    (void)key; /* nothing is drawn */
    read_items(worker, offsets[first], offsets[last], WV_INPUT, worker->chunk.input);
    worker->chunk.unit = first;
    worker->chunk.last_unit = last;
    worker->chunk.first_cell = offsets[first];
}
