/* Noise words. In: the noise distribution, draws. Out: those of the next window. Which of them become targets is not here
 * (see targets). */

/* Draws the noise words of WV_DRAW_WINDOWS windows, from number `window` on, so that the look-ups in the table wait for
 * memory together. */
WV_INLINE void draw_noise(const struct wv_task *task, struct wv_chunk *chunk, uint64_t window)
{
    for (int k = 0; k < task->negative; k++) {
        int32_t *noise = chunk->noise + (int64_t)k * WV_NOISE_WINDOWS + window % WV_NOISE_WINDOWS;
        for (uint64_t w = 0; w < WV_DRAW_WINDOWS; w++) {
            const uint64_t number = (window + w) * (uint64_t)task->negative + (uint64_t)k;
            noise[w] = wv_alias_draw(task->noise, task->n_words, wv_draw(chunk->noise_key, number));
        }
    }
}

/* The noise words of the next window (negative). Those of a chunk's first WV_NOISE_WINDOWS windows are drawn; later windows
 * take them again, since their rows are in cache, and in other company: at each turn, column k, from 0, has moved on by k
 * places more. The classic update draws new ones for every pair. */
WV_INLINE const int32_t *next_noise(struct wv_worker *worker)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const uint64_t window = chunk->n_drawn++;
    const uint64_t turn = task->one_pair_at_a_time ? 0 : window / WV_NOISE_WINDOWS;
    const int32_t *noise = chunk->noise;
    int32_t *negatives = chunk->negatives;
    if (turn == 0 && window % WV_DRAW_WINDOWS == 0)
        draw_noise(task, chunk, window);
    uint64_t at = window;
    for (int k = 0; k < task->negative; k++, at += turn, noise += WV_NOISE_WINDOWS)
        negatives[k] = noise[at % WV_NOISE_WINDOWS];
    return negatives;
}
