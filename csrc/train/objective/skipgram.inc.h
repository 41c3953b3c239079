/* Skip-gram blocks: hidden rows = the context rows on one side of the centres, targets = one or two centres and negatives
 * that all these rows share (Ji, Satish, Li, Dubey 2016), or the centre's Huffman path. One pair at a time (Mikolov et
 * al. 2013) is a block of one row with negatives of its own. */

/* Moves on to the position where the next block begins: a lone centre is context of none. */
WV_INLINE void next_row(struct wv_chunk *chunk, int64_t row)
{
    const struct wv_window *window = &chunk->window;
    chunk->next_row = row + (window->n_centres == 1 && row == window->centre);
}

/* Opens the next window if all rows of the one at hand had their block. */
WV_INLINE int next_rows(struct wv_worker *worker, int max_centres)
{
    struct wv_chunk *chunk = &worker->chunk;
    const struct wv_window *window = &chunk->window;
    if (chunk->next_row == window->end) {
        if (!next_window(worker, max_centres))
            return 0;
        next_row(chunk, window->low);
        if (!worker->task->one_pair_at_a_time)
            choose_targets(worker);
    }
    return 1;
}

/* How many rows the next block takes: of one side of the centres, in equal parts if they are more than WV_TILE. */
WV_INLINE int count_rows(const struct wv_worker *worker)
{
    const struct wv_window *window = &worker->chunk.window;
    const int64_t row = worker->chunk.next_row;
    const int64_t left_end = window->centre + window->n_centres - 1;
    const int n = (int)((row < left_end ? left_end : window->end) - row);
    if (worker->task->one_pair_at_a_time)
        return 1;
    return n <= WV_TILE ? n : n / ((n + WV_TILE - 1) / WV_TILE);
}

/* Which of the positions from `offset` (counted from the first centre) on are context of each centre. */
WV_INLINE int fill_members(const struct wv_window *window, int offset, int m, float members[2][WV_TILE_LANES])
{
    const int width = window->width, two = window->n_centres == 2;
    int n = 0;
    for (int i = 0; i < WV_TILE_LANES; i++) {
        int from_first = offset + i, from_second = from_first - 1;
        int first = (i < m) & (from_first != 0) & (from_first >= -width) & (from_first <= width);
        int second = two & (i < m) & (from_second != 0) & (from_second >= -width) & (from_second <= width);
        members[0][i] = (float)first;
        members[1][i] = (float)second;
        n += first + second;
    }
    return n;
}

WV_INLINE int make_skipgram(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const struct wv_window *window = &chunk->window;
    float members[2][WV_TILE_LANES];
    if (!next_rows(worker, task->node_rows || task->one_pair_at_a_time ? 1 : 2))
        return 0;
    if (task->one_pair_at_a_time)
        choose_targets(worker);
    block->m = count_rows(worker);
    block->hidden = block->hidden_grad = chunk->input + chunk->next_row;
    block->n_examples = fill_members(window, (int)(chunk->next_row - window->centre), block->m, members);
    fill_targets(worker, block, members);
    next_row(chunk, chunk->next_row + block->m);
    block->n_centres = chunk->next_row == window->end ? window->n_centres : 0;
    return 1;
}
