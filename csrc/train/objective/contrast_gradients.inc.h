/* Gradients of the rows of users and of negatives. In: weights (n, m) of negatives, rows. Out: user_grads (m, width), negative_grads
 * (n, width), which are to be multiplied by grad_factor. */

typedef void contrast_gradients(const struct wv_contrast *settings, struct wv_contrast_scratch *c, int m,
                                int width);

/* All weights are used: two products of matrices. */
WV_INLINE void gradients_of_weights(const struct wv_contrast *settings, struct wv_contrast_scratch *c, int m,
                                    int width)
{
    const int n = (c->n + MULTIPLY_ROWS - 1) / MULTIPLY_ROWS * MULTIPLY_ROWS;
    (void)settings;
    c->grad_factor = 1;
    memset(c->scores + (int64_t)c->n * m, 0, (size_t)((n - c->n) * m) * sizeof *c->scores);
    multiply(&(struct multiply){c->scores, c->negatives, c->user_grads, 1, m, width, width, m, c->n, width});
    multiply(&(struct multiply){c->scores, c->users, c->negative_grads, m, 1, width, width, n, m, width});
}

/* Pair i with negative j. */
WV_INLINE void add_gradients(struct wv_contrast_scratch *c, int i, int j, int width)
{
    const float *user = c->users + i * width, *negative = c->negatives + j * width;
    float *user_grad = c->user_grads + i * width, *negative_grad = c->negative_grads + j * width;
    for (int at = 0; at < width; at += VEC_LANES) {
        vec_store(user_grad + at, vec_add(vec_load(user_grad + at), vec_load(negative + at)));
        vec_store(negative_grad + at, vec_add(vec_load(negative_grad + at), vec_load(user + at)));
    }
}

/* Weights are equal where the score is above the margin, else 0. Few scores are, so the others are skipped. */
WV_INLINE void gradients_of_hinge(const struct wv_contrast *settings, struct wv_contrast_scratch *c, int m,
                                  int width)
{
    const vec margin = vec_set(settings->margin);
    c->grad_factor = settings->weight / (float)(c->n ? c->n : 1);
    memset(c->user_grads, 0, (size_t)(m * width) * sizeof *c->user_grads);
    memset(c->negative_grads, 0, (size_t)(c->n * width) * sizeof *c->negative_grads);
    for (int j = 0; j < c->n; j++) {
        for (int at = 0; at < m; at += VEC_LANES) {
            unsigned above = vec_greater(vec_load(c->scores + (int64_t)j * m + at), margin);
            for (; above; above &= above - 1)
                add_gradients(c, at + wv_lowest_bit(above), j, width);
        }
    }
}
