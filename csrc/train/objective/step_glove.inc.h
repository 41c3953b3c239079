/* GloVe (Pennington, Socher, Manning 2014): weighted least squares of log counts, with AdaGrad. In: units, each one input row and
 * some cells of it: columns (output rows, all different) and their counts x. Out: trained rows, the loss.
 *
 * A row has `size` values, then a bias and two sums of squared gradients (of the values, of the bias). A cell has the error
 * e = log x - w·c - b - b', the weight f = min(1, (x / x_max)^exponent), the gradient F = f e and the loss f e² / 2. */

enum { GLOVE_BIAS, GLOVE_SQUARES, GLOVE_BIAS_SQUARES, GLOVE_EXTRA }; /* columns behind the values of a row */
enum { GLOVE_BATCH = 4 };  /* columns that are trained together */
enum { GLOVE_CELLS = 256 }; /* whose logarithms are computed together */
enum { GLOVE_AHEAD = 48 }; /* cells before a unit at which its row is prefetched */

/* One batch and its row. Arrays by column have space for a whole vector behind. */
struct glove {
    float *columns[GLOVE_BATCH];
    float dots[2 * GLOVE_BATCH + WV_PAD];    /* w·c of each column, then c·c */
    float squares[2 * GLOVE_BATCH + WV_PAD]; /* sums of the columns' values, then of their biases; then of the row's */
    float biases[GLOVE_BATCH + WV_PAD], steps[GLOVE_BATCH + WV_PAD], gradients[GLOVE_BATCH + WV_PAD];
    float rates[2 * GLOVE_BATCH + WV_PAD];
    float *row; /* copy of the input row, with zeros behind its values */
    float bias, row_squares, row_bias_squares;
    int size;
    float smallest; /* 1 / rate² */
    double loss;
};

struct glove_cells {
    float logs[GLOVE_CELLS + WV_PAD], weights[GLOVE_CELLS + WV_PAD];
    int64_t first, last;
};

WV_INLINE void glove_read_cells(const struct wv_task *task, int64_t first, int64_t last, struct glove_cells *cells)
{
    const vec log_max = vec_log(vec_set(task->x_max)), exponent = vec_set(task->exponent);
    cells->first = first;
    cells->last = last < first + GLOVE_CELLS ? last : first + GLOVE_CELLS;
    for (int64_t at = first; at < cells->last; at += VEC_LANES) {
        const int64_t left = cells->last - at;
        vec x = vec_load_first(task->values + at, left < VEC_LANES ? (int)left : VEC_LANES);
        x = vec_log(vec_max(vec_set(1e-18f), x));
        const vec power = vec_exp(vec_mul(exponent, vec_sub(x, log_max)));
        vec_store(cells->logs + (at - first), x);
        vec_store(cells->weights + (at - first), vec_min(vec_set(1), power));
    }
}

/* Adds one vector of each row to the dot products. */
WV_INLINE void glove_add_products(const struct glove *g, int n, int at, vec mask, int is_last, vec *sums, vec *own)
{
    const vec w = vec_load(g->row + at);
    *own = vec_fma(w, w, *own);
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        vec c = row_load(g->columns[k], at);
        if (is_last)
            c = vec_mul(c, mask);
        sums[k] = vec_fma(w, c, sums[k]);
        sums[GLOVE_BATCH + k] = vec_fma(c, c, sums[GLOVE_BATCH + k]);
    }
}

WV_INLINE float glove_dots(struct glove *g, int n, const float *mask)
{
    vec sums[2 * GLOVE_BATCH], own = vec_zero();
    WV_UNROLL
    for (int k = 0; k < 2 * GLOVE_BATCH; k++)
        sums[k] = vec_zero();
    int at = 0;
    for (; at + VEC_LANES <= g->size; at += VEC_LANES)
        glove_add_products(g, n, at, vec_zero(), 0, sums, &own);
    if (at < g->size)
        glove_add_products(g, n, at, vec_load(mask + at), 1, sums, &own);
    WV_UNROLL
    for (int k = 0; k < 2 * GLOVE_BATCH; k += VEC_SUMS)
        vec_store(g->dots + k, vec_sums(sums + k));
    return vec_sum(own);
}

