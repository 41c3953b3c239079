/* A hidden row made of several context rows. In: context rows. Out: their mean or sum; and the way back, its gradient
 * spread over the context rows. */

/* hidden = mean or sum of the context rows, hidden_grad = 0. */
static void gather(const struct wv_block *block, int dim, int is_mean)
{
    const vec scale = vec_set(is_mean ? 1 / (float)block->n_context : 1);
    for (int at = 0; at < dim; at += VEC_LANES) {
        vec sum = row_load(block->context[0], at);
        for (int k = 1; k < block->n_context; k++)
            sum = vec_add(sum, row_load(block->context[k], at));
        vec_store(block->hidden[0] + at, vec_mul(sum, scale));
        vec_store(block->hidden_grad[0] + at, vec_zero());
    }
}

/* Adds hidden_grad to every context row. As in word2vec.c and gensim, a mean passes its gradient on undivided, and
 * a sum divides it by the number of rows. */
static void scatter(const struct wv_block *block, int dim, int is_mean)
{
    const vec scale = vec_set(is_mean ? 1 : 1 / (float)block->n_context);
    for (int at = 0; at < dim; at += VEC_LANES) {
        vec gradient = vec_mul(vec_load(block->hidden_grad[0] + at), scale);
        for (int k = 0; k < block->n_context; k++)
            row_add(block->context[k], at, gradient);
    }
}
