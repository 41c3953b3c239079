/* Factorization machine (Rendle 2010) with several outputs, trained by AdaGrad. In: units, each some items with an input row
 * e_i and a value x_i, and a class or target values. Out: trained rows, the loss.
 *
 *     s = Σ x_i e_i      p = (s² - Σ (x_i e_i)²) / 2      z_k = u_k · s + a_k · p
 *
 * Coordinate c of p is the sum of the products x_i e_ic x_j e_jc of all pairs of items. u_k is output row k; a_k is constant
 * (1 for one output, so that z is Rendle's model with linear weights u · e_i). Row i has its first row_sizes[i] coordinates
 * only; the others stay 0. No input row has the last coordinate of the matrix: s is 1 there, so that u_k contains the bias.
 * The loss is softmax cross entropy, or half of the squared error. A unit without items is skipped. */

/* The rows of the units first … last. Some items are masked: another row, that of unknown categories, takes their place. */
WV_APART void read_fm(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, int is_masked)
{
    const struct wv_task *task = worker->task;
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t *offsets = task->items.offsets;
    chunk->first_cell = offsets[first];
    chunk->n = offsets[last] - offsets[first];
    memcpy(chunk->words, task->items.ids + offsets[first], (size_t)chunk->n * sizeof *chunk->words);
    for (int64_t k = 0; is_masked && k < chunk->n; k++)
        if ((uint32_t)(wv_draw(key, (uint64_t)k) >> 32) < task->fm.mask)
            chunk->words[k] = task->fm.masked_rows[chunk->words[k]];
    memset(chunk->words + chunk->n, 0, WV_OVERRUN * sizeof *chunk->words);
    rows_at(&worker->views[WV_INPUT], chunk->words, chunk->n, chunk->input);
}

/* s and p of n items, in scratch->hidden. */
WV_INLINE void fm_sum(struct wv_scratch *scratch, float *const *rows, const float *values, int64_t n, int size)
{
    for (int at = 0; at < size; at += VEC_LANES) {
        vec sum = vec_zero(), squares = vec_zero();
        for (int64_t i = 0; i < n; i++) {
            const vec part = vec_mul(vec_set(values[i]), row_load(rows[i], at));
            sum = vec_add(sum, part);
            squares = vec_fma(part, part, squares);
        }
        vec_store(scratch->hidden[0] + at, sum);
        vec_store(scratch->hidden[1] + at, vec_mul(vec_set(0.5f), vec_sub(vec_mul(sum, sum), squares)));
    }
    scratch->hidden[0][size - 1] = 1;
}

WV_INLINE void fm_score(const struct wv_task *task, const struct wv_block *block, struct wv_scratch *scratch,
                        int size)
{
    const float *pair_weights = task->fm.pair_weights;
    const int64_t width = task->matrices[WV_INPUT].width;
    for (int k = 0; k < block->n; k++) {
        vec sum = vec_zero();
        for (int at = 0; at < size; at += VEC_LANES) {
            sum = vec_fma(row_load(block->targets[k], at), vec_load(scratch->hidden[0] + at), sum);
            sum = vec_fma(vec_load(pair_weights + k * width + at), vec_load(scratch->hidden[1] + at), sum);
        }
        scratch->scores[k] = vec_sum(sum);
    }
}

/* Scores → gradients and the loss, for unit u. */
WV_INLINE void fm_loss(const struct wv_task *task, const struct wv_block *block, struct wv_scratch *scratch,
                       struct wv_loss *loss, int64_t u)
{
    const size_t n = (size_t)block->n;
    memset(block->weights, 0, (n + WV_PAD) * sizeof *block->weights);
    if (task->fm.labels) {
        block->weights[task->fm.labels[u]] = 1;
        softmax(block, scratch, loss, 1);
        return;
    }
    for (size_t k = 0; k < n; k++)
        block->weights[k] = 1;
    memcpy(block->values, task->fm.targets + u * block->n, n * sizeof *block->values);
    squares(block, scratch, loss, 1);
}

