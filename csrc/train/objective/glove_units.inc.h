/* The loop over the units and batches of a chunk, see step_glove.inc.h. */

WV_INLINE float glove_factor(const struct wv_matrix *matrix, int64_t id)
{
    return matrix->row_rate ? matrix->row_rate[id] : 1;
}

/* The columns of the batch that begins at cell `at`, and of the next one. */
WV_INLINE void glove_find_columns(const struct wv_task *task, int64_t at, int n, int64_t end, struct glove *g)
{
    const struct wv_matrix *output = &task->matrices[WV_OUTPUT];
    const int32_t *ids = task->items.ids;
    for (int k = 0; k < n; k++) {
        g->columns[k] = output->rows + (int64_t)ids[at + k] * output->stride;
        g->of_columns[k].factor = glove_factor(output, ids[at + k]);
    }
    for (int k = 0; k < GLOVE_BATCH; k++) {
        const int64_t cell = at + n + k < end ? at + n + k : at;
        g->columns[GLOVE_BATCH + k] = output->rows + (int64_t)ids[cell] * output->stride;
    }
}

/* Trains the cells first … last of one row; the cells of the chunk end at `end`. */
WV_INLINE void glove_train_cells(const struct wv_task *task, int64_t first, int64_t last, int64_t end,
                                 struct glove_cells *cells, struct glove *g)
{
    for (int64_t at = first, n; at < last; at += n) {
        n = last - at < GLOVE_BATCH ? last - at : GLOVE_BATCH;
        if (at + n > cells->last)
            glove_read_cells(task, at, end, cells);
        glove_find_columns(task, at, (int)n, end, g);
        const float *logs = cells->logs + (at - cells->first), *weights = cells->weights + (at - cells->first);
        switch (n) {
        case 1: glove_step(g, 1, logs, weights); break;
        case 2: glove_step(g, 2, logs, weights); break;
        case 3: glove_step(g, 3, logs, weights); break;
        default: glove_step(g, GLOVE_BATCH, logs, weights); break;
        }
    }
}

/* Copies a row to or from scratch memory. Behind the values of a matrix is space for a whole vector of all ISAs. */
WV_INLINE void glove_read_row(const float *row, struct glove *g)
{
    for (int at = 0; at < g->size; at += VEC_LANES)
        vec_store(g->row + at, vec_mul(vec_load(g->mask + at), row_load(row, at)));
    glove_read_extra(row, g->size, &g->of_row);
}

WV_INLINE void glove_write_row(float *row, const struct glove *g)
{
    for (int at = 0; at < g->size; at += VEC_LANES)
        row_store(row, at, vec_load(g->row + at));
    glove_write_extra(row, g->size, &g->of_row);
}

/* Prefetches the rows of the next units up to `cell`; returns the first one that is not prefetched. */
WV_INLINE int64_t glove_prefetch(const struct wv_task *task, int64_t unit, int64_t last, int64_t cell)
{
    const struct wv_matrix *input = &task->matrices[WV_INPUT];
    for (; unit < last && task->items.offsets[unit] < cell; unit++) {
        const float *row = input->rows + (int64_t)task->unit_rows[unit] * input->stride;
        for (int at = 0; at < input->size + GLOVE_EXTRA; at += WV_PAD)
            WV_PREFETCH_TO_WRITE(row + at);
    }
    return unit;
}

/* Trains the units first … last at `rate`; returns their loss. A stop takes effect between units. */
static double train_glove(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples)
{
    const struct wv_task *task = worker->task;
    const struct wv_matrix *input = &task->matrices[WV_INPUT];
    const int64_t *offsets = task->items.offsets;
    float *mask = worker->scratch.hidden[1];
    struct glove g = {.row = worker->scratch.hidden[0], .mask = mask, .size = input->size, .rate = rate};
    struct glove_cells cells = {.first = offsets[first], .last = offsets[first]};
    int64_t ahead = first;
    (void)key; /* nothing is drawn */
    g.rest = rate > 0 ? 1 / (rate * rate) : 1;
    for (int k = 0; k < input->width; k++)
        mask[k] = k < g.size;
    for (int64_t unit = first; unit < last && !WV_LOAD_RELAXED(&task->stop); unit++) {
        float *row = input->rows + (int64_t)task->unit_rows[unit] * input->stride;
        ahead = glove_prefetch(task, ahead, last, offsets[unit] + GLOVE_AHEAD);
        g.of_row.factor = rate > 0 ? glove_factor(input, task->unit_rows[unit]) : 0;
        glove_read_row(row, &g);
        glove_train_cells(task, offsets[unit], offsets[unit + 1], offsets[last], &cells, &g);
        if (g.of_row.factor > 0)
            glove_write_row(row, &g);
        *examples += offsets[unit + 1] - offsets[unit];
    }
    return 0.5 * g.loss;
}
