/* The prefetch queue: rows that are prefetched before their block is trained. In: targets of a block, a new window. Out: the queue;
 * each block prefetches half of it during its update. */

/* Appends the current targets and, if the window is new, the input rows that windows reach next. Rows of tokens that consist of
 * parts are in cache already; prefetching their parts was measured to save no time. */
WV_INLINE void queue_rows(struct wv_worker *worker, int window_is_new)
{
    const struct wv_chunk *chunk = &worker->chunk;
    struct wv_prefetch_queue *queue = &worker->queue;
    const int64_t first = chunk->next_centre + worker->task->window;
    const int64_t last = window_is_new && !worker->task->parts.offsets ? first + chunk->window.n_centres : first;
    const int n_queued = chunk->n_targets + 2;
    if (queue->last + n_queued > queue->capacity) {
        queue->last -= queue->first;
        memmove(queue->rows, queue->rows + queue->first, (size_t)queue->last * sizeof *queue->rows);
        queue->first = 0;
    }
    float **to = queue->rows + queue->last;
    copy_rows(to, chunk->targets + chunk->n_common, chunk->n_targets - chunk->n_common);
    to += chunk->n_targets - chunk->n_common;
    for (int64_t t = first; t < last && t < chunk->n; t++)
        *to++ = chunk->input[t];
    queue->last = (int)(to - queue->rows);
}
