/* GloVe (Pennington, Socher, Manning 2014): weighted least squares of log counts. In: units, each one input row and some cells of
 * it: columns (output rows, all different) and their counts x. Out: trained rows, the loss.
 *
 * A row has `size` values, then a bias and two sums of squared gradients (of the values, of the bias). A cell has the error
 * e = log x - w·c - b - b', the weight f = min(1, (x / x_max)^exponent), the gradient F = f e and the loss f e² / 2.
 *
 * AdaGrad with one sum for all values of a row: c += F w / sqrt(1 / rate² + G), where G is the mean over the values of the sum of
 * their squared gradients, with the current one, so that all steps stay finite. Sums begin at 0, so `rate` is the largest
 * step; a bias has the rate 1. GLOVE_BATCH columns are trained together: their dot products are computed before the row
 * changes. The row is copied to scratch memory, and stays in the L1 cache. */

enum { GLOVE_BIAS, GLOVE_SQUARES, GLOVE_BIAS_SQUARES, GLOVE_EXTRA }; /* columns behind the values of a row */
enum { GLOVE_BATCH = 4 };   /* columns that are trained together; two sums of each are one vec_sums */
enum { GLOVE_CELLS = 256 }; /* whose logarithms are computed together */
enum { GLOVE_AHEAD = 48 };  /* cells before a unit at which its row is prefetched */

/* Logarithms of counts, and weights, of the cells first … last. */
struct glove_cells {
    float logs[GLOVE_CELLS + WV_PAD], weights[GLOVE_CELLS + WV_PAD];
    int64_t first, last;
};

/* A bias and sums of squared gradients of a row, and its factor of the rate. */
struct glove_extra {
    float bias, squares, bias_squares, factor;
};

/* A row and a batch of its columns. */
struct glove {
    float *row;                           /* (width) copy of the input row, with zeros behind its values */
    const float *mask;                    /* (width) ones, with zeros behind */
    float *columns[2 * GLOVE_BATCH];      /* of this batch, and of the next one, to prefetch */
    float dots[2 * GLOVE_BATCH + WV_PAD]; /* w·c of each column, then c·c */
    float steps[GLOVE_BATCH];             /* change of each column / w */
    float gradients[GLOVE_BATCH];         /* change of w / each column */
    struct glove_extra of_row, of_columns[GLOVE_BATCH];
    int size;
    float rate, rest; /* rest: 1 / rate² */
    double loss;
};

WV_APART void glove_read_cells(const struct wv_task *task, int64_t first, int64_t last, struct glove_cells *cells)
{
    const vec log_max = vec_log(vec_set(task->x_max)), exponent = vec_set(task->exponent);
    cells->first = first;
    cells->last = last < first + GLOVE_CELLS ? last : first + GLOVE_CELLS;
    for (int64_t at = first; at < cells->last; at += VEC_LANES) {
        const int64_t left = cells->last - at;
        const vec x = vec_load_first(task->values + at, left < VEC_LANES ? (int)left : VEC_LANES);
        const vec log_x = vec_log(vec_max(vec_set(1e-18f), x));
        const vec power = vec_exp(vec_mul(exponent, vec_sub(log_x, log_max)));
        vec_store(cells->logs + (at - first), log_x);
        vec_store(cells->weights + (at - first), vec_min(vec_set(1), power));
    }
}

/* One vector of each row. mask: for the last one, if it is not whole; sums: (2 * GLOVE_BATCH). */
WV_INLINE void glove_add_products(const struct glove *g, int n, int at, int is_whole, vec *sums, vec *of_row)
{
    const vec w = vec_load(g->row + at);
    *of_row = vec_fma(w, w, *of_row);
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        vec c = row_load(g->columns[k], at);
        if (!is_whole)
            c = vec_mul(c, vec_load(g->mask + at));
        sums[k] = vec_fma(w, c, sums[k]);
        sums[GLOVE_BATCH + k] = vec_fma(c, c, sums[GLOVE_BATCH + k]);
    }
}

