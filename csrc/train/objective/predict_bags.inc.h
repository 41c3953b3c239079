/* Prediction for bags: the mean of the rows of each bag, and the probability of each label. In: a trained model, lists of rows.
 * Out: means, probabilities. Threads can share the model. */

/* hidden = the sum of n rows / total. total: all features of the bag; those without rows count as zeros. */
WV_INLINE void mean_of_rows(const struct wv_bag_model *model, const int32_t *ids, int64_t n, int64_t n_later,
                            int64_t total, float *hidden, int at, int n_vecs)
{
    vec sum[VECS_AT_ONCE];
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        sum[v] = vec_zero();
    for (int64_t k = 0; k < n; k++) {
        const float *row = model->input + ids[k] * model->stride + at;
        if (k + BAG_AHEAD < n_later)
            WV_PREFETCH(model->input + ids[k + BAG_AHEAD] * model->stride + at);
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            sum[v] = vec_add(sum[v], vec_load(row + v * VEC_LANES));
    }
    const vec scale = vec_set(1 / (float)(total ? total : 1));
    WV_UNROLL
    for (int v = 0; v < n_vecs; v++)
        vec_store(hidden + at + v * VEC_LANES, vec_mul(scale, sum[v]));
}

/* The probability of each label is the product of those of the turns on its path. p: (n_labels - 1) of a right turn. */
static void multiply_paths(const struct wv_bag_model *model, const float *p, float *out)
{
    for (int64_t label = 0; label < model->n_labels; label++) {
        float product = 1;
        for (int64_t k = model->paths.offsets[label]; k < model->paths.offsets[label + 1]; k++) {
            const float right = p[model->paths.ids[k]];
            product *= model->path_codes[k] ? right : 1 - right;
        }
        out[label] = product;
    }
}

/* scores of the block → probabilities. */
static void probabilities_of(const struct wv_bag_model *model, const struct wv_block *block,
                             struct wv_scratch *scratch, float *out)
{
    struct wv_loss unused = {.sum = 0};
    float *p = scratch->gradients;
    if (model->loss == WV_BAG_SOFTMAX) {
        softmax(block, scratch, &unused, -1); /* the weights are 0 */
    } else {
        for (int j = 0; j < block->n; j += VEC_LANES) {
            const vec e = vec_exp(vec_sub(vec_zero(), vec_load(scratch->scores + j)));
            vec_store(p + j, vec_div(vec_set(1), vec_add(vec_set(1), e)));
        }
    }
    if (model->loss == WV_BAG_PATHS)
        multiply_paths(model, p, out);
    else
        memcpy(out, p, (size_t)block->n * sizeof *out);
}

/* means: (n, width of whole vectors, stride apart). probabilities: (n, n_labels), or NULL. */
static void predict_bags(const struct wv_bag_model *model, const struct wv_bags *bags, int64_t first, int64_t last,
                         struct wv_block *block, struct wv_scratch *scratch, float *means, float *probabilities)
{
    const int width = (model->size + VEC_LANES - 1) / VEC_LANES * VEC_LANES;
    for (int64_t b = first; b < last; b++) {
        const int64_t start = bags->offsets[b], n = bags->offsets[b + 1] - start;
        float *hidden = means + b * model->stride;
        int at = 0;
        for (; at + VECS_AT_ONCE * VEC_LANES <= width; at += VECS_AT_ONCE * VEC_LANES)
            mean_of_rows(model, bags->ids + start, n, bags->offsets[last] - start, bags->sizes[b], hidden, at,
                         VECS_AT_ONCE);
        for (; at < width; at += VEC_LANES)
            mean_of_rows(model, bags->ids + start, n, bags->offsets[last] - start, bags->sizes[b], hidden, at, 1);
        if (!probabilities)
            continue;
        block->hidden = &hidden;
        score(block, scratch, model->size);
        probabilities_of(model, block, scratch, probabilities + b * model->n_labels);
    }
}
