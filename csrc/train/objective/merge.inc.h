/* Merging private copies of rows. In: the views of one worker, or of all workers at the end of a round. Out: shared rows
 * with the changes that were made in the copies.
 *
 * Workers that all move a row towards the same point overshoot it together. So a merged change is scaled. Each use of a
 * row moves it by a part of the remaining distance: rate * curvature, which depends on the matrix and the objective.
 * n uses one after the other move it as far as n / (1 + rate * curvature * n) uses without this damping. */

WV_INLINE float effective_steps(int32_t n, float damping) { return (float)n / (1 + damping * (float)n); }

/* Merges row i from all workers that have a copy (workers[0] has one), and removes the copies. The sum of their changes
 * is scaled by the effective steps of all their uses together, over the sum of the effective steps of each. */
static void row_merge(struct wv_worker *const *workers, int n_workers, int matrix, int32_t i, float damping)
{
    const int64_t stride = workers[0]->views[matrix].stride;
    const int64_t width = workers[0]->views[matrix].matrix->width;
    float *shared = workers[0]->views[matrix].shared + i * stride;
    float *sum = NULL, steps = 0;
    int32_t uses = 0;
    for (int w = 0; w < n_workers; w++) {
        struct wv_rows *view = &workers[w]->views[matrix];
        const int32_t copy = view->copy_of[i] - 1;
        if (copy < 0)
            continue;
        float *row = view->copies + copy * stride;
        for (int at = 0; sum && at < stride; at += VEC_LANES)
            row_add(sum, at, vec_sub(row_load(row, at), row_load(shared, at)));
        sum = sum ? sum : row;
        uses += view->uses[copy];
        steps += effective_steps(view->uses[copy], damping);
        view->copy_of[i] = 0;
    }
    const float scale = effective_steps(uses, damping) / steps;
    for (int at = 0; at < stride; at += VEC_LANES) { /* sums of squares, behind the values, are not scaled */
        const vec factor = vec_set(at < width ? scale : 1);
        row_add(shared, at, vec_mul(factor, vec_sub(row_load(sum, at), row_load(shared, at))));
    }
}

/* Which of n_parts threads merges row i. Parts consist of whole cache lines of the tables. */
WV_INLINE int row_is_in_part(int part, int n_parts, int32_t i) { return i / 16 % n_parts == part; }

/* The rows of one matrix that thread `part` merges. */
static void rows_merge_round(struct wv_worker *const *workers, int n_workers, int matrix, int part, int n_parts,
                             float rate)
{
    const float damping = rate * workers[0]->task->matrices[matrix].curvature;
    for (int w = 0; w < n_workers; w++) {
        const struct wv_rows *view = &workers[w]->views[matrix];
        for (int32_t copy = 0; copy < view->n_copied; copy++) {
            const int32_t i = view->copied[copy], later = copy + 2 * WV_AHEAD;
            if (later < view->n_copied && row_is_in_part(part, n_parts, view->copied[later])) {
                for (int at = 0; at < view->stride; at += WV_PAD) {
                    WV_PREFETCH_TO_WRITE(view->shared + view->copied[later] * view->stride + at);
                    WV_PREFETCH_TO_WRITE(view->copies + later * view->stride + at);
                }
            }
            if (row_is_in_part(part, n_parts, i) && view->copy_of[i])
                row_merge(workers + w, n_workers - w, matrix, i, damping);
        }
    }
}

WV_INLINE float *shared_row_of_slot(const struct wv_rows *view, int64_t slot)
{
    const int32_t *ids = view->matrix->private_ids;
    return view->shared + (ids ? ids[slot] : slot) * view->stride;
}

/* Merges the private rows of the slots first … last: adds the worker's changes to the shared rows, and takes over the changes
 * of other workers. A change by n uses is scaled by effective_steps(others * n) / (others * effective_steps(n)), which is
 * (1 + d * n) / (1 + d * n * others). damping: d per use of an example, rate * curvature * examples since the last merge.
 * Shared rows, whose cache lines come from other cores, are prefetched up to slot `end`. */
static void rows_merge(const struct wv_rows *view, int64_t first, int64_t last, int64_t end, float damping,
                       float others)
{
    if (!view->n_private) /* also where the objective has no such matrix */
        return;
    const int64_t stride = view->stride, width = view->matrix->width;
    const int64_t ahead = 1 + 24 * WV_PAD / stride; /* slots */
    last = last < view->n_private ? last : view->n_private;
    end = end < view->n_private ? end : view->n_private;
    for (int64_t slot = first; slot < last; slot++) {
        const float used = damping * view->matrix->uses[slot];
        const float scale = (1 + used) / (1 + used * others); /* 1 where the row is not used */
        float *shared = shared_row_of_slot(view, slot);
        float *copy = view->copies + slot * stride, *base = view->base + slot * stride;
        const float *later = slot + ahead < end ? shared_row_of_slot(view, slot + ahead) : NULL;
        for (int64_t at = 0; at < stride; at += VEC_LANES) {
            if (later && at % WV_PAD == 0)
                WV_PREFETCH_TO_WRITE(later + at);
            const vec delta = vec_sub(row_load(copy + at, 0), row_load(base + at, 0));
            const vec factor = vec_set(at < width ? scale : 1); /* sums of squares are not scaled */
            const vec merged = vec_fma(factor, delta, row_load(shared + at, 0));
            row_store(shared + at, 0, merged);
            row_store(copy + at, 0, merged);
            row_store(base + at, 0, merged);
        }
    }
}

/* How many other workers change the same rows, for the scale of changes; for skip-gram two at least: with two workers, unscaled
 * changes move frequent rows too far, which costs SimLex and rare words. CBOW loses quality by that scale. */
static float count_others(const struct wv_task *task)
{
    if (task->n_workers == 2 && wv_make_of(task->objective) == WV_make_skipgram)
        return 2;
    return task->n_workers > 1 ? (float)(task->n_workers - 1) : 1;
}

/* Merges the tiers of private rows that begin before slot n_slots. */
static void merge(struct wv_worker *worker, int64_t n_slots)
{
    const struct wv_task *task = worker->task;
    const float others = count_others(task);
    int64_t first = 0, last = task->n_hottest;
    for (int tier = 0; first < n_slots && first < worker->n_private; tier++, first = last, last *= 2) {
        const float examples = (float)(worker->n_trained - worker->merged_at[tier]);
        worker->merged_at[tier] = worker->n_trained;
        for (int m = 0; m < task->n_matrices; m++)
            rows_merge(&worker->views[m], first, last, n_slots,
                       examples * worker->rate * task->matrices[m].curvature, others);
    }
}

/* Where private rows are many, row i has at most some constant / i of all uses. So rarer rows are merged less often: merge k
 * includes the first n_hottest slots, twice as many if k is even, four times as many if k is a multiple of 4, and so on. */
WV_INLINE void merge_hottest(struct wv_worker *worker)
{
    const int64_t k = ++worker->n_merges;
    merge(worker, worker->task->n_hottest * (k & -k));
}

static void merge_round(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate)
{
    for (int m = 0; m < workers[0]->task->n_matrices; m++)
        rows_merge_round(workers, n_workers, m, part, n_parts, rate);
}