/* Sets dots; returns w·w. */
WV_INLINE float glove_dots(struct glove *g, int n)
{
    vec sums[2 * GLOVE_BATCH], of_row = vec_zero();
    WV_UNROLL
    for (int k = 0; k < 2 * GLOVE_BATCH; k++)
        sums[k] = vec_zero();
    int at = 0;
    for (; at + VEC_LANES <= g->size; at += VEC_LANES)
        glove_add_products(g, n, at, 1, sums, &of_row);
    if (at < g->size)
        glove_add_products(g, n, at, 0, sums, &of_row);
    WV_UNROLL
    for (int k = 0; k < 2 * GLOVE_BATCH; k += VEC_SUMS)
        vec_store(g->dots + k, vec_sums(sums + k));
    return vec_sum(of_row);
}

/* Adds the gradient of a bias, and the square of that of the values; returns the rate of the values. */
WV_INLINE float glove_add_gradient(struct glove_extra *extra, float gradient, float squared, float values_squared,
                                   float rest)
{
    const int is_frozen = extra->factor == 0;
    extra->squares += is_frozen ? 0 : values_squared;
    extra->bias_squares += is_frozen ? 0 : squared;
    extra->bias += extra->factor * gradient / sqrtf(1 + extra->bias_squares);
    return extra->factor / sqrtf(rest + extra->squares);
}

/* Scores to steps, gradients, biases and sums. */
WV_INLINE void glove_gradients(struct glove *g, int n, const float *logs, const float *weights, float w_squared)
{
    float total = 0, squared = 0, values_squared = 0;
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        const float error = logs[k] - g->dots[k] - g->of_columns[k].bias - g->of_row.bias;
        const float gradient = weights[k] * error, square = gradient * gradient;
        g->loss += (double)(gradient * error);
        total += gradient;
        squared += square;
        values_squared += square * g->dots[GLOVE_BATCH + k];
        g->gradients[k] = gradient;
        g->steps[k] =
            gradient * glove_add_gradient(&g->of_columns[k], gradient, square, square * w_squared, g->rest);
    }
    const float rate = glove_add_gradient(&g->of_row, total, squared, values_squared / (float)g->size, g->rest);
    WV_UNROLL
    for (int k = 0; k < n; k++)
        g->gradients[k] *= rate;
}

WV_INLINE void glove_update(struct glove *g, int n, int at, int is_whole)
{
    const vec w = vec_load(g->row + at);
    vec change = vec_zero();
    WV_UNROLL
    for (int k = 0; k < n; k++) {
        const vec c = row_load(g->columns[k], at);
        change = vec_fma(vec_set(g->gradients[k]), c, change);
        row_store(g->columns[k], at, vec_fma(vec_set(g->steps[k]), w, c));
        rows_prefetch(&g->columns[GLOVE_BATCH + k], 1, at, 1);
    }
    if (!is_whole)
        change = vec_mul(change, vec_load(g->mask + at));
    vec_store(g->row + at, vec_add(w, change));
}

WV_INLINE void glove_read_extra(const float *row, int size, struct glove_extra *extra)
{
    extra->bias = row[size + GLOVE_BIAS];
    extra->squares = row[size + GLOVE_SQUARES];
    extra->bias_squares = row[size + GLOVE_BIAS_SQUARES];
}

WV_INLINE void glove_write_extra(float *row, int size, const struct glove_extra *extra)
{
    row[size + GLOVE_BIAS] = extra->bias;
    row[size + GLOVE_SQUARES] = extra->squares;
    row[size + GLOVE_BIAS_SQUARES] = extra->bias_squares;
}

/* Trains n columns and the row; n is a constant of the caller. */
WV_INLINE void glove_step(struct glove *g, int n, const float *logs, const float *weights)
{
    WV_UNROLL
    for (int k = 0; k < n; k++)
        glove_read_extra(g->columns[k], g->size, &g->of_columns[k]);
    const float w_squared = glove_dots(g, n) / (float)g->size;
    glove_gradients(g, n, logs, weights, w_squared);
    if (g->rate <= 0)
        return;
    int at = 0;
    for (; at + VEC_LANES <= g->size; at += VEC_LANES)
        glove_update(g, n, at, 1);
    if (at < g->size)
        glove_update(g, n, at, 0);
    WV_UNROLL
    for (int k = 0; k < n; k++)
        glove_write_extra(g->columns[k], g->size, &g->of_columns[k]);
}
