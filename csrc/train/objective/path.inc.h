/* Hierarchical softmax: the nodes on the way from the root of the Huffman tree to a word (Morin, Bengio 2005; Mikolov et
 * al. 2013). In: a centre. Out: its nodes' rows as the first targets, and their weights. */

/* Paths lie anywhere in memory: that of a later centre is asked for, and of a still later one where it lies. */
WV_INLINE void ask_for_path(const struct wv_worker *worker, int64_t centre)
{
    enum { LATER = 4, TO_NEXT_LINE = 15 };
    const struct wv_task *task = worker->task;
    const struct wv_chunk *chunk = &worker->chunk;
    if (centre + LATER < chunk->n) {
        const int64_t later = task->path_offsets[chunk->words[centre + LATER]];
        WV_PREFETCH(task->path_nodes + later);
        WV_PREFETCH(task->path_nodes + later + TO_NEXT_LINE);
        WV_PREFETCH(task->path_codes + later);
    }
    if (centre + 2 * LATER < chunk->n)
        WV_PREFETCH(task->path_offsets + chunk->words[centre + 2 * LATER]);
}

/* The path of centre number `centre`: left turns are positive pairs, right turns negative ones. Nodes near the root are
 * in cache anyway. */
WV_INLINE void add_path(struct wv_worker *worker, int64_t centre)
{
    enum { COMMON_NODES = 256 };
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t start = task->path_offsets[chunk->words[centre]];
    const int64_t n = task->path_offsets[chunk->words[centre] + 1] - start;
    const int32_t *nodes = task->path_nodes + start;
    const uint8_t *codes = task->path_codes + start;
    int n_common = 0;
    ask_for_path(worker, centre);
    rows_at(&worker->nodes, nodes, n, chunk->targets);
    for (int64_t at = 0; at < n; at += WV_OVERRUN) {
        for (int64_t k = at; k < at + WV_OVERRUN; k++) {
            chunk->weights[0][k] = (float)(1 - 2 * codes[k]);
            chunk->weights[1][k] = 0;
        }
    }
    for (int k = 0; k < WV_OVERRUN; k++) /* further down they are rare */
        n_common += (k < n) & (nodes[k] < COMMON_NODES);
    chunk->n_targets = (int)n;
    chunk->n_common = n_common;
}
