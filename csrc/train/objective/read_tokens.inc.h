/* Reads tokens of sentences: subsampling, and windows over the kept tokens. In: sentences, random draws. Out: the rows of each
 * kept token; one or two centres and the context positions around them. */

/* Streams of random draws. */
enum { KEEP_DRAWS, WIDTH_DRAWS, NOISE_DRAWS };

/* The least number of kept tokens with which unit s is trained: a lone token has no context except tags. */
WV_INLINE int64_t least_tokens(const struct wv_task *task, int64_t s, int has_tags)
{
    const int64_t n_tags = has_tags ? task->tags.offsets[s + 1] - task->tags.offsets[s] : 0;
    if (has_tags && task->concat_tags)
        return n_tags == task->concat_tags ? 1 : INT64_MAX;
    return n_tags ? 1 : !has_tags || task->train_words ? 2 : INT64_MAX;
}

/* Looks up the rows of the chunk's tokens, and moves before the first window. */
WV_INLINE void begin_windows(struct wv_worker *worker, uint64_t key)
{
    struct wv_chunk *chunk = &worker->chunk;
    if (worker->task->parts.offsets)
        set_token_rows(worker);
    else
        rows_at(&worker->views[WV_INPUT], chunk->words, chunk->n, chunk->input);
    if (worker->task->negative)
        rows_at(&worker->views[WV_OUTPUT], chunk->words, chunk->n, chunk->output);
    chunk->width_key = wv_subkey(key, WIDTH_DRAWS);
    chunk->noise_key = wv_subkey(key, NOISE_DRAWS);
    chunk->sentence = chunk->next_centre = 0;
    chunk->next_row = chunk->window.end = 0;
    reset_noise(&chunk->noise);
    worker->queue.first = worker->queue.last = 0;
}

/* Reads the sentences, or documents with tags, first … last into the worker's chunk. */
WV_INLINE void read_units(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, int has_tags)
{
    const struct wv_task *task = worker->task;
    const uint64_t keep_key = wv_subkey(key, KEEP_DRAWS);
    struct wv_chunk *chunk = &worker->chunk;
    int64_t n = 0, n_sentences = 0;
    for (int64_t s = first; s < last; s++) {
        int64_t start = n;
        for (int64_t t = task->items.offsets[s]; t < task->items.offsets[s + 1]; t++) {
            int32_t word = task->items.ids[t];
            uint32_t draw = (uint32_t)(wv_draw(keep_key, (uint64_t)(t - task->items.offsets[first])) >> 32);
            chunk->words[n] = word;
            n += !task->keep || draw <= task->keep[word];
        }
        if (n - start < least_tokens(task, s, has_tags)) {
            n = start;
            continue;
        }
        if (has_tags)
            chunk->units[n_sentences] = s;
        chunk->ends[n_sentences++] = n;
    }
    chunk->n = n;
    chunk->n_sentences = n_sentences;
    begin_windows(worker, key);
}

WV_APART void read_tokens(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key)
{
    read_units(worker, first, last, key, 0);
}

/* Moves the chunk's window to the next centre, or to the next two if max_centres is 2 and the sentence has two. Returns 0 at the
 * end. */
WV_INLINE int next_window(const struct wv_task *task, struct wv_chunk *chunk, int max_centres)
{
    struct wv_window *window = &chunk->window;
    if (chunk->sentence == chunk->n_sentences)
        return 0;
    const int64_t start = chunk->sentence ? chunk->ends[chunk->sentence - 1] : 0;
    const int64_t end = chunk->ends[chunk->sentence];
    const int64_t centre = chunk->next_centre;
    const int n_centres = centre + max_centres <= end ? max_centres : 1;
    int32_t width = task->window;
    if (task->shrink_windows)
        width = 1 + (int32_t)wv_below(wv_draw(chunk->width_key, (uint64_t)centre), (uint32_t)width);
    window->centre = centre;
    window->sentence_start = start;
    window->n_centres = n_centres;
    window->width = width;
    window->low = centre - width > start ? centre - width : start;
    window->end = centre + n_centres + width < end ? centre + n_centres + width : end;
    chunk->next_centre = centre + n_centres;
    chunk->sentence += chunk->next_centre == end;
    return 1;
}

/* Sets which tokens windows may use from this block on, and which ones they have reached. */
WV_INLINE void set_tokens(const struct wv_task *task, const struct wv_window *window, struct wv_block *block)
{
    const int64_t earliest = window->centre - task->window;
    block->first_token = earliest > window->sentence_start ? earliest : window->sentence_start;
    block->end_token = window->end;
}

/* With two centres: whether the first position is context of the first centre only, and the last one of the second only. */
WV_INLINE int low_is_first(const struct wv_window *window) { return window->low == window->centre - window->width; }
WV_INLINE int last_is_second(const struct wv_window *window)
{
    return window->end == window->centre + window->width + 2;
}

/* Both arrays have space for WV_OVERRUN more. */
WV_INLINE void copy_rows(float **to, float *const *from, int64_t n)
{
    for (int64_t k = 0; k < n; k += WV_OVERRUN)
        memcpy(to + k, from + k, WV_OVERRUN * sizeof *to);
}
