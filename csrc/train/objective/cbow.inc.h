/* CBOW blocks: a hidden row is the mean or the sum of a centre's context rows, targets = the centre and negatives
 * (Mikolov et al. 2013), or its Huffman path. Two neighbouring centres share negatives unless told otherwise. */

/* A centre is trained on its own hidden row and on no other; all negatives are trained on all. */
static const float CBOW_MEMBERS[] = {1, 0, 0, 1};

static void fill_cbow_patterns(struct wv_worker *worker)
{
    fill_pattern(CBOW_MEMBERS, 1, worker->task->negative, 1, wv_pattern(worker, 1));
    fill_pattern(CBOW_MEMBERS, 2, worker->task->negative, 2, wv_pattern(worker, 2));
}

WV_INLINE int make_cbow(struct wv_worker *worker, struct wv_block *block)
{
    const struct wv_task *task = worker->task;
    struct wv_window window;
    if (!next_window(worker, task->node_rows || task->one_pair_at_a_time ? 1 : 2, &window))
        return 0;
    prefetch_context(worker, &window);
    block->m = block->n_centres = block->n_examples = window.n_centres;
    block->n_context = 0;
    for (int64_t t = window.low; t <= window.high; t++)
        if (window.n_centres == 2 || t != window.centre)
            block->context[block->n_context++] = worker->chunk.input[t];
    for (int c = 0; c < window.n_centres; c++) {
        float *weights = block->context_weights + c * block->n_context;
        int k = 0, n = 0;
        for (int64_t t = window.low; t <= window.high; t++)
            if (window.n_centres == 2 || t != window.centre)
                n += (weights[k++] = (float)in_context(&window, t, window.centre + c)) != 0;
        for (k = 0; task->cbow_mean && k < block->n_context; k++)
            weights[k] /= (float)n;
    }
    fill_targets(worker, block,
                 &(struct centres){.members = CBOW_MEMBERS,
                                   .pattern = wv_pattern(worker, window.n_centres),
                                   .first = window.centre,
                                   .n = window.n_centres});
    return 1;
}
