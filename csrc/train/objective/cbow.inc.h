/* CBOW blocks: the hidden row is the mean or the sum of a centre's context rows, targets = the centre and negatives
 * (Mikolov et al. 2013), or its Huffman path. */

WV_INLINE int make_cbow(struct wv_worker *worker, struct wv_block *block)
{
    struct wv_chunk *chunk = &worker->chunk;
    struct wv_window *window = &chunk->window;
    if (!next_window(worker))
        return 0;
    block->n_context = 0;
    for (int64_t t = next_context(window); t < window->end; t = next_context(window))
        block->context[block->n_context++] = chunk->input[t];
    block->m = block->n_examples = 1;
    fill_targets(worker, block, window->centre);
    return 1;
}