/* Trains the output rows; the gradients of s and p go into scratch->hidden_grad. */
WV_INLINE void fm_train_outputs(const struct wv_task *task, const struct wv_block *block,
                                struct wv_scratch *scratch, float rate, int size)
{
    const struct wv_matrix *matrix = &task->matrices[WV_OUTPUT];
    const int64_t width = matrix->width;
    for (int k = 0; k < block->n; k++) {
        const float factor = task->freeze_targets ? 0 : matrix->row_rate ? matrix->row_rate[k] : 1;
        scratch->rules[k] =
            (struct wv_row_rule){rate * factor, matrix->l2, matrix->stride > width ? (int)width : 0};
    }
    for (int at = 0; at < size; at += VEC_LANES) {
        vec of_sum = vec_zero(), of_pairs = vec_zero();
        const vec sum = vec_load(scratch->hidden[0] + at);
        for (int k = 0; k < block->n; k++) {
            const vec gradient = vec_set(scratch->gradients[k]);
            of_sum = vec_fma(gradient, row_load(block->targets[k], at), of_sum);
            of_pairs = vec_fma(gradient, vec_load(task->fm.pair_weights + k * width + at), of_pairs);
            row_train(block->targets[k], at, vec_mul(gradient, sum), &scratch->rules[k]);
        }
        vec_store(scratch->hidden_grad[0] + at, of_sum);
        vec_store(scratch->hidden_grad[1] + at, of_pairs);
    }
}

/* Trains input row `id`, which is at `row`: its gradient is x (∂s + ∂p (s - x e)). */
WV_INLINE void fm_train_input(const struct wv_task *task, const struct wv_scratch *scratch, float *row, int32_t id,
                              float x, float rate)
{
    const struct wv_matrix *matrix = &task->matrices[WV_INPUT];
    const float factor = matrix->row_rate ? matrix->row_rate[id] : 1;
    const struct wv_row_rule rule = {rate * factor, task->fm.row_decay[id],
                                     matrix->stride > matrix->width ? matrix->width : 0};
    const float *first_lanes = scratch->first_lanes + matrix->width - task->fm.row_sizes[id];
    const vec value = vec_set(x);
    for (int at = 0; at < task->fm.row_sizes[id]; at += VEC_LANES) {
        const vec others = vec_sub(vec_load(scratch->hidden[0] + at), vec_mul(value, row_load(row, at)));
        const vec gradient =
            vec_fma(vec_load(scratch->hidden_grad[1] + at), others, vec_load(scratch->hidden_grad[0] + at));
        row_train(row, at, vec_mul(vec_mul(value, gradient), vec_load(first_lanes + at)), &rule);
    }
}

static void fm_unit(struct wv_worker *worker, struct wv_block *block, int64_t u, float rate)
{
    const struct wv_task *task = worker->task;
    const int64_t first = task->items.offsets[u], n = task->items.offsets[u + 1] - first;
    const int64_t at = first - worker->chunk.first_cell;
    const int size = task->matrices[WV_INPUT].size;
    float *const *rows = worker->chunk.input + at;
    fill_labels(worker, block);
    fm_sum(&worker->scratch, rows, task->values + first, n, size);
    fm_score(task, block, &worker->scratch, size);
    fm_loss(task, block, &worker->scratch, &worker->loss, u);
    if (rate == 0)
        return;
    fm_train_outputs(task, block, &worker->scratch, rate, size);
    for (int64_t i = 0; i < n; i++)
        fm_train_input(task, &worker->scratch, rows[i], worker->chunk.words[at + i], task->values[first + i], rate);
}

static double train_fm(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                       int64_t *examples)
{
    const struct wv_task *task = worker->task;
    struct wv_block *block = &worker->ring[0];
    block->m = 1;
    worker->loss.sum = 0;
    worker->rate = rate;
    read_fm(worker, first, last, key, rate > 0);
    for (int64_t u = first; u < last && !WV_LOAD_RELAXED(&task->stop); u++) {
        if (task->items.offsets[u] == task->items.offsets[u + 1])
            continue;
        fm_unit(worker, block, u, rate);
        ++*examples;
        worker->n_trained++;
        if (worker->n_private && worker->n_trained - worker->merged_at[0] >= task->merge_every)
            merge_hottest(worker);
    }
    return worker->loss.sum;
}