WV_INLINE void glove_update_part(struct glove *g, int n, int at, vec mask, int is_last)
{
    const vec w = vec_load(g->row + at);
    vec sum = vec_zero();
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        const vec c = row_load(g->columns[k], at);
        sum = vec_fma(vec_set(g->gradients[k]), c, sum);
        row_store(g->columns[k], at, vec_fma(vec_set(g->steps[k]), w, c));
    }
    if (is_last)
        sum = vec_mul(sum, mask);
    vec_store(g->row + at, vec_add(w, sum));
}

WV_INLINE void glove_update(struct glove *g, int n, const float *mask)
{
    int at = 0;
    for (; at + VEC_LANES <= g->size; at += VEC_LANES)
        glove_update_part(g, n, at, vec_zero(), 0);
    if (at < g->size)
        glove_update_part(g, n, at, vec_load(mask + at), 1);
}

WV_INLINE void glove_read_extra(struct glove *g, int n)
{
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        const float *extra = g->columns[k] + g->size;
        g->biases[k] = extra[GLOVE_BIAS];
        g->squares[k] = extra[GLOVE_SQUARES];
        g->squares[GLOVE_BATCH + k] = extra[GLOVE_BIAS_SQUARES];
    }
}

WV_INLINE vec glove_rate(vec squares, vec smallest)
{
#ifdef RSQRT
    return _mm512_rsqrt14_ps(vec_add(squares, smallest));
#else
    return vec_div(vec_set(1), vec_sqrt(vec_add(squares, smallest)));
#endif
}

/* Trains n columns and the row; n is a constant of the caller. */
WV_INLINE void glove_train(struct glove *g, int n, const float *logs, const float *weights, const float *mask, float rate)
{
    glove_read_extra(g, n);
    const float own = glove_dots(g, n, mask) / (float)g->size;
    vec sum_f = vec_zero(), sum_ff = vec_zero(), sum_values = vec_zero();
    WV_UNROLL
    for (int k = 0; k < GLOVE_BATCH; k += VEC_LANES) {
        const vec f = vec_load_first(weights + k, n < VEC_LANES ? n : VEC_LANES);
        vec e = vec_sub(vec_load(logs + k), vec_load(g->dots + k));
        e = vec_sub(e, vec_add(vec_load(g->biases + k), vec_set(g->bias)));
        const vec grad = vec_mul(f, e), ff = vec_mul(grad, grad);
        g->loss += (double)vec_sum(vec_mul(grad, e));
        const vec norms = vec_load(g->dots + GLOVE_BATCH + k);
        sum_f = vec_add(sum_f, grad);
        sum_ff = vec_add(sum_ff, ff);
        sum_values = vec_fma(ff, norms, sum_values);
        vec_store(g->gradients + k, grad);
        const vec squares = vec_fma(ff, vec_set(own), vec_load(g->squares + k));
        const vec bias_squares = vec_add(ff, vec_load(g->squares + GLOVE_BATCH + k));
        vec_store(g->squares + k, squares);
        vec_store(g->squares + GLOVE_BATCH + k, bias_squares);
        vec_store(g->steps + k, vec_mul(grad, glove_rate(squares, vec_set(g->smallest))));
        vec_store(g->biases + k, vec_fma(grad, glove_rate(bias_squares, vec_set(1)), vec_load(g->biases + k)));
    }
    if (rate <= 0)
        return;
    const float total_ff = vec_sum(sum_ff), total_f = vec_sum(sum_f);
    g->row_squares += vec_sum(sum_values) / (float)g->size;
    g->row_bias_squares += total_ff;
    const float row_rate = 1 / sqrtf(g->row_squares + g->smallest);
    g->bias += total_f / sqrtf(g->row_bias_squares + 1);
    vec_store(g->gradients, vec_mul(vec_load(g->gradients), vec_set(row_rate)));
    glove_update(g, n, mask);
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        float *extra = g->columns[k] + g->size;
        extra[GLOVE_BIAS] = g->biases[k];
        extra[GLOVE_SQUARES] = g->squares[k];
        extra[GLOVE_BIAS_SQUARES] = g->squares[GLOVE_BATCH + k];
    }
}

