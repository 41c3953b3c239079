/* Skip-gram blocks: hidden rows = the context rows of a centre, targets = the centre and negatives that all these
 * rows share (Ji, Satish, Li, Dubey 2016), or the centre's Huffman path. One pair at a time (Mikolov et al. 2013) is
 * a block of one row with negatives of its own. */

/* The next pair of the window at hand, or the first of the next window. */
WV_INLINE int make_pair(struct wv_worker *worker, struct wv_block *block)
{
    struct wv_chunk *chunk = &worker->chunk;
    struct wv_window *window = &chunk->window;
    if (chunk->pair == window->end) {
        if (!next_window(worker))
            return 0;
        chunk->pair = window->low + (window->low == window->centre);
    }
    block->hidden[0] = chunk->input[chunk->pair++];
    chunk->pair += chunk->pair == window->centre;
    block->m = block->n_examples = 1;
    block->n_centres = chunk->pair == window->end;
    fill_targets(worker, block, window->centre);
    return 1;
}

WV_INLINE int make_skipgram(struct wv_worker *worker, struct wv_block *block)
{
    if (worker->task->one_pair_at_a_time)
        return make_pair(worker, block);
    if (!next_window(worker))
        return 0;
    block->m = block->n_examples = copy_context(&worker->chunk, block->hidden);
    block->n_centres = 1;
    fill_targets(worker, block, worker->chunk.window.centre);
    return 1;
}
