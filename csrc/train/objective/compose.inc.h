/* Composed hidden rows: each is the sum or the mean of several context rows. In: context rows; the first hidden row is made of
 * those before first_end, the second one (if there is one) of those from second_start on. Out: the hidden rows in scratch
 * memory; and, after the step, their gradients added to the context rows. */

/* Vectors of a row that are processed together, so that a pointer to a row is loaded once for all of them. */
enum { VECS_AT_ONCE = 4 };

/* The context rows of the first hidden row alone, of both, and of the second one alone; and the scale of each hidden row. */
struct context_parts {
    float *const *first, *const *both, *const *second;
    int n_first, n_both, n_second;
    vec scale[2];
};

WV_INLINE struct context_parts split_context(const struct wv_block *block, int is_divided)
{
    const int first = block->first_end, second = block->second_start;
    struct context_parts of = {block->context, block->context + second,  block->context + first,  second,
                               first - second, block->n_context - first, {vec_set(1), vec_set(1)}};
    const int n_of_second = of.n_both + of.n_second;
    if (is_divided) {
        of.scale[0] = vec_set(1 / (float)first);
        of.scale[1] = vec_set(1 / (float)(n_of_second ? n_of_second : 1));
    }
    return of;
}

WV_INLINE void sum_rows(vec *sum, float *const *rows, int n, int at, int n_vecs)
{
    for (int k = 0; k < n; k++) {
        const float *row = rows[k] + at;
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            sum[v] = vec_add(sum[v], row_load(row, v * VEC_LANES));
    }
}

WV_INLINE void compose_part(const struct wv_scratch *scratch, const struct context_parts *of, int at, int n_vecs)
{
    vec sum[2][VECS_AT_ONCE];
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        sum[0][v] = vec_zero();
    sum_rows(sum[0], of->both, of->n_both, at, n_vecs);
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        sum[1][v] = sum[0][v];
    sum_rows(sum[0], of->first, of->n_first, at, n_vecs);
    sum_rows(sum[1], of->second, of->n_second, at, n_vecs);
    WV_UNROLL
    for (int c = 0; c < 2; c++) { /* a second row that is not needed costs less than a branch */
        float *hidden = scratch->hidden[c] + at, *grad = scratch->hidden_grad[c] + at;
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            vec_store(hidden + v * VEC_LANES, vec_mul(sum[c][v], of->scale[c]));
            vec_store(grad + v * VEC_LANES, vec_zero());
        }
    }
}

/* hidden = mean or sum of the context rows, hidden_grad = 0. */
static void compose(const struct wv_block *block, const struct wv_scratch *scratch, int width, int is_mean)
{
    const struct context_parts of = split_context(block, is_mean);
    int at = 0;
    for (; at + VECS_AT_ONCE * VEC_LANES <= width; at += VECS_AT_ONCE * VEC_LANES)
        compose_part(scratch, &of, at, VECS_AT_ONCE);
    switch ((width - at) / VEC_LANES) {
    case 3: compose_part(scratch, &of, at, 3); break;
    case 2: compose_part(scratch, &of, at, 2); break;
    case 1: compose_part(scratch, &of, at, 1); break;
    default: break;
    }
}

WV_INLINE void add_rows(float *const *rows, int n, int at, const vec *gradient, int n_vecs)
{
    for (int k = 0; k < n; k++) {
        float *row = rows[k] + at;
        WV_ADDRESS_IN_REGISTER(row);
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            row_add(row, v * VEC_LANES, gradient[v]);
    }
}

WV_INLINE void spread_part(const struct wv_scratch *scratch, const struct context_parts *of, int at, int n_vecs)
{
    const float *grads[2] = {scratch->hidden_grad[0] + at, scratch->hidden_grad[1] + at};
    vec first[VECS_AT_ONCE], second[VECS_AT_ONCE], both[VECS_AT_ONCE];
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++) {
        first[v] = vec_mul(vec_load(grads[0] + v * VEC_LANES), of->scale[0]);
        second[v] = vec_mul(vec_load(grads[1] + v * VEC_LANES), of->scale[1]);
        both[v] = vec_add(first[v], second[v]);
    }
    add_rows(of->first, of->n_first, at, first, n_vecs);
    add_rows(of->both, of->n_both, at, both, n_vecs);
    add_rows(of->second, of->n_second, at, second, n_vecs);
}

/* Adds the gradients of the hidden rows to their context rows, or (is_divided) divided by the number of rows. In CBOW, as in
 * word2vec.c and gensim, the gradient of a mean is not divided, and that of a sum is. */
static void spread(const struct wv_block *block, const struct wv_scratch *scratch, int width, int is_divided)
{
    const struct context_parts of = split_context(block, is_divided);
    int at = 0;
    for (; at + VECS_AT_ONCE * VEC_LANES <= width; at += VECS_AT_ONCE * VEC_LANES)
        spread_part(scratch, &of, at, VECS_AT_ONCE);
    switch ((width - at) / VEC_LANES) {
    case 3: spread_part(scratch, &of, at, 3); break;
    case 2: spread_part(scratch, &of, at, 2); break;
    case 1: spread_part(scratch, &of, at, 1); break;
    default: break;
    }
}

/* In inference: the gradients go to the tags only, which are the last rows that the first hidden row is made of. */
static void spread_to_tags(const struct wv_worker *worker, const struct wv_block *block, int width, int is_divided)
{
    const struct context_parts of = split_context(block, is_divided);
    const float *first = worker->scratch.hidden_grad[0], *second = worker->scratch.hidden_grad[1];
    const int n_tags = worker->chunk.n_tags;
    float *const *tags = block->context + block->first_end - n_tags;
    for (int at = 0; at < width; at += VEC_LANES) {
        const vec gradient =
            vec_fma(vec_load(second + at), of.scale[1], vec_mul(vec_load(first + at), of.scale[0]));
        for (int k = 0; k < n_tags; k++)
            row_add(tags[k], at, gradient);
    }
}

/* The same for the general update: every context row by its own rule. */
static void spread_by_rule(const struct wv_worker *worker, const struct wv_block *block, int width, int is_divided)
{
    const struct context_parts of = split_context(block, is_divided);
    for (int k = 0; k < block->n_context; k++) {
        const struct wv_row_rule rule = rule_of(worker, block->context[k]);
        for (int at = 0; at < width; at += VEC_LANES) {
            vec gradient = vec_zero();
            if (k < block->first_end)
                gradient = vec_mul(vec_load(worker->scratch.hidden_grad[0] + at), of.scale[0]);
            if (k >= block->second_start)
                gradient = vec_fma(vec_load(worker->scratch.hidden_grad[1] + at), of.scale[1], gradient);
            row_train(block->context[k], at, gradient, &rule);
        }
    }
}
