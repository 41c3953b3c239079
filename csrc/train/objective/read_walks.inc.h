/* Draws random walks, which are then trained like sentences. In: units of walks, random draws. Out: as read_tokens. The walks depend
 * on the epoch and their numbers, not on the chunk, so that wv_draw_walks gives the same ones. */

WV_APART void read_walks(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key)
{
    const struct wv_task *task = worker->task;
    const struct wv_walks *walks = &task->walks;
    const uint64_t keep_key = wv_subkey(key, KEEP_DRAWS);
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t start = first * walks->per_unit, end = last * walks->per_unit;
    const int64_t n_walks = (end < walks->n_walks ? end : walks->n_walks) - start;
    int64_t n = 0, n_sentences = 0;
    const int is_complete = wv_draw_walks(walks, wv_walks_key(worker->epoch_key), start, n_walks, chunk->words,
                                          chunk->ends, &task->stop);
    for (int64_t w = 0; is_complete && w < n_walks; w++) {
        const int64_t begin = n, at = w * walks->length, length = chunk->ends[w];
        for (int64_t t = at; t < at + length; t++) {
            const uint32_t draw = task->keep ? (uint32_t)(wv_draw(keep_key, (uint64_t)t) >> 32) : 0;
            const int32_t node = chunk->words[t];
            chunk->words[n] = node;
            n += !task->keep || draw <= task->keep[node];
        }
        if (n - begin < 2)
            n = begin;
        else
            chunk->ends[n_sentences++] = n;
    }
    memset(chunk->words + n, 0,
           WV_OVERRUN * sizeof *chunk->words); /* rows_at reads them; behind a short walk is -1 */
    chunk->n = n;
    chunk->n_sentences = n_sentences;
    begin_windows(worker, key);
}
