/* Skip-gram blocks: hidden rows = context rows of one or two centres, targets = these centres and negatives
 * that all these rows share (Ji, Satish, Li, Dubey 2016), or the centre's Huffman path. One pair at a time (Mikolov et
 * al. 2013) is a block of one row with negatives of its own. */

/* Moves on to the position where the next block begins: a lone centre is context of none. */
WV_INLINE void next_row(struct wv_chunk *chunk, int64_t row)
{
    const struct wv_window *window = &chunk->window;
    chunk->next_row = row + (window->n_centres == 1 && row == window->centre);
}

/* How many rows the next block takes: those of the window. More than WV_TILE are split into parts of about equal
 * size, rounded up to even numbers; the last takes what is left. Scores are worked on in whole vectors, of which odd
 * numbers waste more. */
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

/* Which of the m positions from `offset` (counted from a centre) on are its context, as bits; adds how many they are. */
WV_INLINE unsigned members_of(int width, int offset, int m, int *n)
{
    const int low = -width - offset > 0 ? -width - offset : 0;
    const int high = width - offset + 1 < m ? width - offset + 1 : m;
    if (low >= high)
        return 0;
    const int has_centre = offset <= 0 && -offset >= low && -offset < high;
    *n += high - low - has_centre;
    return ((1u << high) - (1u << low)) & ~(has_centre ? 1u << -offset : 0);
}

/* The block's m rows; those of both sides of a lone centre are put together. Answers the position behind them. */
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

WV_INLINE int make_skipgram(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const struct wv_window *window = &chunk->window;
    const int is_pair = task->one_pair_at_a_time, is_new = chunk->next_row == window->end;
    if (is_new) {
        if (!next_window(task, chunk, task->node_rows || is_pair ? 1 : 2))
            return 0;
        next_row(chunk, window->low);
    }
    if (is_new || is_pair) {
        choose_targets(worker);
        ask_for_rows(worker);
    }
    const int offset = (int)(chunk->next_row - window->centre), m = count_rows(chunk, is_pair);
    unsigned members[2] = {(1u << m) - 1, 0};
    block->m = block->n_examples = m;
    if (window->n_centres == 2) {
        block->n_examples = 0;
        members[0] = members_of(window->width, offset, m, &block->n_examples);
        members[1] = members_of(window->width, offset - 1, m, &block->n_examples);
    }
    const int64_t end = fill_hidden(chunk, block, m);
    fill_targets(worker, block, members);
    next_row(chunk, end);
    block->n_centres = chunk->next_row == window->end ? window->n_centres : 0;
    return 1;
}