static double train_glove(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples)
{
    const struct wv_task *task = worker->task;
    const struct wv_matrix *input = &task->matrices[WV_INPUT], *output = &task->matrices[WV_OUTPUT];
    const int64_t *offsets = task->items.offsets, end = offsets[last];
    struct glove g = {.row = worker->scratch.hidden[0], .size = input->size, .smallest = rate > 0 ? 1 / (rate * rate) : 1};
    float *mask = worker->scratch.hidden[1];
    struct glove_cells cells = {.first = offsets[first]};
    cells.last = cells.first;
    int64_t ahead = first;
    (void)key;
    for (int k = 0; k < input->width; k++)
        mask[k] = k < g.size;
    for (int64_t u = first; u < last; u++) {
        while (ahead < last && offsets[ahead] < offsets[u] + GLOVE_AHEAD) {
            const float *row = input->rows + (int64_t)task->unit_rows[ahead] * input->stride;
            for (int at = 0; at < input->width; at += WV_PAD)
                WV_PREFETCH_TO_WRITE(row + at);
            ahead++;
        }
        float *row = input->rows + (int64_t)task->unit_rows[u] * input->stride;
        for (int at = 0; at < g.size; at += VEC_LANES)
            vec_store(g.row + at, vec_mul(vec_load(mask + at), row_load(row, at)));
        g.bias = row[g.size + GLOVE_BIAS];
        g.row_squares = row[g.size + GLOVE_SQUARES];
        g.row_bias_squares = row[g.size + GLOVE_BIAS_SQUARES];
        for (int64_t at = offsets[u]; at < offsets[u + 1];) {
            if (at >= cells.last)
                glove_read_cells(task, at, end, &cells);
            int64_t n = offsets[u + 1] - at;
            n = n > cells.last - at ? cells.last - at : n;
            n = n > GLOVE_BATCH ? GLOVE_BATCH : n;
            for (int k = 0; k < n; k++)
                g.columns[k] = output->rows + (int64_t)task->items.ids[at + k] * output->stride;
            for (int k = 4; k < 8 && at + k < end; k++) {
                const float *c = output->rows + (int64_t)task->items.ids[at + k] * output->stride;
                for (int p = 0; p < output->width; p += WV_PAD)
                    WV_PREFETCH_TO_WRITE(c + p);
            }
            const float *logs = cells.logs + (at - cells.first), *weights = cells.weights + (at - cells.first);
            switch (n) {
            case 1: glove_train(&g, 1, logs, weights, mask, rate); break;
            case 2: glove_train(&g, 2, logs, weights, mask, rate); break;
            case 3: glove_train(&g, 3, logs, weights, mask, rate); break;
            default: glove_train(&g, 4, logs, weights, mask, rate); break;
            }
            at += n;
        }
        if (rate > 0) {
            int at = 0;
            for (; at + VEC_LANES <= g.size; at += VEC_LANES)
                row_store(row, at, vec_load(g.row + at));
            for (; at < g.size; at++)
                row[at] = g.row[at];
            row[g.size + GLOVE_BIAS] = g.bias;
            row[g.size + GLOVE_SQUARES] = g.row_squares;
            row[g.size + GLOVE_BIAS_SQUARES] = g.row_bias_squares;
        }
    }
    *examples += end - offsets[first];
    return 0.5 * g.loss;
}
