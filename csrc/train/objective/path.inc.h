/* Hierarchical softmax: the nodes from the root of the Huffman tree to a word (Morin, Bengio 2005; Mikolov et al. 2013).
 * In: a centre. Out: the rows of its nodes as the first targets, and their weights. */

/* Prefetches the path of a later centre, and the offset of the path of a still later one. */
WV_INLINE void prefetch_path(const struct wv_worker *worker, int64_t centre)
{
    enum { LATER = 4, TO_NEXT_LINE = 15 };
    const struct wv_task *task = worker->task;
    const struct wv_chunk *chunk = &worker->chunk;
    if (centre + LATER < chunk->n) {
        const int64_t later = task->paths.offsets[chunk->words[centre + LATER]];
        WV_PREFETCH(task->paths.ids + later);
        WV_PREFETCH(task->paths.ids + later + TO_NEXT_LINE);
        WV_PREFETCH(task->path_codes + later);
    }
    if (centre + 2 * LATER < chunk->n)
        WV_PREFETCH(task->paths.offsets + chunk->words[centre + 2 * LATER]);
}

/* Adds the path of centre number `centre`: left turns are positive pairs, right turns negative ones. Nodes near the root are
 * not prefetched, since they are in cache. */
WV_INLINE void add_path(struct wv_worker *worker, int64_t centre)
{
    enum { COMMON_NODES = 256 };
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t start = task->paths.offsets[chunk->words[centre]];
    const int64_t n = task->paths.offsets[chunk->words[centre] + 1] - start;
    const int32_t *nodes = task->paths.ids + start;
    const uint8_t *codes = task->path_codes + start;
    int n_common = 0;
    prefetch_path(worker, centre);
    rows_at(&worker->views[WV_NODES], nodes, n, chunk->targets);
    for (int64_t at = 0; at < n; at += WV_OVERRUN) {
        for (int64_t k = at; k < at + WV_OVERRUN; k++) {
            chunk->weights[0][k] = (float)(1 - 2 * codes[k]);
            chunk->weights[1][k] = 0;
        }
    }
    for (int k = 0; k < WV_OVERRUN; k++) /* common nodes are at the beginning of a path */
        n_common += (k < n) & (nodes[k] < COMMON_NODES);
    chunk->n_targets = (int)n;
    chunk->n_common = n_common;
}
