/* Matrix factorisation trained on triplets: user u, an item p that the user has, a negative n (triplets.inc.h). In: units, each one
 * pair (u, p). Out: trained rows, the loss. With z = u·p + b_p - u·n - b_n, the loss and its gradient g along -z are
 *
 *     bpr     log(1 + e^-z)             g = 1 / (1 + e^z)          (Rendle, Freudenthaler, Gantner, Schmidt-Thieme 2009)
 *     warp    w max(0, margin - z)      g = w if z < margin        (Weston, Bengio, Usunier 2011)
 *
 * bpr draws `candidates` negatives and trains the one with the highest score. warp draws until the loss of one is above 0,
 * at most `candidates` times. From the number of draws it estimates the rank of p: w = log(1 + (items - 1) / draws) / log(items).
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

/* Dot products: u·p, u·n, u·u, p·p, n·n, p·n. */
enum { DOT_UP, DOT_UN, DOT_UU, DOT_PP, DOT_NN, DOT_PN };

/* Ones in the first n lanes, zeros in the others. */
WV_INLINE vec first_lanes(int n)
{
    static const float ones_and_zeros[2 * WV_PAD] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    return vec_load(ones_and_zeros + WV_PAD - n);
}

WV_INLINE void dot_triplet(const struct triplet *t, int size, float *dots)
{
    vec sums[8];
    WV_UNROLL
    for (int k = 0; k < 8; k++)
        sums[k] = vec_zero();
    for (int at = 0; at < size; at += VEC_LANES) {
        const vec u = row_values(t->user, at, size), p = row_values(t->positive, at, size);
        const vec n = row_values(t->negative, at, size);
        sums[DOT_UP] = vec_fma(u, p, sums[DOT_UP]);
        sums[DOT_UN] = vec_fma(u, n, sums[DOT_UN]);
        sums[DOT_UU] = vec_fma(u, u, sums[DOT_UU]);
        sums[DOT_PP] = vec_fma(p, p, sums[DOT_PP]);
        sums[DOT_NN] = vec_fma(n, n, sums[DOT_NN]);
        sums[DOT_PN] = vec_fma(p, n, sums[DOT_PN]);
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

/* Sets t->negative to the one of pair k that is trained; returns its number among the draws, from 1; 0: none is.
 * bound: warp: the lowest score with a loss. */
static int choose_negative(struct wv_worker *worker, struct wv_triplet_batch *batch, int k, struct triplet *t,
                           int size, int is_warp, float bound)
{
    const struct wv_task *task = worker->task;
    const float *row_rate = task->matrices[WV_ITEMS].row_rate;
    float scores[WV_GROUP + WV_PAD], highest = -INFINITY;
    int n = batch->n_negatives[k], chosen = 0;
    for (int done = 0; n > 0; n = done < task->triplets.candidates ? make_next_group(worker, batch, k, done) : 0) {
        float *const *rows = batch->negative_rows + WV_GROUP * k;
        score_group(t->user, rows, size, scores);
        for (int j = 0; j < n; j++) {
            const float score = scores[j] + row_value(rows[j], size + TRIPLET_BIAS);
            if (is_warp ? score <= bound : score <= highest)
                continue;
            highest = score;
            chosen = done + j + 1;
            t->negative = rows[j];
            t->of_negative = row_rate ? row_rate[batch->negatives[WV_GROUP * k + j]] : 1;
            if (is_warp)
                return chosen;
        }
        done += n;
    }
    return chosen;
}

/* The rate of a row: adds the mean square of its gradient to G. at: the column of G. */
WV_INLINE float adagrad_rate(float *row, int at, float squared, int size, float rate)
{
    if (rate == 0)
        return 0;
    const float sum = row_value(row, at) + squared / (float)size;
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
        g * g * (dots[DOT_PP] - 2 * dots[DOT_PN] + dots[DOT_NN]) -
        l2_user * (2 * g * (dots[DOT_UP] - dots[DOT_UN]) - l2_user * dots[DOT_UU]);
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

/* Adds log(1 + e^-z) to the loss; returns the gradient. */
WV_INLINE float bpr_gradient(struct wv_loss *loss, float z)
{
    float e_of_z[VEC_LANES];
    const vec e = vec_exp(vec_set(-z));
    vec_store(e_of_z, e);
    if (z < -40) /* does not fit into the product */
        loss->sum -= (double)z;
    else
        multiply_loss(loss, vec_fma(e, first_lanes(1), vec_set(1)));
    return e_of_z[0] / (1 + e_of_z[0]);
}

/* The weight of a pair whose violating negative was found by the n-th draw: its estimated rank, on a logarithmic scale. */
WV_INLINE float warp_weight(int64_t n_items, int n)
{
    float log_ranks[VEC_LANES + 1];
    const int64_t rank = (n_items - 1) / n;
    vec_store(log_ranks, vec_log(vec_set((float)(rank + 1))));
    const float log_rank = log_ranks[0];
    vec_store(log_ranks, vec_log(vec_set((float)n_items)));
    return n_items > 1 ? log_rank / log_ranks[0] : 0;
}

/* Trains pair k of a batch. is_warp is a constant of the caller. */
WV_INLINE void train_pair(struct wv_worker *worker, struct wv_triplet_batch *batch, int k, float rate, int size,
                          int is_warp)
{
    const struct wv_task *task = worker->task;
    const float *of_items = task->matrices[WV_ITEMS].row_rate, *of_users = task->matrices[WV_USERS].row_rate;
    const int bias = size + TRIPLET_BIAS;
    struct triplet t = {.user = batch->user_rows[k], .positive = batch->item_rows[k]};
    float dots[8 + WV_PAD];
    int n_draws = 1;
    t.of_user = task->freeze_targets ? 0 : of_users ? of_users[batch->users[k]] : 1;
    t.of_positive = of_items ? of_items[batch->items[k]] : 1;
    t.negative = batch->negative_rows[WV_GROUP * k];
    t.of_negative = of_items ? of_items[batch->negatives[WV_GROUP * k]] : 1;
    if (is_warp) {
        dot_triplet(&t, size, dots);
        const float bound = dots[DOT_UP] + row_value(t.positive, bias) - task->triplets.margin;
        n_draws = choose_negative(worker, batch, k, &t, size, 1, bound);
        if (!n_draws)
            return;
    } else if (task->triplets.candidates > 1) {
        choose_negative(worker, batch, k, &t, size, 0, 0);
    }
    dot_triplet(&t, size, dots);
    const float z = dots[DOT_UP] + row_value(t.positive, bias) - dots[DOT_UN] - row_value(t.negative, bias);
    float g;
    if (is_warp) {
        g = warp_weight(task->matrices[WV_ITEMS].n, n_draws);
        worker->loss.sum += (double)(g * (task->triplets.margin - z));
    } else {
        g = bpr_gradient(&worker->loss, z);
    }
    if (rate > 0)
        update_triplet(task, &t, dots, g, rate, size);
}

/* Trains a batch and prefetches the rows of the next one. Returns the number of its pairs that have a negative. */
WV_INLINE int train_batch(struct wv_worker *worker, struct wv_triplet_batch *batch,
                          const struct wv_triplet_batch *next, float rate, int is_warp)
{
    const int size = worker->task->matrices[WV_ITEMS].size;
    int n_trained = 0;
    for (int k = 0; k < batch->n; k++) {
        prefetch_triplet(worker, next, k);
        if (!batch->n_negatives[k])
            continue;
        train_pair(worker, batch, k, rate, size, is_warp);
        n_trained++;
    }
    return n_trained;
}

WV_INLINE double train_triplets(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                                int64_t *examples, int is_warp)
{
    const struct wv_task *task = worker->task;
    const struct pair_order order = pair_order_of(worker);
    struct wv_triplet_batch *batch = &worker->triplets[0], *next = &worker->triplets[1];
    worker->loss.sum = 0;
    worker->rate = rate;
    batch->n = 0;
    while ((first < last || batch->n) && !WV_LOAD_RELAXED(&task->stop)) {
        const int n_next = last - first < WV_TRIPLETS ? (int)(last - first) : WV_TRIPLETS;
        make_triplets(worker, &order, first, n_next, key, next);
        first += n_next;
        const int n_trained = train_batch(worker, batch, next, rate, is_warp);
        *examples += n_trained;
        worker->n_trained += n_trained;
        if (worker->n_private && worker->n_trained - worker->merged_at[0] >= task->merge_every)
            merge_hottest(worker);
        struct wv_triplet_batch *const trained = batch;
        batch = next;
        next = trained;
    }
    add_product_to_sum(&worker->loss);
    return worker->loss.sum;
}

static double train_bpr(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                        int64_t *examples)
{
    return train_triplets(worker, first, last, key, rate, examples, 0);
}

static double train_warp(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                         int64_t *examples)
{
    return train_triplets(worker, first, last, key, rate, examples, 1);
}
