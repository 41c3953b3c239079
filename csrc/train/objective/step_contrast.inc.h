/* Pairs of users and items that share their negatives. In: units, each one pair. Out: trained rows, the loss.
 *
 * A block is m pairs and n items, the negatives of all m pairs. With rows U (m, d) of users, P (m, d) of items, N (n, d) of negatives:
 *     scores S = N Uᵀ (n, m), s = U·P;  the loss gives weights W (n, m) of negatives and a (m) of positives;
 *     steps of users: a P - Wᵀ N, of positives: a U, of negatives: -W U, each from the values before the block.
 * Rows are changed one after the other, so a row that occurs twice in a block is changed twice. */

WV_INLINE void score_positives(struct wv_contrast_scratch *c, int m, int width)
{
    for (int i = 0; i < m; i++) {
        vec sum = vec_zero();
        for (int at = 0; at < width; at += VEC_LANES)
            sum = vec_fma(vec_load(c->users + i * width + at), vec_load(c->items + i * width + at), sum);
        c->positive[i] = vec_sum(sum);
    }
}

WV_APART void turn_users(struct wv_contrast_scratch *c, int m, int width)
{
    for (int i = 0; i < m; i++) {
        for (int k = 0; k < width; k++)
            c->users_across[k * m + i] = c->users[i * width + k];
    }
}

WV_INLINE void change_users(struct wv_worker *worker, int m, int width, float rate, int on_sphere)
{
    struct wv_contrast_scratch *c = &worker->contrast;
    const struct wv_matrix *users = &worker->task->matrices[WV_USERS];
    struct row_change change = {
        .gradient = c->change, .l2 = users->l2, .size = users->size, .on_sphere = on_sphere};
    for (int i = 0; i < m; i++) {
        set_change(c->change, c->positive_weights[i], c->items + i * width, c->grad_factor,
                   c->user_grads + i * width, width);
        change.rate = rate_of_row(users, c->user_ids[i], rate);
        change_row(c->user_rows[i], &change);
    }
}

WV_INLINE void change_items(struct wv_worker *worker, int m, int width, float rate, int on_sphere)
{
    struct wv_contrast_scratch *c = &worker->contrast;
    const struct wv_matrix *items = &worker->task->matrices[WV_ITEMS];
    struct row_change change = {
        .gradient = c->change, .l2 = items->l2, .size = items->size, .on_sphere = on_sphere};
    for (int i = 0; i < m; i++) {
        set_change(c->change, c->positive_weights[i], c->users + i * width, 0, NULL, width);
        change.rate = rate_of_row(items, c->item_ids[i], rate);
        change_row(c->item_rows[i], &change);
    }
    for (int j = 0; j < c->n; j++) {
        set_change(c->change, 0, NULL, c->grad_factor, c->negative_grads + j * width, width);
        change.rate = rate_of_row(items, c->negative_ids[j], rate);
        change_row(c->negative_rows[j], &change);
    }
}

/* Rows of users and negatives to scores, gradients and the loss of m pairs. */
WV_INLINE double find_gradients(struct wv_worker *worker, int m, int width, contrast_loss *loss,
                                contrast_gradients *gradients)
{
    const struct wv_contrast *settings = &worker->task->contrast;
    struct wv_contrast_scratch *c = &worker->contrast;
    const int padded = (m + WV_PAD - 1) / WV_PAD * WV_PAD;
    const int n = (c->n + MULTIPLY_ROWS - 1) / MULTIPLY_ROWS * MULTIPLY_ROWS;
    double sum = 0;
    turn_users(c, padded, width);
    multiply(
        &(struct multiply){c->negatives, c->users_across, c->scores, width, 1, padded, padded, n, width, padded});
    exclude_own_items(worker, m, padded);
    loss(settings, c, padded);
    for (int i = 0; i < m; i++)
        sum += (double)c->sums[i];
    gradients(settings, c, padded, width);
    return sum;
}

/* Trains the units first … last at `rate`; returns their loss. A stop takes effect between blocks. */
WV_INLINE double train_contrast(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                                int64_t *examples, contrast_loss *loss, contrast_gradients *gradients,
                                int on_sphere)
{
    const struct wv_task *task = worker->task;
    struct wv_contrast_scratch *c = &worker->contrast;
    const struct pair_order order = pair_order_of(worker);
    const int width = (task->matrices[WV_ITEMS].size + VEC_LANES - 1) / VEC_LANES * VEC_LANES;
    const int64_t block = task->contrast.block;
    const int composed = task->contrast.n_features > 0;
    double sum = 0;
    for (int64_t at = first; at < last && !WV_LOAD_RELAXED(&task->stop); at += block) {
        const int m = (int)(last - at < block ? last - at : block);
        const int padded = (m + WV_PAD - 1) / WV_PAD * WV_PAD;
        choose_shared_negatives(worker, key, (uint64_t)((at - first) / block));
        choose_pairs(worker, &order, at, m);
        gather_rows(&worker->views[WV_USERS], c->user_rows, m, padded, width, on_sphere, c->users);
        gather_rows(&worker->views[WV_ITEMS], c->item_rows, m, padded, width, on_sphere && !composed, c->items);
        gather_rows(&worker->views[WV_ITEMS], c->negative_rows, c->n, c->n + MULTIPLY_ROWS, width,
                    on_sphere && !composed, c->negatives);
        if (composed)
            compose_items(worker, m, padded, width, on_sphere);
        score_positives(c, padded, width);
        sum += find_gradients(worker, m, width, loss, gradients);
        if (rate > 0)
            change_users(worker, m, width, rate, on_sphere);
        if (rate > 0 && composed)
            change_composed_items(worker, m, padded, width, rate, on_sphere);
        else if (rate > 0)
            change_items(worker, m, width, rate, on_sphere);
        *examples += m;
    }
    return sum;
}

#define TRAIN_CONTRAST(name, loss, gradients, on_sphere)                                                           \
    static double train_##name(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,    \
                               int64_t *examples)                                                                  \
    {                                                                                                              \
        return train_contrast(worker, first, last, key, rate, examples, loss, gradients, on_sphere);               \
    }
TRAIN_CONTRAST(ccl, loss_ccl, gradients_of_hinge, 1)
TRAIN_CONTRAST(bsl, loss_bsl, gradients_of_weights, 1)
TRAIN_CONTRAST(bpr_shared, loss_bpr_shared, gradients_of_weights, 0)
#undef TRAIN_CONTRAST
