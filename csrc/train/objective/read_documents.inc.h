/* Reads documents: tokens, and tags, whose rows belong to each window of the document. In: units with tags. Out: windows, rows of
 * tags. */

WV_APART void read_documents(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key)
{
    read_units(worker, first, last, key, 1);
    worker->chunk.tags_of = -1;
}

/* In a round, looking up a row counts as one use, but each of n tokens uses it. */
static void count_uses_of_tokens(struct wv_rows *view, const int32_t *ids, int64_t n_ids, int64_t n)
{
    for (int64_t k = 0; view->copy_of && k < n_ids; k++)
        view->uses[view->copy_of[ids[k]] - 1] += (int32_t)(n - 1);
}

/* Finds the document rows of a unit with n_tokens kept tokens. */
WV_APART void find_tags(struct wv_worker *worker, int64_t unit, int64_t n_tokens)
{
    const struct wv_ragged *tags = &worker->task->tags;
    struct wv_rows *view = &worker->views[WV_DOCUMENTS];
    const int64_t start = tags->offsets[unit], n = tags->offsets[unit + 1] - start;
    for (int64_t at = 0; at < n; at += WV_OVERRUN) {
        int32_t ids[WV_OVERRUN] = {0}; /* rows_at reads ids behind the last one */
        const int64_t part = n - at < WV_OVERRUN ? n - at : WV_OVERRUN;
        memcpy(ids, tags->ids + start + at, (size_t)part * sizeof *ids);
        rows_at(view, ids, part, worker->chunk.tags + at);
        count_uses_of_tokens(view, ids, part, n_tokens);
    }
    worker->chunk.n_tags = (int)n;
}

/* As next_window; also finds the tags of a new document. */
WV_INLINE int next_document_window(struct wv_worker *worker, int max_centres)
{
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t sentence = chunk->sentence;
    if (!next_window(worker->task, chunk, max_centres))
        return 0;
    if (chunk->tags_of != sentence) {
        const int64_t start = sentence ? chunk->ends[sentence - 1] : 0;
        find_tags(worker, chunk->units[sentence], chunk->ends[sentence] - start);
        chunk->tags_of = sentence;
    }
    return 1;
}
