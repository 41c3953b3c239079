/* Matrix factorisation trained on triplets: user u, an item p that the user has, a negative n (triplets.inc.h). In: units, each one
 * pair (u, p). Out: trained rows, the loss. With z = u·p + b_p - u·n - b_n, the loss and its gradient g along -z are
 *
 *     bpr     log(1 + e^-z)             g = 1 / (1 + e^z)          (Rendle, Freudenthaler, Gantner, Schmidt-Thieme 2009)
 *     warp    w max(0, margin - z)      g = w if z < margin        (Weston, Bengio, Usunier 2011)
 *
 * bpr draws `candidates` negatives and trains the one with the highest score. warp draws until the loss of one is above 0,
 * at most `candidates` times. From the number of draws it estimates the rank of p: w = log(1 + (items - 1) / draws) / log(items). */

/* Sets the negative of pair k that is trained: the one with the highest score, in warp the first one with a loss. Returns its number
 * among the draws, from 1; 0: none has a loss, or training stops. */
static int choose_negative(struct wv_worker *worker, struct wv_triplet_batch *batch, int k, struct triplet *t,
                           int size, int is_warp)
{
    const struct wv_task *task = worker->task;
    const float *row_rate = task->matrices[WV_ITEMS].row_rate;
    float *const *rows = batch->negative_rows + WV_GROUP * k;
    float scores[WV_GROUP + WV_PAD];
    float highest = is_warp ? score_row(t->user, t->positive, size) - task->triplets.margin : -INFINITY;
    const int most = task->triplets.candidates;
    int n = batch->n_negatives[k], chosen = 0;
    for (int done = 0; n; n = done < most ? make_next_group(worker, batch, k, done) : 0) {
        if (WV_LOAD_RELAXED(&task->stop))
            return 0;
        score_group(t->user, rows, size, scores);
        for (int j = 0; j < n; j++) {
            const float score = scores[j] + row_value(rows[j], size + TRIPLET_BIAS);
            if (score <= highest)
                continue;
            highest = score;
            chosen = done + j + 1;
            t->negative = rows[j];
            t->of_negative = factor_of(row_rate, batch->negatives[WV_GROUP * k + j]);
            if (is_warp)
                return chosen;
        }
        done += n;
    }
    return chosen;
}

/* Ones in the first n lanes, zeros in the others. */
WV_INLINE vec first_lanes(int n)
{
    static const float ones_and_zeros[2 * WV_PAD] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    return vec_load(ones_and_zeros + WV_PAD - n);
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

/* Adds the loss of a pair whose negative was found by the n-th draw; returns its weight. */
WV_INLINE float warp_gradient(struct wv_worker *worker, float z, int n)
{
    const int64_t n_items = worker->task->matrices[WV_ITEMS].n;
    float of_rank[VEC_LANES], of_items[VEC_LANES];
    vec_store(of_rank, vec_log(vec_set((float)(1 + (n_items - 1) / n))));
    vec_store(of_items, vec_log(vec_set((float)n_items))); /* above 0: the user lacks an item and has another */
    const float weight = of_rank[0] / of_items[0];
    worker->loss.sum += (double)(weight * (worker->task->triplets.margin - z));
    return weight;
}

/* Trains pair k of a batch. is_warp is a constant of the caller. */
WV_INLINE void train_pair(struct wv_worker *worker, struct wv_triplet_batch *batch, int k, float rate, int size,
                          int is_warp)
{
    const struct wv_task *task = worker->task;
    struct triplet t = triplet_of(task, batch, k);
    const int n_drawn =
        is_warp || task->triplets.candidates > 1 ? choose_negative(worker, batch, k, &t, size, is_warp) : 1;
    float dots[8 + WV_PAD];
    if (!n_drawn)
        return;
    dot_triplet(&t, size, dots);
    const int bias = size + TRIPLET_BIAS;
    const float z = dots[DOT_UP] + row_value(t.positive, bias) - dots[DOT_UN] - row_value(t.negative, bias);
    const float g = is_warp ? warp_gradient(worker, z, n_drawn) : bpr_gradient(&worker->loss, z);
    if (rate > 0)
        update_triplet(task, &t, dots, g, rate, size);
}

/* Trains a batch and prefetches the rows of the next one. Returns the number of its pairs that have a negative. */
WV_INLINE int train_batch(struct wv_worker *worker, struct wv_triplet_batch *batch,
                          const struct wv_triplet_batch *next, float rate, int is_warp)
{
    const struct wv_task *task = worker->task;
    const int size = task->matrices[WV_ITEMS].size;
    int n_trained = 0;
    for (int k = 0; k < batch->n && !WV_LOAD_RELAXED(&task->stop); k++) {
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
    struct wv_triplet_batch *later = &worker->triplets[2];
    worker->loss.sum = 0;
    worker->rate = rate;
    batch->n = next->n = 0;
    while ((first < last || next->n || batch->n) && !WV_LOAD_RELAXED(&task->stop)) {
        const int n_later = last - first < WV_TRIPLETS ? (int)(last - first) : WV_TRIPLETS;
        read_pairs(task, &order, first, n_later, key, later);
        first += n_later;
        draw_triplets(worker, next);
        const int n_trained = train_batch(worker, batch, next, rate, is_warp);
        *examples += n_trained;
        worker->n_trained += n_trained;
        if (worker->n_private && worker->n_trained - worker->merged_at[0] >= task->merge_every)
            merge_hottest(worker);
        struct wv_triplet_batch *const trained = batch;
        batch = next;
        next = later;
        later = trained;
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
