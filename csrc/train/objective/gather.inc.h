/* Hidden rows made of several context rows. In: context rows, which the first hidden row takes from the start up to
 * first_end and the second, where there is one, from second_start to the end. Out: their means or sums; and the way back,
 * the gradients spread over the context rows. */

/* Vectors of a row that are worked on together, so that a pointer to a row is fetched once for all of them. */
enum { STRETCH = 4 };

/* Which context rows belong to the first hidden row alone, to both, and to the second one; and each one's scale. */
struct shares {
    float *const *first, *const *both, *const *second;
    int n_first, n_both, n_second;
    vec scale[2];
};

WV_INLINE struct shares shares_of(const struct wv_block *block, int is_divided)
{
    const int first = block->first_end, second = block->second_start;
    struct shares of = {block->context, block->context + second,  block->context + first,  second,
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

WV_INLINE void gather_stretch(const struct wv_desk *desk, const struct shares *of, int at, int n_vecs)
{
    vec sum[2][STRETCH];
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
    for (int c = 0; c < 2; c++) { /* one that the window does not have costs less than the question */
        float *hidden = desk->hidden[c] + at, *grad = desk->hidden_grad[c] + at;
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            vec_store(hidden + v * VEC_LANES, vec_mul(sum[c][v], of->scale[c]));
            vec_store(grad + v * VEC_LANES, vec_zero());
        }
    }
}

/* hidden = mean or sum of the context rows, hidden_grad = 0, both on the desk. */
static void gather(const struct wv_block *block, const struct wv_desk *desk, int dim, int is_mean)
{
    const struct shares of = shares_of(block, is_mean);
    int at = 0;
    for (; at + STRETCH * VEC_LANES <= dim; at += STRETCH * VEC_LANES)
        gather_stretch(desk, &of, at, STRETCH);
    switch ((dim - at) / VEC_LANES) {
    case 3: gather_stretch(desk, &of, at, 3); break;
    case 2: gather_stretch(desk, &of, at, 2); break;
    case 1: gather_stretch(desk, &of, at, 1); break;
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

WV_INLINE void scatter_stretch(const struct wv_desk *desk, const struct shares *of, int at, int n_vecs)
{
    const float *grads[2] = {desk->hidden_grad[0] + at, desk->hidden_grad[1] + at};
    vec first[STRETCH], second[STRETCH], both[STRETCH];
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

/* Adds the gradients to the context rows. As in word2vec.c and gensim, a mean passes its gradient on undivided, and a
 * sum divides it by the number of rows. */
static void scatter(const struct wv_block *block, const struct wv_desk *desk, int dim, int is_mean)
{
    const struct shares of = shares_of(block, !is_mean);
    int at = 0;
    for (; at + STRETCH * VEC_LANES <= dim; at += STRETCH * VEC_LANES)
        scatter_stretch(desk, &of, at, STRETCH);
    switch ((dim - at) / VEC_LANES) {
    case 3: scatter_stretch(desk, &of, at, 3); break;
    case 2: scatter_stretch(desk, &of, at, 2); break;
    case 1: scatter_stretch(desk, &of, at, 1); break;
    default: break;
    }
}
