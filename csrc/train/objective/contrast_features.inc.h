/* Items with features (VBPR: He, McAuley 2016). In: rows of a block's items. Out: composed rows; changes of their parts.
 *
 * The row of an item with features f (F) is v = own row + f E, where E (F, d) is the matrix WV_NODES; for cosines it is x = v / |v|.
 *     gradients: of v: g - (g·x) x, divided by |v| (without cosines: g);  of the own row: the same;  of E: Σ fᵀ g over the block.
 * Own rows and the rows of E have any length. */

WV_INLINE int feature_stride(const struct wv_contrast *settings)
{
    return (settings->n_features + MULTIPLY_ROWS - 1) / MULTIPLY_ROWS * MULTIPLY_ROWS;
}

/* Features of n items, and zeros up to whole tiles. */
WV_APART void gather_features(const struct wv_contrast *settings, const int32_t *ids, int n, int padded, float *to)
{
    const int64_t n_features = settings->n_features, stride = feature_stride(settings);
    for (int i = 0; i < n; i++, to += stride) {
        memcpy(to, settings->features + ids[i] * n_features, (size_t)n_features * sizeof *to);
        memset(to + n_features, 0, (size_t)(stride - n_features) * sizeof *to);
    }
    memset(to, 0, (size_t)((padded - n) * stride) * sizeof *to);
}

WV_INLINE void gather_projection(struct wv_worker *worker, int width)
{
    struct wv_contrast_scratch *c = &worker->contrast;
    const struct wv_contrast *settings = &worker->task->contrast;
    struct wv_rows *view = &worker->views[WV_NODES];
    for (int32_t k = 0; k < settings->n_features; k++)
        c->projection_ids[k] = k;
    rows_at(view, c->projection_ids, settings->n_features, c->projection_rows);
    gather_rows(view, c->projection_rows, settings->n_features, feature_stride(settings), width, 0, c->projection);
}

/* rows (n, width) += products (n, width); on the sphere they are then divided by their lengths. */
WV_INLINE void add_products(const float *products, int n, int width, int on_sphere, float *rows, float *inverse)
{
    for (int i = 0; i < n; i++, rows += width, products += width) {
        vec xx = vec_zero();
        for (int at = 0; at < width; at += VEC_LANES) {
            const vec x = vec_add(vec_load(rows + at), vec_load(products + at));
            xx = vec_fma(x, x, xx);
            vec_store(rows + at, x);
        }
        inverse[i] = on_sphere ? 1 / sqrtf(fmaxf(vec_sum(xx), 1e-30f)) : 1;
        for (int at = 0; on_sphere && at < width; at += VEC_LANES)
            vec_store(rows + at, vec_mul(vec_set(inverse[i]), vec_load(rows + at)));
    }
}

/* Own rows of m positives (padded up to whole tiles) and of the negatives become composed rows. */
WV_INLINE void compose_items(struct wv_worker *worker, int m, int padded, int width, int on_sphere)
{
    struct wv_contrast_scratch *c = &worker->contrast;
    const struct wv_contrast *settings = &worker->task->contrast;
    const int stride = feature_stride(settings);
    const int n = (c->n + MULTIPLY_ROWS - 1) / MULTIPLY_ROWS * MULTIPLY_ROWS;
    gather_projection(worker, width);
    gather_features(settings, c->item_ids, m, padded, c->features);
    gather_features(settings, c->negative_ids, c->n, n, c->features + (int64_t)padded * stride);
    float *products = c->item_grads; /* which are found later */
    multiply(&(struct multiply){c->features, c->projection, products, stride, 1, width, width, padded + n, stride,
                                width});
    add_products(products, padded, width, on_sphere, c->items, c->inverse_lengths);
    add_products(products + (int64_t)padded * width, n, width, on_sphere, c->negatives,
                 c->inverse_lengths + padded);
}

/* The gradients of composed rows x become those of rows before they were divided by their lengths. */
WV_INLINE void through_lengths(float *gradients, const float *rows, const float *inverse, int n, int width)
{
    for (int i = 0; i < n; i++, rows += width, gradients += width) {
        vec gx = vec_zero();
        for (int at = 0; at < width; at += VEC_LANES)
            gx = vec_fma(vec_load(gradients + at), vec_load(rows + at), gx);
        const vec along = vec_set(vec_sum(gx)), scale = vec_set(inverse[i]);
        for (int at = 0; at < width; at += VEC_LANES) {
            const vec across = vec_sub(vec_load(gradients + at), vec_mul(along, vec_load(rows + at)));
            vec_store(gradients + at, vec_mul(scale, across));
        }
    }
}

WV_INLINE void find_item_gradients(struct wv_contrast_scratch *c, int m, int padded, int width, int on_sphere)
{
    float *of_negatives = c->item_grads + (int64_t)padded * width;
    memset(c->item_grads + (int64_t)m * width, 0, (size_t)((padded - m) * width) * sizeof(float));
    for (int i = 0; i < m; i++)
        set_change(c->item_grads + i * width, c->positive_weights[i], c->users + i * width, 0, NULL, width);
    for (int j = 0; j < c->n; j++)
        set_change(of_negatives + (int64_t)j * width, 0, NULL, c->grad_factor,
                   c->negative_grads + (int64_t)j * width, width);
    if (on_sphere) {
        through_lengths(c->item_grads, c->items, c->inverse_lengths, m, width);
        through_lengths(of_negatives, c->negatives, c->inverse_lengths + padded, c->n, width);
    }
}

/* Changes n rows of a matrix by their gradients (n, width). */
WV_INLINE void change_parts(const struct wv_matrix *matrix, float *const *rows, const int32_t *ids,
                            const float *gradients, int n, int width, float rate)
{
    struct row_change change = {.l2 = matrix->l2, .size = matrix->size};
    for (int i = 0; i < n; i++) {
        change.gradient = gradients + (int64_t)i * width;
        change.rate = rate_of_row(matrix, ids[i], rate);
        change_row(rows[i], &change);
    }
}

WV_INLINE void change_composed_items(struct wv_worker *worker, int m, int padded, int width, float rate,
                                     int on_sphere)
{
    struct wv_contrast_scratch *c = &worker->contrast;
    const struct wv_contrast *settings = &worker->task->contrast;
    const struct wv_matrix *items = &worker->task->matrices[WV_ITEMS];
    const int stride = feature_stride(settings);
    const float *of_negatives = c->item_grads + (int64_t)padded * width;
    find_item_gradients(c, m, padded, width, on_sphere);
    multiply(&(struct multiply){c->features, c->item_grads, c->projection_grads, 1, stride, width, width, stride,
                                padded + c->n, width});
    change_parts(items, c->item_rows, c->item_ids, c->item_grads, m, width, rate);
    change_parts(items, c->negative_rows, c->negative_ids, of_negatives, c->n, width, rate);
    change_parts(&worker->task->matrices[WV_NODES], c->projection_rows, c->projection_ids, c->projection_grads,
                 settings->n_features, width, rate);
}
