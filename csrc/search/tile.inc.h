/* The scan of rows for many queries; the same code for every instruction set. In: rows of floats and packed queries.
 * Out: entries in the heaps.
 *
 * A tile is a block of scores: a few rows times a few vectors of queries. Each lane is a query, so rows are read in
 * place and no sum goes across lanes. The scores of a tile are rounded in another way than the exact scores
 * (score.inc.h). They only exclude rows that cannot enter a heap, with a margin; the other rows get exact scores. */

/* Multiply TILE_ROWS rows with `vecs` vectors of queries, the first of which is query q; vecs is a constant. inverse:
 * 1 / |row|, or NaN for a row that is skipped. */
WV_INLINE void tile(struct wv_best *best, int64_t q, const int vecs, const float *const *rows, const float *inverse,
                    const float *squares, int64_t first)
{
    vec sums[TILE_ROWS][TILE_VECS];
    unsigned hits[TILE_ROWS][TILE_VECS], any = 0;
    const float *packed = (const float *)best->queries->packed + q * best->queries->packed_dim;
    WV_UNROLL
    for (int i = 0; i < TILE_ROWS; i++)
        WV_UNROLL
    for (int j = 0; j < vecs; j++)
        sums[i][j] = vec_zero();
    for (int64_t d = 0; d < best->queries->dim; d++) {
        WV_UNROLL
        for (int i = 0; i < TILE_ROWS; i++) {
            vec row = vec_set(rows[i][d]);
            WV_UNROLL
            for (int j = 0; j < vecs; j++)
                sums[i][j] = vec_fma(row, vec_load(packed + d * GROUP + j * VEC_LANES), sums[i][j]);
        }
    }
    WV_UNROLL
    for (int i = 0; i < TILE_ROWS; i++)
        WV_UNROLL
    for (int j = 0; j < vecs; j++) {
        vec scores = vec_mul(sums[i][j], vec_set(inverse[i]));
        any |= hits[i][j] = vec_greater(scores, vec_load(best->limits + q + j * VEC_LANES));
    }
    for (int i = 0; any && i < TILE_ROWS; i++)
        for (int j = 0; j < vecs; j++)
            push_hits(best, q + j * VEC_LANES, hits[i][j], rows[i], squares[i], first + i);
}

/* Scan n <= WV_BLOCK_ROWS rows for all queries, in tiles. */
static void scan_many(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    float scores[WV_BLOCK_ROWS], squares[WV_BLOCK_ROWS], inverse[WV_BLOCK_ROWS];
    score_block(best->queries, 0, rows, n, stride, scores, squares);
    invert_norms(best, rows, n, stride, squares, inverse, first);
    for (int64_t q = 0; q < best->queries->n; q += GROUP) {
        int64_t left = best->queries->n - q;
        for (int64_t i = 0; i < n; i += TILE_ROWS) {
            const float *pointers[TILE_ROWS];
            for (int64_t j = 0; j < TILE_ROWS; j++)
                pointers[j] = rows + (i + j < n ? i + j : n - 1) * stride;
            if (left > 2 * VEC_LANES)
                tile(best, q, 3, pointers, inverse + i, squares + i, first + i);
            else if (left > VEC_LANES)
                tile(best, q, 2, pointers, inverse + i, squares + i, first + i);
            else
                tile(best, q, 1, pointers, inverse + i, squares + i, first + i);
        }
    }
}
