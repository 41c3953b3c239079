/* Exact scores; the same code for every instruction set. In: rows of floats and prepared queries. Out: scores.
 * Heaps are filled in scan.inc.h, tiles of many queries are in tile.inc.h and topk_vnni.c.
 *
 * A score is dot(query, row) / |row|, or dot(query, row). Every code path computes it with multiply_rows, which sums lane by lane over the
 * dims. So its bits do not depend on the other rows and queries of a search. */

enum {
    SCAN_ROWS = VEC_LANES == 16 ? 8 : 4, /* rows multiplied at once: their dots and squares fill the registers */
    TILE_ROWS = VEC_REGISTERS > 16 ? 8 : 4,
    TILE_VECS = 3, /* vectors of queries in a tile */
    GROUP = TILE_VECS * VEC_LANES,
    LINE_FLOATS = 16,
    PREFETCH_FLOATS = 4000, /* distance between the floats read and the floats prefetched */
};

/* A sum of squares outside these bounds has lost digits or is not finite: the row is scored in double precision. */
static const float MIN_SQUARES = 1e-30f, MAX_SQUARES = 1e30f;

/* Set sums[i] to the dot product of the query and row i, and sums[n + i] to the sum of the squares of row i, for n rows
 * of dim floats; n is a constant. The query is padded with zeros to whole vectors. sums needs space for a whole vector
 * from each multiple of VEC_SUMS below 2 n. */
WV_INLINE void multiply_rows(const float *const *rows, const float *query, int64_t dim, const int n, float *sums)
{
    vec products[2 * SCAN_ROWS + VEC_SUMS], *const dots = products, *const squares = products + n;
    WV_UNROLL
    for (int i = 0; i < 2 * n + VEC_SUMS; i++)
        products[i] = vec_zero();
    int64_t d = 0;
    for (; d + VEC_LANES <= dim; d += VEC_LANES) {
        vec q = vec_load(query + d), parts[SCAN_ROWS];
        WV_UNROLL
        for (int i = 0; i < n; i++)
            parts[i] = vec_load(rows[i] + d);
        WV_UNROLL
        for (int i = 0; i < n; i++)
            squares[i] = vec_fma(parts[i], parts[i], squares[i]);
        WV_UNROLL
        for (int i = 0; i < n; i++)
            dots[i] = vec_fma(q, parts[i], dots[i]);
    }
    if (d < dim) {
        vec q = vec_load(query + d);
        WV_UNROLL
        for (int i = 0; i < n; i++) {
            vec row = vec_load_first(rows[i] + d, (int)(dim - d));
            dots[i] = vec_fma(q, row, dots[i]);
            squares[i] = vec_fma(row, row, squares[i]);
        }
    }
    WV_UNROLL
    for (int i = 0; i < 2 * n; i += VEC_SUMS) /* lanes after the sums are overwritten, or not used */
        vec_store(sums + i, vec_sums(products + i));
}

/* Prefetch n floats at the distance PREFETCH_FLOATS after `rows`. Several rows are read at once, and the CPU does not
 * detect this as a stream. A prefetch is a hint: the addresses may be after the end of the matrix. */
WV_INLINE void prefetch_rows(const float *rows, int64_t n)
{
    uintptr_t address = (uintptr_t)rows + PREFETCH_FLOATS * sizeof(float);
    for (int64_t i = 0; i < n; i += LINE_FLOATS)
        WV_PREFETCH((const float *)(address + (uintptr_t)i * sizeof(float)));
}

/* Return VEC_LANES scores; NaN stays NaN. */
WV_INLINE vec divide_by_norm(vec dots, vec squares)
{
    vec cosines = vec_div(dots, vec_sqrt(vec_max(vec_set(MIN_SQUARES), squares)));
    return vec_min(vec_set(1), vec_max(vec_set(-1), cosines));
}

static int is_extreme(float squares)
{
    return !(squares >= MIN_SQUARES && squares <= MAX_SQUARES);
}

/* Set scores[i] to the score of a query and row i, and squares[i] to the sum of the squares of row i, for
 * n <= WV_BLOCK_ROWS rows. Both are NaN from n to WV_BLOCK_ROWS. */
static void score_block(const struct wv_queries *queries, int64_t q, const float *rows, int64_t n, int64_t stride,
                        float *scores, float *squares)
{
    float sums[2 * SCAN_ROWS + VEC_LANES], dots[WV_BLOCK_ROWS];
    const float *query = queries->rows + q * queries->stride;
    for (int64_t i = 0; i < n; i += SCAN_ROWS) {
        const float *pointers[SCAN_ROWS];
        for (int64_t j = 0; j < SCAN_ROWS; j++)
            pointers[j] = rows + (i + j < n ? i + j : n - 1) * stride;
        prefetch_rows(rows + i * stride, SCAN_ROWS * stride);
        multiply_rows(pointers, query, queries->dim, SCAN_ROWS, sums);
        memcpy(dots + i, sums, SCAN_ROWS * sizeof *sums);
        memcpy(squares + i, sums + SCAN_ROWS, SCAN_ROWS * sizeof *sums);
    }
    for (int64_t i = n; i < WV_BLOCK_ROWS; i++)
        dots[i] = squares[i] = NAN;
    if (queries->is_product) {
        memcpy(scores, dots, sizeof dots);
        return;
    }
    int extreme = 0;
    for (int64_t i = 0; i < n; i++)
        extreme |= is_extreme(squares[i]);
    for (int64_t i = 0; i < n; i += VEC_LANES)
        vec_store(scores + i, divide_by_norm(vec_load(dots + i), vec_load(squares + i)));
    for (int64_t i = 0; extreme && i < n; i++)
        if (is_extreme(squares[i]))
            scores[i] = wv_extreme_score(rows + i * stride, query, queries->dim);
}

static void cosines(const struct wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                    int64_t out_stride)
{
    float scores[WV_BLOCK_ROWS], squares[WV_BLOCK_ROWS];
    for (int64_t i = 0; i < n; i += WV_BLOCK_ROWS) {
        int64_t n_rows = n - i < WV_BLOCK_ROWS ? n - i : WV_BLOCK_ROWS;
        for (int64_t q = 0; q < queries->n; q++) {
            score_block(queries, q, rows + i * stride, n_rows, stride, scores, squares);
            memcpy(cosines + q * out_stride + i, scores, (size_t)n_rows * sizeof *scores);
        }
    }
}
