/* Hidden rows made of several context rows. In: context rows, which the first hidden row takes from the start up to
 * first_end and the second from second_start to the end. Out: their means or sums; and the way back, the gradients spread
 * over the context rows. */

WV_INLINE vec sum_rows(vec sum, float *const *rows, int n, int at)
{
    for (int k = 0; k < n; k++)
        sum = vec_add(sum, row_load(rows[k], at));
    return sum;
}

/* hidden = mean or sum of the context rows, hidden_grad = 0, both on the desk. */
static void gather(struct wv_block *block, const struct wv_desk *desk, int dim, int is_mean)
{
    block->hidden = desk->hidden;
    block->hidden_grad = desk->hidden_grad;
    const int first = block->first_end, second = block->m == 2 ? block->second_start : first;
    const int both = first - second, last = block->n_context - first;
    const vec scale[2] = {vec_set(is_mean ? 1 / (float)first : 1), vec_set(is_mean ? 1 / (float)(both + last) : 1)};
    for (int at = 0; at < dim; at += VEC_LANES) {
        const vec shared = sum_rows(vec_zero(), block->context + second, both, at);
        const vec sum = sum_rows(shared, block->context, second, at);
        vec_store(block->hidden[0] + at, vec_mul(sum, scale[0]));
        vec_store(block->hidden_grad[0] + at, vec_zero());
        if (block->m == 2) {
            vec_store(block->hidden[1] + at, vec_mul(sum_rows(shared, block->context + first, last, at), scale[1]));
            vec_store(block->hidden_grad[1] + at, vec_zero());
        }
    }
}

WV_INLINE void add_rows(float *const *rows, int n, int at, vec gradient)
{
    for (int k = 0; k < n; k++)
        row_add(rows[k], at, gradient);
}

/* Adds the gradients to the context rows. As in word2vec.c and gensim, a mean passes its gradient on undivided, and a
 * sum divides it by the number of rows. */
static void scatter(const struct wv_block *block, int dim, int is_mean)
{
    const int first = block->first_end, second = block->m == 2 ? block->second_start : first;
    const int both = first - second, last = block->n_context - first;
    const vec scale[2] = {vec_set(is_mean ? 1 : 1 / (float)first), vec_set(is_mean ? 1 : 1 / (float)(both + last))};
    for (int at = 0; at < dim; at += VEC_LANES) {
        const vec gradient = vec_mul(vec_load(block->hidden_grad[0] + at), scale[0]);
        add_rows(block->context, second, at, gradient);
        if (block->m == 1)
            continue;
        const vec other = vec_mul(vec_load(block->hidden_grad[1] + at), scale[1]);
        add_rows(block->context + second, both, at, vec_add(gradient, other));
        add_rows(block->context + first, last, at, other);
    }
}
