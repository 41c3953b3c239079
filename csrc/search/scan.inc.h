/* The scan of rows for few queries; the same code for every instruction set. In: rows of floats and prepared queries.
 * Out: entries in the heaps. Heaps are in best.c, scores in score.inc.h. */

/* Scan n <= WV_BLOCK_ROWS rows, one query after the other. */
static void scan_few(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    float scores[WV_BLOCK_ROWS], squares[WV_BLOCK_ROWS];
    for (int64_t q = 0; q < best->queries->n; q++) {
        const struct wv_entry *worst = best->entries + q * best->k;
        score_block(best->queries, q, rows, n, stride, scores, squares);
        for (int64_t i = 0; i < n; i += VEC_LANES) {
            if (!vec_greater(vec_load(scores + i), vec_set(worst->score)))
                continue;
            for (int64_t j = i; j < i + VEC_LANES && j < n; j++)
                if (scores[j] > worst->score)
                    wv_best_push(best, q, scores[j], first + j);
        }
    }
}

/* Return the exact score of one query and one row. squares: the sum of the squares of the row. */
static float score_one(const struct wv_best *best, int64_t q, const float *row, float squares)
{
    float sums[WV_MAX_LANES];
    const float *query = best->queries->rows + q * best->queries->stride;
    multiply_rows(&row, query, best->queries->dim, 1, sums);
    if (best->queries->is_product)
        return sums[0];
    vec_store(sums, divide_by_norm(vec_set(sums[0]), vec_set(squares)));
    return sums[0];
}

/* Push a row into the heaps of some queries. Bit i of `lanes` stands for query q + i. */
static void push_hits(struct wv_best *best, int64_t q, unsigned lanes, const float *row, float squares,
                      int64_t index)
{
    for (; lanes; lanes >>= 1, q++)
        if (lanes & 1)
            wv_best_push(best, q, score_one(best, q, row, squares), index);
}

/* Set inverse[i] to 1 / |row i|, or to 1 if scores are products. It is NaN after row n and for an extreme row; extreme
 * rows are pushed into the heaps here. */
static void invert_norms(struct wv_best *best, const float *rows, int64_t n, int64_t stride, const float *squares,
                         float *inverse, int64_t first)
{
    const struct wv_queries *queries = best->queries;
    for (int64_t i = 0; i < WV_BLOCK_ROWS; i += VEC_LANES)
        vec_store(inverse + i, vec_div(vec_set(1), vec_sqrt(vec_load(squares + i))));
    for (int64_t i = 0; i < n && queries->is_product; i++)
        inverse[i] = 1;
    for (int64_t i = 0; i < n; i++) {
        if (!is_extreme(squares[i]))
            continue;
        inverse[i] = NAN;
        for (int64_t q = 0; q < queries->n; q++) {
            const float *row = rows + i * stride;
            float score = queries->is_product
                              ? score_one(best, q, row, squares[i])
                              : wv_extreme_score(row, queries->rows + q * queries->stride, queries->dim);
            if (score > best->entries[q * best->k].score)
                wv_best_push(best, q, score, first + i);
        }
    }
}
