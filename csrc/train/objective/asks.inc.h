/* Rows that are asked for before their block is trained. In: targets, a new window. Out: prefetches, a few beside each
 * block. */

/* Lists the targets at hand and, where a window is new, behind them the input rows that windows reach next. */
WV_INLINE void ask_for_rows(struct wv_worker *worker, int window_is_new)
{
    const struct wv_chunk *chunk = &worker->chunk;
    struct wv_asks *asks = &worker->asks;
    const int64_t first = chunk->next_centre + worker->task->window;
    const int64_t last = window_is_new ? first + chunk->window.n_centres : first;
    if (asks->last + chunk->n_targets + 2 > asks->room) {
        asks->last -= asks->first;
        memmove(asks->rows, asks->rows + asks->first, (size_t)asks->last * sizeof *asks->rows);
        asks->first = 0;
    }
    float **to = asks->rows + asks->last;
    copy_rows(to, chunk->targets + chunk->n_common, chunk->n_targets - chunk->n_common);
    to += chunk->n_targets - chunk->n_common;
    for (int64_t t = first; t < last && t < chunk->n; t++)
        *to++ = chunk->input[t];
    asks->last = (int)(to - asks->rows);
}
