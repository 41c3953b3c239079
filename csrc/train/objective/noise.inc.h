/* Noise words. In: the noise distribution, draws. Out: the rows of those of the next window. Which of them become targets
 * is not here (see targets). */

/* In a round looking up a row makes a copy and counts as a use: there is room only for words that a window takes. */
WV_INLINE int noise_has_rows(const struct wv_worker *worker) { return !worker->output.copy_of; }

static void forget_noise(struct wv_noise *noise)
{
    noise->n = noise->n_past = noise->first = 0;
    noise->window = noise->n_windows;
}

/* Leaves out what no window will take. */
static void drop_noise(struct wv_worker *worker)
{
    struct wv_noise *noise = &worker->chunk.noise;
    noise->n -= noise->first;
    noise->n_past += noise->first;
    memmove(noise->words, noise->words + noise->first, (size_t)noise->n * sizeof *noise->words);
    if (noise_has_rows(worker))
        memmove(noise->rows, noise->rows + noise->first, (size_t)noise->n * sizeof *noise->rows);
    noise->first = 0;
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

/* Finds the windows of which some words are the same: two draws at a time, of all windows. One alone is not searched:
 * add_repeated finds what is the same in any case. */
static void mark_repeated(struct wv_noise *noise, int n_words)
{
    if (noise->n_windows == 1) {
        noise->repeated[0] = 1;
        return;
    }
    const int32_t *words = noise->words + noise->first;
    memset(noise->repeated, 0, (size_t)noise->n_windows * sizeof *noise->repeated);
    for (int k = 1; k < n_words; k++) {
        for (int before = 0; before < k; before++)
            mark_same(noise->repeated, words + noise->places[before], words + noise->places[k], noise->n_windows);
    }
}

/* Draws what the next windows take. */
WV_APART void prepare_noise(struct wv_worker *worker)
{
    struct wv_noise *noise = &worker->chunk.noise;
    const int n = worker->task->negative, n_taken = noise->places[n - 1] + noise->n_windows;
    noise->first += noise->n ? noise->n_own : 0;
    if (noise->first + n_taken > noise->n)
        drop_noise(worker);
    while (noise->n < n_taken)
        draw_noise(worker);
    mark_repeated(noise, n);
    noise->window = 0;
}

/* The rows of the next window's noise words (negative); answers whether some may be the same. worker.c plans which
 * draws they are. */
WV_INLINE int next_noise(struct wv_worker *worker, float **rows)
{
    struct wv_noise *noise = &worker->chunk.noise;
    const int n = worker->task->negative;
    if (noise->window == noise->n_windows)
        prepare_noise(worker);
    const int window = noise->window++;
    const int64_t first = noise->first + window;
    if (noise_has_rows(worker)) {
        for (int k = 0; k < n; k++)
            rows[k] = noise->rows[first + noise->places[k]];
    } else {
        for (int k = 0; k < n; k++)
            noise->of_window[k] = noise->words[first + noise->places[k]];
        rows_in_round(&worker->output, noise->of_window, n, rows);
    }
    return noise->repeated[window];
}
