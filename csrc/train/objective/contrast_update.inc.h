/* Changes of rows by their gradients, with AdaGrad: one sum of squared gradients for a row, which is the column behind its values.
 *
 * A row x on the unit sphere moves along it: the part of the gradient g in the direction of x is removed, and the result has the length 1.
 *     g -= (g·x / x·x) x;  G += g·g / size;  x += rate g / √G;  x /= |x| */

struct row_change {
    const float *gradient; /* (width), 0 behind the values */
    float rate, l2;        /* rate: of the row; l2: each use also adds -l2 x to g (rows of any length) */
    int size, on_sphere;   /* on_sphere is a constant of the caller */
};

/* One vector of a row; behind the values it is 0. */
WV_INLINE vec row_values(const float *row, int at, int size)
{
    return at + VEC_LANES <= size ? row_load(row, at) : row_load_first(row, at, size - at);
}

WV_INLINE void change_row(float *row, const struct row_change *change)
{
    const float *g = change->gradient;
    const int size = change->size;
    vec xx = vec_zero(), gx = vec_zero(), gg = vec_zero();
    if (change->rate <= 0)
        return;
    for (int at = 0; at < size; at += VEC_LANES) {
        const vec x = row_values(row, at, size), of_g = vec_load(g + at);
        xx = vec_fma(x, x, xx);
        gx = vec_fma(of_g, x, gx);
        gg = vec_fma(of_g, of_g, gg);
    }
    const float x_squared = vec_sum(xx), along = vec_sum(gx);
    const float decay = change->on_sphere ? along / fmaxf(x_squared, 1e-30f) : change->l2;
    float squared = vec_sum(gg) - 2 * decay * along + decay * decay * x_squared; /* |g - decay x|² */
    if (squared <= 0)
        return;
    const float sum = row_value(row, size) + squared / (float)size;
    const float step = change->rate / sqrtf(sum);
    const float scale = change->on_sphere ? 1 / sqrtf(fmaxf(x_squared + step * step * squared, 1e-30f)) : 1;
    const vec of_x = vec_set(scale * (1 - step * decay)), of_g = vec_set(scale * step);
    for (int at = 0; at < size; at += VEC_LANES)
        row_store(row, at, vec_fma(of_g, vec_load(g + at), vec_mul(of_x, row_values(row, at, size))));
    row_set_value(row, size, sum);
}

WV_INLINE float rate_of_row(const struct wv_matrix *matrix, int32_t id, float rate)
{
    return matrix->row_rate ? rate * matrix->row_rate[id] : rate;
}

/* change = a · values - factor · gradient, without what is NULL */
WV_INLINE void set_change(float *change, float a, const float *values, float factor, const float *gradient,
                          int width)
{
    for (int at = 0; at < width; at += VEC_LANES) {
        const vec of_positive = values ? vec_mul(vec_set(a), vec_load(values + at)) : vec_zero();
        const vec of_negatives = gradient ? vec_mul(vec_set(factor), vec_load(gradient + at)) : vec_zero();
        vec_store(change + at, vec_sub(of_positive, of_negatives));
    }
}

/* Copies values of n rows to `to` (n, width), and zeros up to whole tiles. Rows that were merged in a round have any length. The sum of
 * squared gradients behind the values is prefetched for change_row. */
WV_INLINE void gather_rows(const struct wv_rows *view, float *const *rows, int n, int padded, int width,
                           int on_sphere, float *to)
{
    const int size = view->matrix->size;
    for (int i = 0; i < n; i++, to += width) {
        vec xx = vec_zero();
        WV_PREFETCH_TO_WRITE(rows[i] + size);
        for (int at = 0; at < width; at += VEC_LANES) {
            const vec x = row_values(rows[i], at, size);
            xx = vec_fma(x, x, xx);
            vec_store(to + at, x);
        }
        const vec scale = vec_set(on_sphere && view->copy_of ? 1 / sqrtf(fmaxf(vec_sum(xx), 1e-30f)) : 1);
        for (int at = 0; on_sphere && view->copy_of && at < width; at += VEC_LANES)
            vec_store(to + at, vec_mul(scale, vec_load(to + at)));
    }
    memset(to, 0, (size_t)((padded - n) * width) * sizeof *to);
}
