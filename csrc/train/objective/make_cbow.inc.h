/* CBOW blocks: a hidden row is the mean or the sum of a centre's context rows; targets = the centre and negatives (Mikolov et
 * al. 2013), or its Huffman path. Except in the classic update, two neighbouring centres are one window: their hidden rows are
 * composed together, and their gradients spread together. They form one block and share negatives; with paths, each centre
 * is a block. */

/* The context rows of the window: those of the first centre only, then those of both, then those of the second only. Tags of
 * the document belong to both. */
WV_INLINE void fill_context(const struct wv_chunk *chunk, struct wv_block *block, int n_tags)
{
    const struct wv_window *window = &chunk->window;
    const int64_t first = window->centre, second = first + 1;
    const int64_t low = window->low;
    float **to = block->context;
    if (window->n_centres == 1) {
        copy_rows(to, chunk->input + low, first - low);
        copy_rows(to + (first - low), chunk->input + second, window->end - second);
        const int64_t n_words = window->end - low - 1;
        copy_rows(to + n_words, chunk->tags, n_tags);
        block->n_context = block->first_end = block->second_start = (int)n_words + n_tags;
        return;
    }
    const int of_first = low_is_first(window), of_second = last_is_second(window);
    int n = 0;
    if (of_first)
        to[n++] = chunk->input[low];
    to[n++] = chunk->input[second];
    block->second_start = n;
    const int64_t left = first - (low + of_first), right = window->end - of_second - (second + 1);
    copy_rows(to + n, chunk->input + low + of_first, left);
    copy_rows(to + n + left, chunk->input + second + 1, right);
    n += (int)(left + right);
    copy_rows(to + n, chunk->tags, n_tags);
    n += n_tags;
    block->first_end = n;
    to[n++] = chunk->input[first];
    if (of_second)
        to[n++] = chunk->input[window->end - 1];
    block->n_context = n;
}

WV_INLINE int make_composed(struct wv_worker *worker, struct wv_block *block, int has_tags)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const struct wv_window *window = &chunk->window;
    const int is_new = chunk->next_row == chunk->next_centre;
    block->n_context = 0;
    if (is_new) {
        const int max_centres = task->one_pair_at_a_time ? 1 : 2;
        if (!(has_tags ? next_document_window(worker, max_centres) : next_window(task, chunk, max_centres)))
            return 0;
        fill_context(chunk, block, has_tags ? chunk->n_tags : 0);
    }
    set_tokens(task, window, block);
    const int64_t nth = chunk->next_row - window->centre;
    block->hidden = worker->scratch.hidden + nth;
    block->hidden_grad = worker->scratch.hidden_grad + nth;
    block->m = task->paths.ids ? 1 : window->n_centres;
    choose_targets(worker, chunk->next_row, block->m);
    queue_rows(worker, is_new);
    fill_targets_of_centres(chunk, block);
    chunk->next_row += block->m;
    const int is_done = chunk->next_row == chunk->next_centre;
    block->n_examples = block->n_trained = is_done ? window->n_centres : 0;
    return 1;
}

WV_APART int make_cbow(struct wv_worker *worker, struct wv_block *block) { return make_composed(worker, block, 0); }

/* PV-DM with sums or means (Le, Mikolov 2014): rows of the document are context rows too. */
WV_APART int make_dm(struct wv_worker *worker, struct wv_block *block) { return make_composed(worker, block, 1); }
