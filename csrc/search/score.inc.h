/* The scores that rank, one body for every instruction set. In: rows of floats and prepared queries. Out: cosines.
 * Not here: which of them enter a heap (scan.inc.h), tiles of many queries (tile.inc.h, topk_vnni.c).
 *
 * A score is dot(query, row) / |row|, summed lane by lane over the dims by multiply_rows, whichever road leads to it,
 * so that its bits never depend on what else is searched. */

enum {
    SCAN_ROWS = VEC_LANES == 16 ? 8 : 4, /* rows in flight; dots and squares of so many fill the registers */
    TILE_ROWS = VEC_REGISTERS > 16 ? 8 : 4,
    TILE_VECS = 3, /* vectors of queries in a tile */
    GROUP = TILE_VECS * VEC_LANES,
    LINE_FLOATS = 16,
    AHEAD = 4000, /* floats from what is read to what is asked for */
};

/* Squares outside of these have lost digits, or are not finite: such a row is scaled first. */
static const float LEAST_SQUARES = 1e-30f, MOST_SQUARES = 1e30f;

/* sums[i] = dot of the query and row i, sums[n + i] = the squares of row i, for n (constant) rows of dim floats. The query
 * is padded with zeros to whole vectors. sums: room for a whole vector from every multiple of VEC_SUMS below 2 n on. */
WV_INLINE void multiply_rows(const float *const *rows, const float *query, int64_t dim, const int n, float *sums)
{
    vec products[2 * SCAN_ROWS + VEC_SUMS], *const dots = products, *const squares = products + n;
    WV_UNROLL
    for (int i = 0; i < 2 * n + VEC_SUMS; i++)
        products[i] = vec_zero();
    int64_t d = 0;
    for (; d + VEC_LANES <= dim; d += VEC_LANES) {
        vec q = vec_load(query + d), some[SCAN_ROWS];
        WV_UNROLL
        for (int i = 0; i < n; i++)
            some[i] = vec_load(rows[i] + d);
        WV_UNROLL
        for (int i = 0; i < n; i++)
            squares[i] = vec_fma(some[i], some[i], squares[i]);
        WV_UNROLL
        for (int i = 0; i < n; i++)
            dots[i] = vec_fma(q, some[i], dots[i]);
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
    for (int i = 0; i < 2 * n; i += VEC_SUMS) /* what is written behind is overwritten, or not used */
        vec_store(sums + i, vec_sums(products + i));
}

/* Asks for so many floats, AHEAD floats behind `rows`, in ascending order: rows are read several side by side, which
 * the processor does not take for a stream. These are only hints: the addresses may lie behind the matrix. */
WV_INLINE void ask_for(const float *rows, int64_t floats)
{
    uintptr_t address = (uintptr_t)rows + AHEAD * sizeof(float);
    for (int64_t i = 0; i < floats; i += LINE_FLOATS)
        WV_PREFETCH((const float *)(address + (uintptr_t)i * sizeof(float)));
}

/* VEC_LANES scores at once; a NaN stays one. */
WV_INLINE vec divide_by_norm(vec dots, vec squares)
{
    vec cosines = vec_div(dots, vec_sqrt(vec_max(vec_set(LEAST_SQUARES), squares)));
    return vec_min(vec_set(1), vec_max(vec_set(-1), cosines));
}

static int is_extreme(float squares)
{
    return !(squares >= LEAST_SQUARES && squares <= MOST_SQUARES);
}

/* scores[i], squares[i]: of a query and row i of n <= WV_BLOCK_ROWS; NaN behind, up to WV_BLOCK_ROWS. */
static void score_block(const struct wv_queries *queries, int64_t q, const float *rows, int64_t n, int64_t stride,
                        float *scores, float *squares)
{
    float sums[2 * SCAN_ROWS + VEC_LANES], dots[WV_BLOCK_ROWS];
    const float *query = queries->rows + q * queries->stride;
    for (int64_t i = 0; i < n; i += SCAN_ROWS) {
        const float *some[SCAN_ROWS];
        for (int64_t j = 0; j < SCAN_ROWS; j++)
            some[j] = rows + (i + j < n ? i + j : n - 1) * stride;
        ask_for(rows + i * stride, SCAN_ROWS * stride);
        multiply_rows(some, query, queries->dim, SCAN_ROWS, sums);
        memcpy(dots + i, sums, SCAN_ROWS * sizeof *sums);
        memcpy(squares + i, sums + SCAN_ROWS, SCAN_ROWS * sizeof *sums);
    }
    for (int64_t i = n; i < WV_BLOCK_ROWS; i++)
        dots[i] = squares[i] = NAN;
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
        int64_t some = n - i < WV_BLOCK_ROWS ? n - i : WV_BLOCK_ROWS;
        for (int64_t q = 0; q < queries->n; q++) {
            score_block(queries, q, rows + i * stride, some, stride, scores, squares);
            memcpy(cosines + q * out_stride + i, scores, (size_t)some * sizeof *scores);
        }
    }
}
