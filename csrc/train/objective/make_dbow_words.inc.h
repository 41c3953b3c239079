/* PV-DBOW blocks (Le, Mikolov 2014), as skip-gram: hidden rows = the rows of the document's tags, and with dbow_words the context
 * rows of one or two centres; targets = these centres and their negatives, or the centre's Huffman path. */

/* The rows of a new window, and which of them belong to which of two centres. */
static void list_rows(struct wv_chunk *chunk, int with_words)
{
    const struct wv_window *window = &chunk->window;
    const int is_lone = window->n_centres == 1, n_tags = chunk->n_tags;
    int64_t n = 0;
    chunk->n_pairs = 0;
    if (with_words) {
        n = (is_lone ? window->centre : window->end) - window->low;
        copy_rows(chunk->rows, chunk->input + window->low, n);
        chunk->n_pairs = find_members(chunk);
    }
    if (with_words && is_lone) {
        copy_rows(chunk->rows + n, chunk->input + window->centre + 1, window->end - window->centre - 1);
        n = window->end - window->low - 1;
    }
    copy_rows(chunk->rows + n, chunk->tags, n_tags);
    for (int k = 0; k < n_tags; k++)
        chunk->members[0][n + k] = chunk->members[1][n + k] = 1;
    chunk->n_rows = (int)n + n_tags;
    chunk->n_pairs += window->n_centres * n_tags;
}

/* The number of rows of the next block: parts of about equal, even size (see count_rows). */
WV_INLINE int count_listed_rows(const struct wv_chunk *chunk)
{
    const int n = chunk->n_rows - (int)chunk->next_row;
    if (n <= WV_TILE)
        return n;
    const int n_blocks = (n + WV_TILE - 1) / WV_TILE, m = (n + n_blocks - 1) / n_blocks;
    return m + m % 2;
}

WV_APART int make_dbow_words(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const struct wv_window *window = &chunk->window;
    const int is_pair = task->one_pair_at_a_time, is_new = chunk->tags_of < 0 || chunk->next_row == chunk->n_rows;
    if (is_new) {
        if (!next_document_window(worker, task->paths.ids || is_pair ? 1 : 2))
            return 0;
        list_rows(chunk, task->train_words);
        chunk->next_row = 0;
    }
    if (is_new || is_pair) {
        choose_targets(worker, window->centre, window->n_centres);
        queue_rows(worker, is_new);
    }
    const int m = block->m = is_pair ? 1 : count_listed_rows(chunk);
    copy_rows(block->context, chunk->rows + chunk->next_row, m);
    block->hidden = block->hidden_grad = block->context;
    fill_targets(chunk, block, chunk->next_row);
    chunk->next_row += m;
    const int is_done = chunk->next_row == chunk->n_rows;
    block->n_trained = is_done ? window->n_centres : 0;
    block->n_examples = is_done ? chunk->n_pairs : 0;
    return 1;
}
