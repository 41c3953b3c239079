/* Blocks of edges (LINE: Tang et al. 2015): hidden rows = the first nodes of WV_TILE edges; targets = their second nodes, each the positive
 * target of its own edge only, and negatives that the edges share. A negative that is the second node of an edge is none for that edge.
 *
 * Order 2: targets are output rows. Order 1: they are rows of the same matrix as the hidden rows. Both orders: order 2, then order 1 on
 * the matrix "documents", with the same edges and negatives. */

/* The position of `id` among the targets; it is added if it is new. */
WV_INLINE int find_target(int32_t *ids, int *n, int32_t id)
{
    int at = 0;
    while (at < *n && ids[at] != id)
        at++;
    if (at == *n)
        ids[(*n)++] = id;
    return at;
}

/* Sets the targets (ids) of m edges and the weights of their pairs; returns the number of targets. */
static int choose_edge_targets(struct wv_worker *worker, struct wv_block *block, const int32_t *others, int m,
                               int32_t *ids)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    int own[WV_TILE], n = 0;
    memset(block->weights, 0, ((size_t)(WV_TILE + task->negative) * (size_t)m + WV_PAD) * sizeof *block->weights);
    for (int i = 0; i < m; i++) {
        own[i] = find_target(ids, &n, others[i]);
        block->weights[own[i] * m + i] = 1;
    }
    const uint64_t first = (uint64_t)(chunk->next_cell / WV_TILE * task->negative);
    for (int k = 0; k < task->negative; k++) {
        const uint64_t draw = wv_draw(chunk->noise_key, first + (uint64_t)k);
        const int at = find_target(ids, &n, wv_alias_draw(task->noise, (int32_t)task->walks.graph.n_nodes, draw));
        for (int i = 0; i < m; i++)
            block->weights[at * m + i] -= (float)(own[i] != at);
    }
    return n;
}

/* Appends the rows of a block to the prefetch queue. */
WV_INLINE void queue_block(struct wv_prefetch_queue *queue, const struct wv_block *block)
{
    if (queue->last + block->n + block->m + WV_OVERRUN > queue->capacity) {
        queue->last -= queue->first;
        memmove(queue->rows, queue->rows + queue->first, (size_t)queue->last * sizeof *queue->rows);
        queue->first = 0;
    }
    copy_rows(queue->rows + queue->last, block->targets, block->n);
    copy_rows(queue->rows + queue->last + block->n, block->context, block->m);
    queue->last += block->n + block->m;
}

WV_APART int make_edges(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t at = chunk->next_cell, left = chunk->n - at;
    const int is_second_pass = (int)chunk->next_row, order = is_second_pass ? 1 : task->order == 1 ? 1 : 2;
    if (left <= 0)
        return 0;
    struct wv_rows *of_hidden = &worker->views[is_second_pass ? WV_DOCUMENTS : WV_INPUT];
    struct wv_rows *of_targets = order == 1 ? of_hidden : &worker->views[WV_OUTPUT];
    const int m = left < WV_TILE ? (int)left : WV_TILE;
    int32_t *ids = chunk->of_bag;
    memcpy(ids, chunk->words + at, (size_t)m * sizeof *ids);
    memset(ids + m, 0, WV_OVERRUN * sizeof *ids); /* rows_at reads them */
    rows_at(of_hidden, ids, m, block->context);
    block->n = choose_edge_targets(worker, block, chunk->words + task->max_chunk + at, m, ids);
    memset(ids + block->n, 0, WV_OVERRUN * sizeof *ids);
    rows_at(of_targets, ids, block->n, block->targets);
    block->m = m;
    block->hidden = block->hidden_grad = block->context;
    block->n_context = 0;
    queue_block(&worker->queue, block);
    const int is_done = is_second_pass || task->order < 3;
    block->n_trained = block->n_examples = is_done ? m : 0;
    chunk->next_row = !is_done;
    chunk->next_cell += is_done ? m : 0;
    return 1;
}
