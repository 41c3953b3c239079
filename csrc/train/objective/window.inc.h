/* Windows over the kept tokens of a chunk. In: sentences, draws. Out: a centre and the context positions around it.
 * What a window trains is not here (see skipgram, cbow, targets). */

/* What draws are for; each stream of blocks has noise of its own. */
enum { KEEP_DRAWS, WIDTH_DRAWS, NOISE_DRAWS };

/* Gives a stream the centres first … end of the chunk. */
static void open_stream(const struct wv_chunk *chunk, struct wv_stream *stream, int64_t first, int64_t end)
{
    stream->next_centre = first;
    stream->end = end;
    stream->sentence = 0;
    while (stream->sentence < chunk->n_sentences && chunk->ends[stream->sentence] <= first)
        stream->sentence++;
    stream->next_row = stream->window.end = 0;
    stream->n_drawn = 0;
}

/* Reads the sentences first … last of the corpus into the worker's chunk: subsampling, and each token's rows. */
static void prepare_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key)
{
    const struct wv_task *task = worker->task;
    const uint64_t keep_key = wv_subkey(key, KEEP_DRAWS);
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
    chunk->width_key = wv_subkey(key, WIDTH_DRAWS);
    for (int s = 0; s < WV_STREAMS; s++) {
        open_stream(chunk, &worker->streams[s], n * s / WV_STREAMS, n * (s + 1) / WV_STREAMS);
        worker->streams[s].noise_key = wv_subkey(key, NOISE_DRAWS + (uint64_t)s);
    }
}

/* Moves the stream's window to the next centre, or the next two if max_centres allows and sentence and stream have them,
 * and asks for the rows that the windows reach next; 0 at the end. */
WV_INLINE int next_window(struct wv_worker *worker, struct wv_stream *stream, int max_centres)
{
    const struct wv_task *task = worker->task;
    const struct wv_chunk *chunk = &worker->chunk;
    struct wv_window *window = &stream->window;
    const int64_t centre = stream->next_centre;
    if (centre == stream->end)
        return 0;
    const int64_t start = stream->sentence ? chunk->ends[stream->sentence - 1] : 0;
    const int64_t end = chunk->ends[stream->sentence];
    const int n_centres = centre + max_centres <= end && centre + max_centres <= stream->end ? max_centres : 1;
    int32_t width = task->window;
    if (task->shrink_windows)
        width = 1 + (int32_t)wv_below(wv_draw(chunk->width_key, (uint64_t)centre), (uint32_t)width);
    window->centre = centre;
    window->n_centres = n_centres;
    window->width = width;
    window->low = centre - width > start ? centre - width : start;
    window->end = centre + n_centres + width < end ? centre + n_centres + width : end;
    stream->next_centre = centre + n_centres;
    stream->sentence += stream->next_centre == end;
    for (int64_t t = stream->next_centre + task->window; t < stream->next_centre + task->window + n_centres; t++)
        if (t < chunk->n)
            row_prefetch(chunk->input[t], 0, task->dim);
    return 1;
}

/* Eight pointers at a time: both arrays have room for WV_OVERRUN more, and a loop that runs once for every usual
 * window is guessed right by the processor. */
WV_INLINE void copy_rows(float **to, float *const *from, int64_t n)
{
    for (int64_t k = 0; k < n; k += WV_OVERRUN)
        memcpy(to + k, from + k, WV_OVERRUN * sizeof *to);
}
