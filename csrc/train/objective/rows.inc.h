/* The only code that touches weight rows during training. In: row pointers, or a view and row ids. Out: rows read or changed.
 * Merging of private copies is in merge.inc.h.
 *
 * HOGWILD: workers read and write shared rows at the same time, on purpose and without locks (Niu, Recht, Ré, Wright
 * 2011). A lost update costs the gradient of one pair, or of one merge; a lock would cost more. No other file may contain
 * a data race. */

WV_INLINE vec row_load(const float *row, int at) { return vec_load(row + at); }
WV_INLINE void row_store(float *row, int at, vec value) { vec_store(row + at, value); }
WV_INLINE void row_add(float *row, int at, vec delta) { row_store(row, at, vec_add(row_load(row, at), delta)); }

WV_INLINE vec row_load_first(const float *row, int at, int n) { return vec_load_first(row + at, n); }
WV_INLINE float row_value(const float *row, int at) { return row[at]; }
WV_INLINE void row_set_value(float *row, int at, float value) { row[at] = value; }

/* `pack` rows from `at` on in one vector, or one row that fills it. */
WV_INLINE vec rows_load(float *const *rows, int at, int pack)
{
    return pack == 1 ? row_load(rows[0], at) : vec_load_packed(rows, at);
}
/* One row, repeated for each of `pack` rows that share a vector. */
WV_INLINE vec row_load_repeated(const float *row, int at, int pack)
{
    return pack == 1 ? row_load(row, at) : vec_load_repeated(row + at);
}

/* The copy of row i in this round. It is made at its first use: until the merge no worker writes to the shared row. */
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

/* Prefetches the cache lines of n rows that begin in n_vecs vectors from `at` on; n_vecs is a constant of the caller. */
WV_INLINE void rows_prefetch(float *const *rows, int n, int at, int n_vecs)
{
    for (int k = 0; k < n; k++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            if ((int)VEC_LANES == WV_PAD || (at + v * VEC_LANES) % WV_PAD == 0) /* a vector may be a line */
                WV_PREFETCH_TO_WRITE(rows[k] + at + v * VEC_LANES);
    }
}

/* Prefetches a row that will be copied. It is prefetched for reading, since other workers copy it too. */
WV_INLINE void prefetch_in_round(const struct wv_rows *view, int32_t i)
{
    for (int at = 0; !view->copy_of[i] && at < view->stride; at += WV_PAD)
        WV_PREFETCH(view->shared + i * view->stride + at);
}

static void rows_in_round(struct wv_rows *view, const int32_t *ids, int64_t n, float **rows)
{
    for (int64_t k = -WV_AHEAD; k < n; k++) {
        if (k + WV_AHEAD < n)
            prefetch_in_round(view, ids[k + WV_AHEAD]);
        if (k >= 0)
            rows[k] = row_in_round(view, ids[k]);
    }
}

/* The copies of rows that rows_in_round returned before. It counts no further use. */
static void copies_in_round(const struct wv_rows *view, const int32_t *ids, int64_t n, float **rows)
{
    for (int64_t k = 0; k < n; k++)
        rows[k] = view->copies + (view->copy_of[ids[k]] - 1) * view->stride;
}

static void rows_by_slot(const struct wv_rows *view, const int32_t *ids, int64_t n, float **rows)
{
    for (int64_t k = 0; k < n; k++) {
        const int32_t slot = view->matrix->slot_of[ids[k]];
        rows[k] = slot < 0 ? view->shared + ids[k] * view->stride : view->copies + slot * view->stride;
    }
}

/* Pointers to the rows ids[0 … n) for the worker of this view: its private copies where it has them, else the shared rows.
 * Both arrays have space up to a multiple of WV_OVERRUN. */
WV_INLINE void rows_at(struct wv_rows *view, const int32_t *ids, int64_t n, float **rows)
{
    if (view->copy_of) {
        rows_in_round(view, ids, n, rows);
        return;
    }
    if (view->matrix->slot_of) {
        rows_by_slot(view, ids, n, rows);
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

/* The position of `row` among n rows from `first` on; -1 if it is none of them. */
static int64_t position_among(const float *row, const float *first, int64_t n, int64_t stride)
{
    const uint64_t distance =
        (uint64_t)(uintptr_t)row - (uint64_t)(uintptr_t)first; /* wraps around below `first` */
    const uint64_t position = distance / ((uint64_t)stride * sizeof *row);
    return position < (uint64_t)n ? (int64_t)position : -1;
}

/* The id of a row of the view, shared or private; -1 if it belongs to another matrix. */
static int64_t id_of_row(const struct wv_rows *view, const float *row)
{
    const int64_t n_copies = view->copy_of ? view->n_copied : view->n_private;
    const int64_t copy = view->copies ? position_among(row, view->copies, n_copies, view->stride) : -1;
    if (copy < 0)
        return position_among(row, view->shared, view->matrix->n, view->stride);
    return view->copy_of ? view->copied[copy] : view->matrix->private_ids ? view->matrix->private_ids[copy] : copy;
}

/* The rule of a weight row or the row of a token; to a composed row in scratch memory the gradient is added without a rate. */
static struct wv_row_rule rule_of(const struct wv_worker *worker, const float *row)
{
    const struct wv_tokens *tokens = &worker->tokens;
    if (tokens->rows && position_among(row, tokens->rows, tokens->n_slots, tokens->stride) >= 0)
        return (struct wv_row_rule){.rate = worker->rate};
    for (int m = 0; m < worker->task->n_matrices; m++) {
        const struct wv_rows *view = &worker->views[m];
        const struct wv_matrix *matrix = view->matrix;
        const int64_t id = view->shared ? id_of_row(view, row) : -1;
        if (id >= 0) {
            const float rate = worker->rate * (matrix->row_rate ? matrix->row_rate[id] : 1);
            return (struct wv_row_rule){rate, matrix->l2, matrix->stride > matrix->width ? matrix->width : 0};
        }
    }
    return (struct wv_row_rule){.rate = 1};
}

/* One vector of a row by its rule (SGD, or AdaGrad: Duchi, Hazan, Singer 2011). The sum of squares includes the current
 * gradient, so that the first steps stay finite. */
WV_INLINE void row_train(float *row, int at, vec gradient, const struct wv_row_rule *rule)
{
    const vec value = row_load(row, at);
    if (rule->rate == 0)
        return;
    gradient = vec_fma(vec_set(-rule->decay), value, gradient);
    if (rule->adagrad_at) {
        const vec squares = vec_fma(gradient, gradient, row_load(row, rule->adagrad_at + at));
        row_store(row, rule->adagrad_at + at, squares);
        gradient = vec_div(gradient, vec_sqrt(vec_max(vec_set(1e-30f), squares)));
    }
    row_store(row, at, vec_fma(vec_set(rule->rate), gradient, value));
}
