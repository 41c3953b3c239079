/* Noise words. In: the noise distribution, draws. Out: the rows of those of the next window. Which of them become targets
 * is not here (see targets). */

/* In a round looking up a row makes a copy and counts as a use: there is room only for words that a window takes. */
WV_INLINE int noise_has_rows(const struct wv_worker *worker) { return !worker->output.copy_of; }

static void forget_noise(struct wv_noise *noise)
{
    noise->n = noise->n_past = 0;
    noise->window = noise->n_windows;
}

/* Leaves out what later windows do not take. */
static void drop_noise(struct wv_noise *noise)
{
    noise->n -= noise->n_own;
    noise->n_past += noise->n_own;
    memmove(noise->words, noise->words + noise->n_own, (size_t)noise->n * sizeof *noise->words);
    memmove(noise->rows, noise->rows + noise->n_own, (size_t)noise->n * sizeof *noise->rows);
}

/* Draws many words at a time, so that the look-ups in the table wait for memory together. */
static void draw_noise(struct wv_worker *worker)
{
    const struct wv_task *task = worker->task;
    struct wv_noise *noise = &worker->chunk.noise;
    int32_t *words = noise->words + noise->n;
    for (int64_t i = 0; i < WV_DRAWS; i++)
        words[i] = wv_alias_draw(task->noise, task->n_words,
                                 wv_draw(worker->chunk.noise_key, (uint64_t)(noise->n_past + noise->n + i)));
    if (noise_has_rows(worker)) {
        rows_at(&worker->output, words, WV_DRAWS, noise->rows + noise->n);
    } else {
        for (int64_t i = 0; i < WV_DRAWS; i++)
            ask_in_round(&worker->output, words[i]);
    }
    noise->n += WV_DRAWS;
}

/* Marks where two words are the same. */
WV_APART void mark_same(int32_t *marks, const int32_t *a, const int32_t *b, int n)
{
    for (int i = 0; i < n; i++)
        marks[i] |= a[i] == b[i];
}

/* Finds the windows of which some words are the same: two draws at a time, of all windows. A window alone gains nothing by
 * that (see add_repeated). */
static void mark_repeated(struct wv_noise *noise, int n_words)
{
    if (noise->n_windows == 1) {
        noise->repeated[0] = 1;
        return;
    }
    memset(noise->repeated, 0, (size_t)noise->n_windows * sizeof *noise->repeated);
    for (int k = 1; k < n_words; k++) {
        for (int before = 0; before < k; before++)
            mark_same(noise->repeated, noise->words + noise->places[before], noise->words + noise->places[k],
                      noise->n_windows);
    }
}

/* Draws what the next windows take. */
WV_APART void prepare_noise(struct wv_worker *worker)
{
    struct wv_noise *noise = &worker->chunk.noise;
    const int n = worker->task->negative;
    if (noise->n)
        drop_noise(noise);
    while (noise->n < noise->places[n - 1] + noise->n_own)
        draw_noise(worker);
    mark_repeated(noise, n);
    noise->window = 0;
}

/* The rows of the next window's noise words (negative); answers whether some are the same. worker.c plans which draws
 * they are. */
WV_INLINE int next_noise(struct wv_worker *worker, float **rows)
{
    struct wv_noise *noise = &worker->chunk.noise;
    const int n = worker->task->negative;
    if (noise->window == noise->n_windows)
        prepare_noise(worker);
    const int window = noise->window++;
    if (noise_has_rows(worker)) {
        for (int k = 0; k < n; k++)
            rows[k] = noise->rows[window + noise->places[k]];
    } else {
        for (int k = 0; k < n; k++)
            noise->of_window[k] = noise->words[window + noise->places[k]];
        rows_in_round(&worker->output, noise->of_window, n, rows);
    }
    return noise->repeated[window];
}
