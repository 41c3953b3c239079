/* Noise words. In: the noise distribution, draws. Out: those of the next window. Which of them become targets is not here
 * (see targets). */

/* Draws noise words up to number `last`, many at a time, so that the look-ups in the table wait for memory together. */
WV_INLINE void draw_noise(const struct wv_task *task, struct wv_chunk *chunk, int64_t last)
{
    while (chunk->n_drawn <= last) {
        int32_t *noise = chunk->noise + (chunk->n_drawn & chunk->noise_mask);
        for (int64_t i = 0; i < WV_DRAWS; i++)
            noise[i] = wv_alias_draw(task->noise, task->n_words,
                                     wv_draw(chunk->noise_key, (uint64_t)(chunk->n_drawn + i)));
        chunk->n_drawn += WV_DRAWS;
    }
}

/* The noise words of the next window (negative); worker.c plans which draws they are. */
WV_INLINE const int32_t *next_noise(struct wv_worker *worker)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t first = chunk->window_draw;
    draw_noise(task, chunk, first + chunk->noise_places[task->negative - 1]);
    for (int k = 0; k < task->negative; k++)
        chunk->negatives[k] = chunk->noise[(first + chunk->noise_places[k]) & chunk->noise_mask];
    chunk->window_draw += chunk->draws_per_window;
    return chunk->negatives;
}
