/* Skip-gram blocks: hidden rows = the context rows of a centre, targets = the centre and negatives that all these
 * rows share (Ji, Satish, Li, Dubey 2016), or the centre's Huffman path. One pair at a time (Mikolov et al. 2013) is
 * a block of one row with negatives of its own. */

WV_INLINE int make_skipgram(struct wv_worker *worker, struct wv_block *block)
{
    struct wv_chunk *chunk = &worker->chunk;
    struct wv_window *window = &chunk->window;
    const int max_rows = worker->task->one_pair_at_a_time ? 1 : INT_MAX;
    int64_t position = next_context(window);
    if (position == window->end) {
        if (!next_window(worker))
            return 0;
        position = next_context(window);
    }
    for (block->m = 0; position < window->end; position = next_context(window)) {
        block->hidden[block->m++] = chunk->input[position];
        if (block->m == max_rows)
            break;
    }
    block->n_examples = block->m;
    fill_targets(worker, block, window->centre);
    return 1;
}
