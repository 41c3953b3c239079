/* The arithmetic of triplets (step_bpr.inc.h): scores and changes of their rows. In: rows, the gradient g. Out: changed rows.
 *
 *     u += r (g (p - n) - l2 u)     p += r (g u - l2 p)     n += r (-g u - l2 n)     b_p += r (g - l2 b_p)     b_n += r (-g - l2 b_n)
 *
 * AdaGrad with one sum for each row: r = rate / sqrt(G), where G is the mean over the values of the sum of their squared
 * gradients, with the current one. The squared norm of a gradient follows from dot products of the rows. Behind the values of
 * a row are the columns TRIPLET_SQUARES (G) and TRIPLET_BIAS. */

enum { TRIPLET_SQUARES, TRIPLET_BIAS };

struct triplet {
    float *user, *positive, *negative;
    float of_user, of_positive, of_negative; /* factors of the learning rate */
};

WV_INLINE float factor_of(const float *row_rate, int32_t id) { return row_rate ? row_rate[id] : 1; }

/* Pair k of a batch, with its first negative. */
WV_INLINE struct triplet triplet_of(const struct wv_task *task, const struct wv_triplet_batch *batch, int k)
{
    const float *of_items = task->matrices[WV_ITEMS].row_rate, *of_users = task->matrices[WV_USERS].row_rate;
    return (struct triplet){.user = batch->user_rows[k],
                            .positive = batch->item_rows[k],
                            .negative = batch->negative_rows[WV_GROUP * k],
                            .of_user = task->freeze_targets ? 0 : factor_of(of_users, batch->users[k]),
                            .of_positive = factor_of(of_items, batch->items[k]),
                            .of_negative = factor_of(of_items, batch->negatives[WV_GROUP * k])};
}

/* Dot products: u·p, u·n, u·u, p·p, n·n, d·d with d = p - n. The last one does not follow from the others: where p is
 * nearly n, the rounding errors of p·p - 2 p·n + n·n are larger than the result. */
enum { DOT_UP, DOT_UN, DOT_UU, DOT_PP, DOT_NN, DOT_DD };

WV_INLINE void dot_triplet(const struct triplet *t, int size, float *dots)
{
    vec sums[8];
    WV_UNROLL
    for (int k = 0; k < 8; k++)
        sums[k] = vec_zero();
    for (int at = 0; at < size; at += VEC_LANES) {
        const vec u = row_values(t->user, at, size), p = row_values(t->positive, at, size);
        const vec n = row_values(t->negative, at, size), d = vec_sub(p, n);
        sums[DOT_UP] = vec_fma(u, p, sums[DOT_UP]);
        sums[DOT_UN] = vec_fma(u, n, sums[DOT_UN]);
        sums[DOT_UU] = vec_fma(u, u, sums[DOT_UU]);
        sums[DOT_PP] = vec_fma(p, p, sums[DOT_PP]);
        sums[DOT_NN] = vec_fma(n, n, sums[DOT_NN]);
        sums[DOT_DD] = vec_fma(d, d, sums[DOT_DD]);
    }
    WV_UNROLL
    for (int k = 0; k < 8; k += VEC_SUMS)
        vec_store(dots + k, vec_sums(sums + k));
}

/* scores[j] = u · row j of a group */
WV_INLINE void score_group(const float *user, float *const *rows, int size, float *scores)
{
    vec sums[WV_GROUP];
    WV_UNROLL
    for (int j = 0; j < WV_GROUP; j++)
        sums[j] = vec_zero();
    for (int at = 0; at < size; at += VEC_LANES) {
        const vec u = row_values(user, at, size);
        WV_UNROLL
        for (int j = 0; j < WV_GROUP; j++)
            sums[j] = vec_fma(u, row_load(rows[j], at), sums[j]);
    }
    WV_UNROLL
    for (int j = 0; j < WV_GROUP; j += VEC_SUMS)
        vec_store(scores + j, vec_sums(sums + j));
}

WV_INLINE float score_row(const float *user, const float *row, int size)
{
    vec sum = vec_zero();
    for (int at = 0; at < size; at += VEC_LANES)
        sum = vec_fma(row_values(user, at, size), row_load(row, at), sum);
    return vec_sum(sum) + row_value(row, size + TRIPLET_BIAS);
}

/* The rate of a row: adds the mean square of its gradient to G. at: the column of G. Rounding errors may make a square negative. */
WV_INLINE float adagrad_rate(float *row, int at, float squared, int size, float rate)
{
    if (rate == 0)
        return 0;
    const float sum = row_value(row, at) + fmaxf(squared, 0) / (float)size;
    row_set_value(row, at, sum);
    return rate / sqrtf(sum > 1e-30f ? sum : 1e-30f);
}

WV_INLINE void train_bias(float *row, int at, float gradient, float rate, float l2)
{
    const float bias = row_value(row, at);
    row_set_value(row, at, bias + rate * (gradient - l2 * bias));
}

/* Moves the three rows along the gradient g. */
WV_INLINE void update_triplet(const struct wv_task *task, const struct triplet *t, const float *dots, float g,
                              float rate, int size)
{
    const float l2 = task->matrices[WV_ITEMS].l2, l2_user = task->matrices[WV_USERS].l2;
    const int bias = size + TRIPLET_BIAS, squares = size + TRIPLET_SQUARES;
    const float of_user =
        g * g * dots[DOT_DD] - l2_user * (2 * g * (dots[DOT_UP] - dots[DOT_UN]) - l2_user * dots[DOT_UU]);
    const float of_positive = g * g * dots[DOT_UU] - l2 * (2 * g * dots[DOT_UP] - l2 * dots[DOT_PP]);
    const float of_negative = g * g * dots[DOT_UU] + l2 * (2 * g * dots[DOT_UN] + l2 * dots[DOT_NN]);
    const float r_user = adagrad_rate(t->user, squares, of_user, size, rate * t->of_user);
    const float r_positive = adagrad_rate(t->positive, squares, of_positive, size, rate * t->of_positive);
    const float r_negative = adagrad_rate(t->negative, squares, of_negative, size, rate * t->of_negative);
    if (task->triplets.has_bias) {
        train_bias(t->positive, bias, g, r_positive, l2);
        train_bias(t->negative, bias, -g, r_negative, l2);
    }
    for (int at = 0; at < size; at += VEC_LANES) {
        const vec u = row_values(t->user, at, size), p = row_values(t->positive, at, size);
        const vec n = row_values(t->negative, at, size);
        const vec of_u = vec_fma(vec_set(g), vec_sub(p, n), vec_mul(vec_set(-l2_user), u));
        const vec of_p = vec_fma(vec_set(g), u, vec_mul(vec_set(-l2), p));
        const vec of_n = vec_fma(vec_set(-g), u, vec_mul(vec_set(-l2), n));
        row_add(t->user, at, vec_mul(vec_set(r_user), of_u));
        row_add(t->positive, at, vec_mul(vec_set(r_positive), of_p));
        row_add(t->negative, at, vec_mul(vec_set(r_negative), of_n));
    }
}
