/* The output rows of one or two centres and the weights of their pairs. In: centres, noise words, a Huffman path, who is
 * whose context. Out: targets, and the weights of a block. The targets of a block differ from each other: a negative that
 * was drawn twice counts twice, one that is a centre is dropped. */

WV_INLINE void add_target(struct wv_chunk *chunk, float *row, float first, float second)
{
    const int at = chunk->n_targets++;
    chunk->targets[at] = row;
    chunk->weights[0][at] = first;
    chunk->weights[1][at] = second;
}

/* Adds n negatives of which some may be the same, or a centre. Their rows may stand where the targets go. */
static void add_repeated(struct wv_chunk *chunk, float *const *rows, int n, float *const centres[2])
{
    const int first = chunk->n_targets;
    for (int k = 0; k < n; k++) {
        float *row = rows[k];
        int at = first;
        if (row == centres[0] || row == centres[1])
            continue;
        while (at < chunk->n_targets && chunk->targets[at] != row)
            at++;
        if (at == chunk->n_targets)
            add_target(chunk, row, 0, 0);
        chunk->weights[0][at]--;
        chunk->weights[1][at]--;
    }
}

/* Whether one of the centres is among n rows; it may be found behind them, too. */
WV_INLINE int have_centre(float *const centres[2], float *const *rows, int n)
{
    int64_t found[WV_OVERRUN] = {0}, any = 0;
    for (int at = 0; at < n; at += WV_OVERRUN) {
        for (int k = 0; k < WV_OVERRUN; k++)
            found[k] |= (rows[at + k] == centres[0]) | (rows[at + k] == centres[1]);
    }
    for (int k = 0; k < WV_OVERRUN; k++)
        any |= found[k];
    return any != 0;
}

WV_INLINE void add_negatives(struct wv_worker *worker, float *const centres[2])
{
    struct wv_chunk *chunk = &worker->chunk;
    const int n = worker->task->negative;
    float **rows = chunk->targets + chunk->n_targets;
    const int repeated = next_noise(worker, rows);
    if (repeated || have_centre(centres, rows, n)) {
        add_repeated(chunk, rows, n, centres);
        return;
    }
    for (int at = 0; at < n; at += WV_OVERRUN) {
        for (int j = chunk->n_targets + at; j < chunk->n_targets + at + WV_OVERRUN; j++)
            chunk->weights[0][j] = chunk->weights[1][j] = -1;
    }
    chunk->n_targets += n;
}

/* The targets of n_centres of the window, from position `first` on. With paths it is one. */
WV_INLINE void choose_targets(struct wv_worker *worker, int64_t first, int n_centres)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t last = first + n_centres - 1;
    chunk->n_targets = chunk->n_common = 0;
    if (task->node_rows)
        add_path(worker, first);
    if (!task->negative)
        return;
    float *const centres[2] = {chunk->output[first], chunk->output[last]};
    const int one_word = centres[0] == centres[1];
    add_target(chunk, centres[0], 1, (float)one_word);
    if (!one_word)
        add_target(chunk, centres[1], 0, 1);
    add_negatives(worker, centres);
}

/* Gives the targets at hand to a block with one hidden row for each centre that they are of. */
WV_INLINE void fill_targets_of_centres(const struct wv_chunk *chunk, struct wv_block *block)
{
    const float *first = chunk->weights[0], *second = chunk->weights[1];
    const int n = block->n = chunk->n_targets, m = block->m;
    copy_rows(block->targets, chunk->targets, n);
    for (int at = 0; at < n; at += WV_OVERRUN) {
        float both[2 * WV_OVERRUN];
        for (int k = 0; k < WV_OVERRUN; k++) {
            both[2 * k] = first[at + k];
            both[2 * k + 1] = second[at + k];
        }
        if (m == 2)
            memcpy(block->weights + 2 * at, both, sizeof both);
        else
            memcpy(block->weights + at, first + at, WV_OVERRUN * sizeof *first);
    }
    memset(block->weights + m * n, 0, WV_PAD * sizeof *block->weights);
}

/* The weights of a block's pairs, target by target. Each target writes WV_TILE_LANES lanes, of which the next one
 * overwrites those beyond m. A lone centre, a constant of the caller, has all rows. */
WV_INLINE void fill_weights(const struct wv_chunk *chunk, const struct wv_block *block, int64_t in_window,
                            int is_lone)
{
    enum { AT_ONCE = WV_OVERRUN / 2 };
    const float *of_first = chunk->weights[0], *of_second = chunk->weights[1];
    const float *first = chunk->members[0] + in_window, *second = chunk->members[1] + in_window;
    float *weights = block->weights;
    for (int at = 0; at < block->n; at += AT_ONCE) {
        for (int j = at; j < at + AT_ONCE; j++) {
            float lanes[WV_TILE_LANES];
            for (int i = 0; i < WV_TILE_LANES; i++)
                lanes[i] = is_lone ? of_first[j] : of_first[j] * first[i] + of_second[j] * second[i];
            memcpy(weights, lanes, sizeof lanes);
            weights += block->m;
        }
    }
}

/* Gives the window's targets to a block whose rows begin at position `in_window` of it. */
WV_INLINE void fill_targets(const struct wv_chunk *chunk, struct wv_block *block, int64_t in_window)
{
    block->n = chunk->n_targets;
    copy_rows(block->targets, chunk->targets, block->n);
    if (chunk->window.n_centres == 1)
        fill_weights(chunk, block, in_window, 1);
    else
        fill_weights(chunk, block, in_window, 0);
    /* Scores are worked on in whole vectors: what stands behind the last pair must not count. */
    memset(block->weights + block->m * block->n, 0, WV_PAD * sizeof *block->weights);
}
