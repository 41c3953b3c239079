/* Skip-gram blocks: hidden rows = context rows of one or two centres; targets = these centres and their negatives (Ji, Satish,
 * Li, Dubey 2016), or the centre's Huffman path. All rows of a block have the same targets; of two centres, each has some
 * negatives that the other one does not have. In the classic update (Mikolov et al. 2013) a block has one row and its own
 * negatives. */

/* Sets the position where the next block begins. A single centre is not in its own context. */
WV_INLINE void next_row(struct wv_chunk *chunk, int64_t row)
{
    const struct wv_window *window = &chunk->window;
    chunk->next_row = row + (window->n_centres == 1 && row == window->centre);
}

/* The number of rows of the next block. A window of more than WV_TILE rows is split into parts of about equal size, rounded
 * up to even numbers, and the rest: odd numbers waste more of the vectors of scores. */
WV_INLINE int count_rows(const struct wv_chunk *chunk, int is_pair)
{
    const struct wv_window *window = &chunk->window;
    const int has_centre = window->n_centres == 1 && chunk->next_row < window->centre;
    const int n = (int)(window->end - chunk->next_row) - has_centre;
    if (is_pair)
        return 1;
    if (n <= WV_TILE)
        return n;
    const int n_blocks = (n + WV_TILE - 1) / WV_TILE, m = (n + n_blocks - 1) / n_blocks;
    return m + m % 2;
}

/* Marks which rows of a new window are context of its first centre and which of its second. Returns the number of pairs. For
 * a single centre nothing is marked: all other rows are its context. */
WV_INLINE int find_members(struct wv_chunk *chunk)
{
    const struct wv_window *window = &chunk->window;
    const int n = (int)(window->end - window->low), centre = (int)(window->centre - window->low);
    float *first = chunk->members[0], *second = chunk->members[1];
    if (window->n_centres == 1)
        return n - 1;
    for (int at = 0; at < n; at += WV_OVERRUN) {
        for (int i = at; i < at + WV_OVERRUN; i++)
            first[i] = second[i] = 1;
    }
    const int without_second = low_is_first(window), without_first = last_is_second(window);
    first[centre] = second[centre + 1] = 0;
    if (without_second)
        second[0] = 0;
    if (without_first)
        first[n - 1] = 0;
    return 2 * n - 2 - without_first - without_second;
}

/* Sets the m hidden rows of the block; those on both sides of a single centre are joined. Returns the position behind them. */
WV_INLINE int64_t fill_hidden(const struct wv_chunk *chunk, struct wv_block *block, int m)
{
    const struct wv_window *window = &chunk->window;
    const int64_t row = chunk->next_row, left = window->centre - row;
    block->hidden = block->hidden_grad = chunk->input + row;
    if (window->n_centres == 2 || left <= 0 || left >= m)
        return row + m;
    copy_rows(block->context, chunk->input + row, left);
    copy_rows(block->context + left, chunk->input + window->centre + 1, m - left);
    block->hidden = block->hidden_grad = block->context;
    return row + m + 1;
}

WV_APART int make_skipgram(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const struct wv_window *window = &chunk->window;
    const int is_pair = task->one_pair_at_a_time, is_new = chunk->next_row == window->end;
    if (is_new) {
        if (!next_window(task, chunk, task->paths.ids || is_pair ? 1 : 2))
            return 0;
        next_row(chunk, window->low);
        chunk->n_pairs = find_members(chunk);
    }
    if (is_new || is_pair) {
        choose_targets(worker, window->centre, window->n_centres);
        queue_rows(worker, is_new);
    }
    const int64_t in_window = chunk->next_row - window->low;
    set_tokens(task, window, block);
    block->m = count_rows(chunk, is_pair);
    const int64_t end = fill_hidden(chunk, block, block->m);
    fill_targets(chunk, block, in_window);
    next_row(chunk, end);
    const int is_done = chunk->next_row == window->end;
    block->n_trained = is_done ? window->n_centres : 0;
    block->n_examples = is_done ? chunk->n_pairs : 0;
    return 1;
}
