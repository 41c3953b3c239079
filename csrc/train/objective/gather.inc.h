/* Hidden rows made of several context rows. In: context rows and how much of each. Out: hidden rows; and the way
 * back, their gradients spread over the context rows. */

/* hidden[c] = Σ_k context_weights[c][k] · context[k], hidden_grad[c] = 0, for every hidden row c of the block. */
static void gather(const struct wv_block *block, int dim)
{
    for (int c = 0; c < block->m; c++) {
        const float *weights = block->context_weights + c * block->n_context;
        for (int at = 0; at < dim; at += VEC_LANES) {
            vec sum = vec_zero();
            for (int k = 0; k < block->n_context; k++)
                sum = vec_fma(vec_set(weights[k]), row_load(block->context[k], at), sum);
            vec_store(block->hidden[c] + at, sum);
            vec_store(block->hidden_grad[c] + at, vec_zero());
        }
    }
}

/* context[k] += Σ_c hidden_grad[c] over the hidden rows c that k belongs to. As in word2vec.c and gensim, a mean
 * passes its gradient on undivided, and a sum passes on gradient / number of rows. */
static void scatter(const struct wv_block *block, int dim, int is_mean)
{
    for (int c = 0; c < block->m; c++) {
        const float *weights = block->context_weights + c * block->n_context;
        int n = 0;
        for (int k = 0; k < block->n_context; k++)
            n += weights[k] != 0;
        for (int at = 0; at < dim; at += VEC_LANES) {
            vec gradient = vec_load(block->hidden_grad[c] + at);
            if (!is_mean)
                gradient = vec_div(gradient, vec_set((float)n));
            for (int k = 0; k < block->n_context; k++)
                if (weights[k] != 0)
                    row_add(block->context[k], at, gradient);
        }
    }
}
