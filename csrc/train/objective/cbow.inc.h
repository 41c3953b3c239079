/* CBOW blocks: the hidden row is the mean or the sum of a centre's context rows, targets = the centre and negatives
 * (Mikolov et al. 2013), or its Huffman path. */

WV_INLINE int make_cbow(struct wv_worker *worker, struct wv_block *block)
{
    if (!next_window(worker))
        return 0;
    block->n_context = copy_context(&worker->chunk, block->context);
    block->m = block->n_examples = block->n_centres = 1;
    fill_targets(worker, block, worker->chunk.window.centre);
    return 1;
}
