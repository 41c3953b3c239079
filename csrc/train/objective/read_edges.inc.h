/* Draws edges of a graph (LINE: Tang et al. 2015). In: a number of edges, random draws. Out: the two nodes of each edge.
 *
 * The first node is drawn by its weighted degree, the second one among its neighbours by weight, so an edge is drawn by its weight. Half
 * of chunk->words holds first nodes, the other half second ones. */

enum { FIRST_DRAWS = NOISE_DRAWS + 1, SECOND_DRAWS }; /* streams, see read_tokens.inc.h */

/* The node at the other end of an edge of node i, which has one at least. */
WV_INLINE int32_t draw_neighbour(const struct wv_walks *walks, int32_t i, uint64_t draw)
{
    const int64_t start = walks->graph.offsets[i];
    const int32_t n = (int32_t)(walks->graph.offsets[i + 1] - start);
    const int32_t at =
        walks->alias ? wv_alias_draw(walks->alias + start, n, draw) : (int32_t)wv_below(draw, (uint32_t)n);
    return walks->graph.neighbours[start + at];
}

WV_APART void read_edges(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key)
{
    enum { AHEAD = 16 }; /* nodes whose offsets are prefetched */
    const struct wv_task *task = worker->task;
    const struct wv_walks *walks = &task->walks;
    const int32_t n_nodes = (int32_t)walks->graph.n_nodes;
    const uint64_t first_key = wv_subkey(key, FIRST_DRAWS), second_key = wv_subkey(key, SECOND_DRAWS);
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t start = first * walks->per_unit, end = last * walks->per_unit;
    const int64_t n = (end < walks->n_walks ? end : walks->n_walks) - start;
    int32_t *nodes = chunk->words, *others = nodes + task->max_chunk;
    for (int64_t e = -AHEAD; e < n; e++) {
        if (e + AHEAD < n) {
            nodes[e + AHEAD] = wv_alias_draw(task->sources, n_nodes, wv_draw(first_key, (uint64_t)(e + AHEAD)));
            WV_PREFETCH(&walks->graph.offsets[nodes[e + AHEAD]]);
        }
        if (e >= 0)
            others[e] = draw_neighbour(walks, nodes[e], wv_draw(second_key, (uint64_t)e));
    }
    chunk->n = n;
    chunk->next_cell = 0;
    chunk->next_row = 0;
    chunk->noise_key = wv_subkey(key, NOISE_DRAWS);
    worker->queue.first = worker->queue.last = 0;
}
