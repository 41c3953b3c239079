/* The only code that touches weight rows. In: row pointers and, for the merge, a view. Out: rows read or changed.
 *
 * HOGWILD: workers read and write shared rows at the same time, on purpose and without locks (Niu, Recht, Ré,
 * Wright 2011). A lost update costs a gradient of one pair; a lock would cost more. This is the one room where
 * that happens: no other code may take part in a data race. */

WV_INLINE vec row_load(const float *row, int at) { return vec_load(row + at); }
WV_INLINE void row_store(float *row, int at, vec value) { vec_store(row + at, value); }
WV_INLINE void row_add(float *row, int at, vec delta) { row_store(row, at, vec_add(row_load(row, at), delta)); }

/* What `pack` rows hold from `at` on, in one vector that they share, or that one row fills; and what of another row meets
 * each of them there. */
WV_INLINE vec rows_load(float *const *rows, int at, int pack)
{
    return pack == 1 ? row_load(rows[0], at) : vec_load_packed(rows, at);
}
WV_INLINE vec row_load_repeated(const float *row, int at, int pack)
{
    return pack == 1 ? row_load(row, at) : vec_load_repeated(row + at);
}

/* The copy of row i in this round, made at its first use: until the merge nobody writes to the shared row. */
static float *row_in_round(struct wv_rows *view, int32_t i)
{
    const int32_t known = view->copy_of[i], copy = known ? known - 1 : view->n_copied;
    float *row = view->copies + copy * view->stride;
    if (!known) {
        memcpy(row, view->shared + i * view->stride, (size_t)view->stride * sizeof *row);
        view->copy_of[i] = ++view->n_copied;
        view->copied[copy] = i;
        view->uses[copy] = 0;
    }
    view->uses[copy]++;
    return row;
}

/* Asks for the cache lines of n rows that begin in n_vecs vectors, a constant of the caller, from `at` on. */
WV_INLINE void rows_prefetch(float *const *rows, int n, int at, int n_vecs)
{
    for (int k = 0; k < n; k++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            if ((int)VEC_LANES == WV_PAD || (at + v * VEC_LANES) % WV_PAD == 0) /* a vector may be a line */
                WV_PREFETCH_TO_WRITE(rows[k] + at + v * VEC_LANES);
    }
}

/* Asks for a row that will be copied: to read, for others copy it too. */
WV_INLINE void ask_in_round(const struct wv_rows *view, int32_t i)
{
    for (int at = 0; !view->copy_of[i] && at < view->stride; at += WV_PAD)
        WV_PREFETCH(view->shared + i * view->stride + at);
}

/* A few rows before one is copied, it is asked for. */
static void rows_in_round(struct wv_rows *view, const int32_t *ids, int64_t n, float **rows)
{
    for (int64_t k = -WV_AHEAD; k < n; k++) {
        if (k + WV_AHEAD < n)
            ask_in_round(view, ids[k + WV_AHEAD]);
        if (k >= 0)
            rows[k] = row_in_round(view, ids[k]);
    }
}

/* Where the rows ids[0 … n) are for the worker that owns the view: its private copies if it has them, else the shared
 * ones. But for rounds, both arrays have room up to a multiple of WV_OVERRUN. */
WV_INLINE void rows_at(struct wv_rows *view, const int32_t *ids, int64_t n, float **rows)
{
    if (view->copy_of) {
        rows_in_round(view, ids, n, rows);
        return;
    }
    float *const shared = view->shared, *const copies = view->copies;
    const int32_t n_private = view->n_private;
    const int64_t stride = view->stride;
    for (int64_t at = 0; at < n; at += WV_OVERRUN) {
        for (int64_t k = at; k < at + WV_OVERRUN; k++)
            rows[k] = (ids[k] < n_private ? copies : shared) + ids[k] * stride;
    }
}

/* Adds what the worker changed in the first n_rows of its hot rows to the shared ones and takes over what the others
 * changed. */
static void rows_merge(const struct wv_rows *view, int64_t n_rows)
{
    const int64_t n = (n_rows < view->n_private ? n_rows : view->n_private) * view->stride;
    for (int64_t at = 0; at < n; at += VEC_LANES) {
        vec delta = vec_sub(vec_load(view->copies + at), vec_load(view->base + at));
        vec merged = vec_add(vec_load(view->shared + at), delta);
        vec_store(view->shared + at, merged);
        vec_store(view->copies + at, merged);
        vec_store(view->base + at, merged);
    }
}

/* What a use of a row takes, times the rate, from the way that the row has to go. Measured: among smaller figures 32
 * workers diverge, with larger ones frequent rows learn too slowly. A use is a centre, a noise word, or a context word with
 * all its centres; its pairs are counted as if windows were shrunk. In CBOW the rows of a context move as one. */
static float round_pull(const struct wv_task *task, int matrix)
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
    const float pull = rate * round_pull(workers[0]->task, matrix);
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
