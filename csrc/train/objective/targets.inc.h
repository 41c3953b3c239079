/* The targets of one or two centres and the weights of their pairs. In: centres, noise words, a Huffman path, the contexts.
 * Out: targets and weights of a block. The targets of a block differ from each other: a negative that was drawn twice has
 * twice the weight, and one that is a centre is removed. */

WV_INLINE void add_target(struct wv_chunk *chunk, float *row, float first, float second)
{
    const int at = chunk->n_targets++;
    chunk->targets[at] = row;
    chunk->weights[0][at] = first;
    chunk->weights[1][at] = second;
}

/* Adds n noise words, of which the first `negative` are negatives of the first centre and the last ones of the second centre. Some
 * may be equal, or equal to a centre. `rows` may overlap the targets that are written. */
static void add_repeated(struct wv_chunk *chunk, float *const *rows, int n, int negative, float *const centres[2])
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
        chunk->weights[0][at] -= (float)(k < negative);
        chunk->weights[1][at] -= (float)(k >= n - negative);
    }
}

/* Whether a centre is among n rows; elements behind the n-th may count, too. */
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
    const int n = chunk->noise.n_noise, negative = worker->task->negative;
    float **rows = chunk->targets + chunk->n_targets;
    const int repeated = next_noise(worker, rows);
    if (repeated || have_centre(centres, rows, n)) {
        add_repeated(chunk, rows, n, negative, centres);
        return;
    }
    const int both = n == negative; /* all words are negatives of both centres, or there is one */
    for (int at = 0; at < n; at += WV_OVERRUN) {
        float *first = chunk->weights[0] + chunk->n_targets + at,
              *second = chunk->weights[1] + chunk->n_targets + at;
        for (int k = 0; k < WV_OVERRUN; k++) {
            first[k] = both ? -1 : -(float)(at + k < negative);
            second[k] = both ? -1 : -(float)(at + k >= n - negative);
        }
    }
    chunk->n_targets += n;
}

/* Sets the targets of n_centres of the window, from position `first` on; with paths n_centres is 1. */
WV_INLINE void choose_targets(struct wv_worker *worker, int64_t first, int n_centres)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t last = first + n_centres - 1;
    chunk->n_targets = chunk->n_common = 0;
    if (task->paths.ids)
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

/* Copies the current targets to a block that has one hidden row per centre. */
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

/* The weights of a block's pairs, target by target. Each target writes WV_TILE_LANES lanes; the next target overwrites those
 * beyond m. is_lone, a constant of the caller: the only centre, which has all rows in its context. */
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

/* Copies the window's targets to a block whose rows begin at position `in_window` of the window. */
WV_INLINE void fill_targets(const struct wv_chunk *chunk, struct wv_block *block, int64_t in_window)
{
    block->n = chunk->n_targets;
    copy_rows(block->targets, chunk->targets, block->n);
    if (chunk->window.n_centres == 1)
        fill_weights(chunk, block, in_window, 1);
    else
        fill_weights(chunk, block, in_window, 0);
    /* the loss uses whole vectors: pairs behind the last one must have weight 0 */
    memset(block->weights + block->m * block->n, 0, WV_PAD * sizeof *block->weights);
}
