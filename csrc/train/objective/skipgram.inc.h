/* Skip-gram blocks: hidden rows = the context rows of one or two neighbouring centres, targets = the centres and
 * negatives that all these rows share (Ji, Satish, Li, Dubey 2016), or the centre's Huffman path.
 * One pair at a time (Mikolov et al. 2013) is a block of one row with negatives of its own. */

/* members[c * m + i]: whether the i-th position from window->low is context of centre c. */
static void fill_members(const struct wv_window *window, int m, float *members)
{
    for (int c = 0; c < window->n_centres; c++)
        for (int i = 0; i < m; i++)
            members[c * m + i] = (float)in_context(window, window->low + i, window->centre + c);
}

/* A block of two centres in the middle of a sentence looks the same every time: its width says how. */
static void fill_skipgram_patterns(struct wv_worker *worker)
{
    for (int width = 1; width <= worker->task->window; width++) {
        struct wv_window window = {.centre = width, .low = 0, .high = 2 * width + 1, .n_centres = 2, .width = width};
        fill_members(&window, 2 * width + 2, worker->members);
        fill_pattern(worker->members, 2, worker->task->negative, 2 * width + 2, wv_pattern(worker, width));
    }
}

WV_INLINE int count_examples(const struct wv_window *window)
{
    int n = 0;
    for (int64_t c = window->centre; c < window->centre + window->n_centres; c++) {
        int64_t low = c - window->width > window->low ? c - window->width : window->low;
        int64_t high = c + window->width < window->high ? c + window->width : window->high;
        n += (int)(high - low);
    }
    return n;
}

/* Next pair of the window at hand, or the first of the next window. */
WV_INLINE int make_pair(struct wv_worker *worker, struct wv_block *block)
{
    static const float member = 1;
    struct wv_chunk *chunk = &worker->chunk;
    struct wv_window *window = &chunk->pairs;
    if (!window->n_centres) {
        if (!next_window(worker, 1, window))
            return 0;
        prefetch_context(worker, window);
        chunk->context = window->low;
    }
    chunk->context += chunk->context == window->centre;
    block->hidden[0] = chunk->input[chunk->context++];
    chunk->context += chunk->context == window->centre;
    block->m = block->n_examples = 1;
    fill_targets(worker, block, &(struct centres){.members = &member, .first = window->centre, .n = 1});
    block->n_centres = chunk->context > window->high;
    if (block->n_centres)
        window->n_centres = 0;
    return 1;
}

WV_INLINE int make_skipgram(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    if (task->one_pair_at_a_time)
        return make_pair(worker, block);
    struct wv_window window;
    if (!next_window(worker, task->node_rows ? 1 : 2, &window))
        return 0;
    prefetch_context(worker, &window);
    struct centres centres = {.members = worker->members, .first = window.centre, .n = window.n_centres};
    block->m = 0;
    for (int64_t t = window.low; t <= window.high; t++)
        if (window.n_centres == 2 || t != window.centre)
            block->hidden[block->m++] = worker->chunk.input[t];
    if (window.n_centres == 2 && block->m == 2 * window.width + 2)
        centres.members = centres.pattern = wv_pattern(worker, window.width);
    else if (window.n_centres == 2)
        fill_members(&window, block->m, worker->members);
    else
        for (int i = 0; i < block->m; i++)
            worker->members[i] = 1;
    block->n_centres = window.n_centres;
    block->n_examples = count_examples(&window);
    fill_targets(worker, block, &centres);
    return 1;
}
