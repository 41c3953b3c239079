/* Noise words. In: the noise distribution, draws. Out: the rows of those of the next window. Which of them become targets
 * is not here (see targets). */

/* In a round looking up a row makes a copy and counts as a use: there is room only for words that a window takes. */
WV_INLINE int noise_has_rows(const struct wv_worker *worker) { return !worker->output.copy_of; }

/* Draws noise words up to number `last`, many at a time, so that the look-ups in the table wait for memory together. */
WV_INLINE void draw_noise(struct wv_worker *worker, int64_t last)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    while (chunk->n_drawn <= last) {
        const int64_t at = chunk->n_drawn & chunk->noise_mask;
        for (int64_t i = 0; i < WV_DRAWS; i++)
            chunk->noise[at + i] = wv_alias_draw(task->noise, task->n_words,
                                                 wv_draw(chunk->noise_key, (uint64_t)(chunk->n_drawn + i)));
        if (noise_has_rows(worker)) {
            rows_at(&worker->output, chunk->noise + at, WV_DRAWS, chunk->noise_rows + at);
        } else {
            for (int64_t i = 0; i < WV_DRAWS; i++)
                ask_in_round(&worker->output, chunk->noise[at + i]);
        }
        chunk->n_drawn += WV_DRAWS;
    }
}

/* The rows of the next window's noise words (negative); worker.c plans which draws they are. */
WV_INLINE void next_noise(struct wv_worker *worker, float **rows)
{
    struct wv_chunk *chunk = &worker->chunk;
    const int n = worker->task->negative;
    const int64_t first = chunk->window_draw, mask = chunk->noise_mask;
    draw_noise(worker, first + chunk->noise_places[n - 1]);
    chunk->window_draw += chunk->draws_per_window;
    if (noise_has_rows(worker)) {
        for (int k = 0; k < n; k++)
            rows[k] = chunk->noise_rows[(first + chunk->noise_places[k]) & mask];
        return;
    }
    for (int k = 0; k < n; k++)
        chunk->negatives[k] = chunk->noise[(first + chunk->noise_places[k]) & mask];
    rows_in_round(&worker->output, chunk->negatives, n, rows);
}
