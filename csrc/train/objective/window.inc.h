/* Windows over the kept tokens of a chunk. In: sentences, draws. Out: one or two neighbouring centres and the
 * context positions around them. What a window trains is not here (see skipgram, cbow, targets). */

enum { KEEP_STREAM, WIDTH_STREAM, NOISE_STREAM };

/* Reads the sentences first … last of the corpus into the worker's chunk: subsampling, and each token's rows. */
static void prepare_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key)
{
    const struct wv_task *task = worker->task;
    const uint64_t keep_key = wv_subkey(key, KEEP_STREAM);
    struct wv_chunk *chunk = &worker->chunk;
    int64_t n = 0, n_sentences = 0;
    for (int64_t s = first; s < last; s++) {
        int64_t start = n;
        for (int64_t t = task->sentences[s]; t < task->sentences[s + 1]; t++) {
            int32_t word = task->ids[t];
            uint32_t draw = (uint32_t)(wv_draw(keep_key, (uint64_t)(t - task->sentences[first])) >> 32);
            chunk->words[n] = word;
            n += !task->keep || draw <= task->keep[word];
        }
        if (n - start > 1) /* a lone token has no context */
            chunk->ends[n_sentences++] = n;
        else
            n = start;
    }
    for (int64_t t = 0; t < n; t++) {
        chunk->input[t] = row_at(&worker->input, chunk->words[t]);
        chunk->output[t] = task->negative ? row_at(&worker->output, chunk->words[t]) : NULL;
    }
    chunk->n = n;
    chunk->n_sentences = n_sentences;
    chunk->sentence = chunk->centre = 0;
    chunk->pairs.n_centres = 0;
    chunk->width_key = wv_subkey(key, WIDTH_STREAM);
    chunk->noise_key = wv_subkey(key, NOISE_STREAM);
    chunk->widths_drawn = chunk->noise_drawn = 0;
}

/* The next window, at most max_centres wide; 0 at the end of the chunk. */
WV_INLINE int next_window(struct wv_worker *worker, int max_centres, struct wv_window *window)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    if (chunk->sentence == chunk->n_sentences)
        return 0;
    const int64_t start = chunk->sentence ? chunk->ends[chunk->sentence - 1] : 0;
    const int64_t end = chunk->ends[chunk->sentence];
    const int64_t centre = chunk->centre;
    const int n_centres = centre + max_centres <= end ? max_centres : 1;
    int width = task->window;
    if (task->shrink_windows)
        width = 1 + (int)wv_below(wv_draw(chunk->width_key, (uint64_t)chunk->widths_drawn++), (uint32_t)width);
    const int64_t last = centre + n_centres - 1;
    window->centre = centre;
    window->n_centres = n_centres;
    window->width = width;
    window->low = centre - width > start ? centre - width : start;
    window->high = last + width < end ? last + width : end - 1;
    chunk->centre = last + 1;
    chunk->sentence += chunk->centre == end;
    return 1;
}

/* Asks for the rows of the tokens that the windows reach next. */
WV_INLINE void prefetch_context(const struct wv_worker *worker, const struct wv_window *window)
{
    int64_t next = window->centre + window->n_centres + worker->task->window;
    for (int64_t t = next; t < next + window->n_centres && t < worker->chunk.n; t++)
        row_prefetch(worker->chunk.input[t], worker->task->dim);
}

/* 1 if position t lies within `width` of centre c and is not c itself. */
WV_INLINE int in_context(const struct wv_window *window, int64_t t, int64_t c)
{
    int64_t distance = t < c ? c - t : t - c;
    return distance != 0 && distance <= window->width;
}
