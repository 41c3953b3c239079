/* Noise words. In: the noise distribution, random draws. Out: the output rows of the noise words of the next window. */

/* In a round, looking up a row makes a copy and counts as a use, so only words that a window uses are looked up. */
WV_INLINE int noise_has_rows(const struct wv_worker *worker) { return !worker->views[WV_OUTPUT].copy_of; }

static void reset_noise(struct wv_noise *noise)
{
    noise->n = noise->n_past = noise->first = 0;
    noise->window = noise->n_windows;
}

/* Removes draws that no later window uses. */
static void remove_used_noise(struct wv_worker *worker)
{
    struct wv_noise *noise = &worker->chunk.noise;
    noise->n -= noise->first;
    noise->n_past += noise->first;
    memmove(noise->words, noise->words + noise->first, (size_t)noise->n * sizeof *noise->words);
    if (noise_has_rows(worker))
        memmove(noise->rows, noise->rows + noise->first, (size_t)noise->n * sizeof *noise->rows);
    noise->first = 0;
}

/* Draws many words at a time, so that the cache misses of the alias table overlap. */
static void draw_noise(struct wv_worker *worker)
{
    const struct wv_task *task = worker->task;
    struct wv_noise *noise = &worker->chunk.noise;
    int32_t *words = noise->words + noise->n;
    for (int64_t i = 0; i < WV_DRAWS; i++)
        words[i] = wv_alias_draw(task->noise, (int32_t)task->matrices[WV_OUTPUT].n,
                                 wv_draw(worker->chunk.noise_key, (uint64_t)(noise->n_past + noise->n + i)));
    if (noise_has_rows(worker)) {
        rows_at(&worker->views[WV_OUTPUT], words, WV_DRAWS, noise->rows + noise->n);
    } else {
        for (int64_t i = 0; i < WV_DRAWS; i++)
            prefetch_in_round(&worker->views[WV_OUTPUT], words[i]);
    }
    noise->n += WV_DRAWS;
}

/* Marks the windows in which two of the words are equal. */
WV_APART void mark_same(int32_t *marks, const int32_t *a, const int32_t *b, int n)
{
    for (int i = 0; i < n; i++)
        marks[i] |= a[i] == b[i];
}

/* Finds the windows that have equal words: two draws at a time, for all windows. A single window is not searched, since
 * add_repeated finds equal words in any case. */
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
            mark_same(noise->repeated, words + noise->positions[before], words + noise->positions[k],
                      noise->n_windows);
    }
}

/* Draws the words of the next windows. */
WV_APART void prepare_noise(struct wv_worker *worker)
{
    struct wv_noise *noise = &worker->chunk.noise;
    const int n = noise->n_noise, n_taken = noise->positions[n - 1] + noise->n_windows;
    noise->first += noise->n ? noise->n_own : 0;
    if (noise->first + n_taken > noise->n)
        remove_used_noise(worker);
    while (noise->n < n_taken)
        draw_noise(worker);
    mark_repeated(noise, n);
    noise->window = 0;
}

/* Sets rows (n_noise) to the output rows of the next window's noise words. Returns whether some may be equal. Which draws a window uses
 * is set in worker.c (noise_position). */
WV_INLINE int next_noise(struct wv_worker *worker, float **rows)
{
    struct wv_noise *noise = &worker->chunk.noise;
    const int n = noise->n_noise;
    if (noise->window == noise->n_windows)
        prepare_noise(worker);
    const int window = noise->window++;
    const int64_t first = noise->first + window;
    if (noise_has_rows(worker)) {
        for (int k = 0; k < n; k++)
            rows[k] = noise->rows[first + noise->positions[k]];
    } else {
        for (int k = 0; k < n; k++)
            noise->of_window[k] = noise->words[first + noise->positions[k]];
        rows_in_round(&worker->views[WV_OUTPUT], noise->of_window, n, rows);
    }
    return noise->repeated[window];
}
