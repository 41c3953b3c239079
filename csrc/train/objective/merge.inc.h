/* How private copies of rows come back. In: views of one worker, or of all at the end of a round. Out: shared rows with
 * what was changed in the copies. What a row is read and changed by is not here (see rows). */

/* What a use of a row takes, times the rate, from the way that the row has to go. Measured in rounds: among smaller
 * figures 32 workers diverge, with larger ones frequent rows learn too slowly. A use is a centre, a noise word, or a
 * context word with all its centres; its pairs are counted as if windows were shrunk. In CBOW the rows of a context move
 * as one. */
static float use_pull(const struct wv_task *task, int matrix)
{
    static const float of_pair[WV_N_MATRICES] = {[WV_INPUT] = 0.14f, [WV_OUTPUT] = 0.33f, [WV_NODES] = 0.33f};
    const int n_contexts = task->objective == WV_CBOW ? 1 : task->window + 1;
    const int n_targets = (task->negative ? 1 + task->negative : 0) + task->max_path / 2;
    return of_pair[matrix] * (float)(matrix == WV_INPUT ? n_contexts * n_targets : n_contexts);
}

/* How far n uses carry a row, in uses, where each goes a part of the way that those before left. */
WV_INLINE float row_reach(int32_t n, float pull) { return (float)n / (1 + pull * (float)n); }

/* Takes the copies of row i out of all workers, of which the first has one, and adds what they changed. Workers that all
 * move a row towards the same place would overshoot it together; so where there are several, their sum is scaled by how
 * far all their uses carry a row one after the other, over how far the uses of each do. */
static void row_merge(struct wv_worker *const *workers, int n_workers, int matrix, int32_t i, float pull)
{
    const int64_t stride = workers[0]->task->dim;
    float *shared = workers[0]->matrices[matrix].shared + i * stride;
    float *sum = NULL, reach = 0;
    int32_t uses = 0;
    for (int w = 0; w < n_workers; w++) {
        struct wv_rows *view = &workers[w]->matrices[matrix];
        const int32_t copy = view->copy_of[i] - 1;
        if (copy < 0)
            continue;
        float *row = view->copies + copy * stride;
        for (int at = 0; sum && at < stride; at += VEC_LANES)
            row_add(sum, at, vec_sub(row_load(row, at), row_load(shared, at)));
        sum = sum ? sum : row;
        uses += view->uses[copy];
        reach += row_reach(view->uses[copy], pull);
        view->copy_of[i] = 0;
    }
    const vec scale = vec_set(row_reach(uses, pull) / reach);
    for (int at = 0; at < stride; at += VEC_LANES)
        row_add(shared, at, vec_mul(scale, vec_sub(row_load(sum, at), row_load(shared, at))));
}

/* Parts are made of cache lines of the tables. */
WV_INLINE int row_is_of(int part, int n_parts, int32_t i) { return i / 16 % n_parts == part; }

/* The rows of one matrix that thread `part` merges. */
static void rows_merge_round(struct wv_worker *const *workers, int n_workers, int matrix, int part, int n_parts,
                             float rate)
{
    const float pull = rate * use_pull(workers[0]->task, matrix);
    for (int w = 0; w < n_workers; w++) {
        const struct wv_rows *view = &workers[w]->matrices[matrix];
        for (int32_t copy = 0; copy < view->n_copied; copy++) {
            const int32_t i = view->copied[copy], later = copy + 2 * WV_AHEAD;
            if (later < view->n_copied && row_is_of(part, n_parts, view->copied[later])) {
                for (int at = 0; at < view->stride; at += WV_PAD) {
                    WV_PREFETCH_TO_WRITE(view->shared + view->copied[later] * view->stride + at);
                    WV_PREFETCH_TO_WRITE(view->copies + later * view->stride + at);
                }
            }
            if (row_is_of(part, n_parts, i) && view->copy_of[i])
                row_merge(workers + w, n_workers - w, matrix, i, pull);
        }
    }
}

/* Adds what the worker changed in its hot rows first … last to the shared ones, and takes over what the others changed.
 * Workers that all move a row towards the same place overshoot it together: from three on they diverge. So a change is
 * scaled by how far `others` times its uses carry a row one after the other, over how far side by side. pull: that of all
 * centres since the last merge. Shared lines, which come from other cores, are asked for before they are needed, up to
 * row `end`. */
static void rows_merge(const struct wv_rows *view, const float *uses, int64_t first, int64_t last, int64_t end,
                       float pull, float others)
{
    enum { EARLIER = 24 * WV_PAD };
    last = last < view->n_private ? last : view->n_private;
    end = end < view->n_private ? end : view->n_private;
    for (int64_t i = first; i < last; i++) {
        /* row_reach(others · n) / (others · row_reach(n)), and 1 where there are no uses */
        const vec scale = vec_set((1 + pull * uses[i]) / (1 + pull * uses[i] * others));
        for (int64_t at = i * view->stride; at < (i + 1) * view->stride; at += VEC_LANES) {
            if (at % WV_PAD == 0 && at + EARLIER < end * view->stride)
                WV_PREFETCH_TO_WRITE(view->shared + at + EARLIER);
            const vec delta = vec_sub(row_load(view->copies + at, 0), row_load(view->base + at, 0));
            const vec merged = vec_fma(scale, delta, row_load(view->shared + at, 0));
            row_store(view->shared + at, 0, merged);
            row_store(view->copies + at, 0, merged);
            row_store(view->base + at, 0, merged);
        }
    }
}

/* Merges the octaves of hot rows that begin before n_rows. All workers but one count as others: with two, whose changes are
 * added up as they are, frequent rows go further than with one, and quality gains. */
static void merge(struct wv_worker *worker, int64_t n_rows)
{
    const struct wv_task *task = worker->task;
    int64_t first = 0, last = task->n_hottest;
    for (int k = 0; first < n_rows && first < task->n_hot; k++, first = last, last *= 2) {
        const float centres = (float)(worker->n_centres - worker->merged_at[k]);
        const float others = (float)(task->n_workers > 1 ? task->n_workers - 1 : 1);
        worker->merged_at[k] = worker->n_centres;
        for (int m = 0; m < WV_N_MATRICES; m++)
            rows_merge(&worker->matrices[m], task->hot_uses + (int64_t)m * task->n_hot, first, last, n_rows,
                       centres * worker->rate * use_pull(task, m), others);
    }
}

/* Where private rows are many, row i takes at most some constant / i of all uses. So the rarer a row, the rarer its
 * merges: merge k takes the first n_hottest rows, twice as many if k is even, four times as many if k is a multiple
 * of 4, and so on. */
WV_INLINE void merge_hottest(struct wv_worker *worker)
{
    const int64_t k = ++worker->n_merges;
    merge(worker, worker->task->n_hottest * (k & -k));
}

static void merge_round(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate)
{
    for (int m = 0; m < WV_N_MATRICES; m++)
        rows_merge_round(workers, n_workers, m, part, n_parts, rate);
}
