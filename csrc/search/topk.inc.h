/* The scores, one body for every instruction set. In: rows of floats and prepared queries. Out: the rows that enter
 * the heaps, or all cosines. Heaps are not here (topk.c).
 *
 * A score is dot(query, row) / |row|, summed lane by lane over the dims by multiply_rows: this one ranks and is
 * shown, whichever road led to it. Many queries at once go through tiles first, whose lanes are queries. Their sums
 * differ in rounding, so they only say which rows cannot enter a heap; the few others get the score that ranks. */

enum {
    SCAN_ROWS = VEC_LANES == 16 ? 8 : 4, /* rows in flight; dots and squares of so many fill the registers */
    TILE_ROWS = VEC_REGISTERS == 32 ? 8 : 4,
    TILE_VECS = 3,
    GROUP = TILE_VECS * VEC_LANES,
    FEW = GROUP / 2, /* up to here a tile would mostly work out padding */
    LINE_FLOATS = 16,
    AHEAD = 4000, /* floats from what is read to what is asked for */
};

/* Squares outside of these have lost digits, or are not finite: such a row is scaled first. */
static const float LEAST_SQUARES = 1e-30f, MOST_SQUARES = 1e30f;

/* sums[i] = dot of the query and row i, sums[n + i] = the squares of row i, for n (constant) rows of dim floats. The
 * query is padded with zeros to whole vectors. lanes: room for 2 n vectors, rounded up to VEC_LANES of them. */
WV_INLINE void multiply_rows(const float *const *rows, const float *query, int64_t dim, const int n, float *lanes,
                             float *sums)
{
    vec dots[SCAN_ROWS], squares[SCAN_ROWS];
    WV_UNROLL
    for (int i = 0; i < n; i++)
        dots[i] = squares[i] = vec_zero();
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
    for (int i = 0; i < n; i++) {
        vec_store(lanes + i * VEC_LANES, dots[i]);
        vec_store(lanes + (n + i) * VEC_LANES, squares[i]);
    }
    WV_UNROLL
    for (int i = 0; i < 2 * n; i += VEC_LANES)
        vec_store(sums + i, vec_sums(lanes + i * VEC_LANES));
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
    float lanes[2 * SCAN_ROWS * VEC_LANES], sums[2 * SCAN_ROWS], dots[WV_BLOCK_ROWS];
    const float *query = queries->rows + q * queries->stride;
    for (int64_t i = 0; i < n; i += SCAN_ROWS) {
        const float *some[SCAN_ROWS];
        for (int64_t j = 0; j < SCAN_ROWS; j++)
            some[j] = rows + (i + j < n ? i + j : n - 1) * stride;
        ask_for(rows + i * stride, SCAN_ROWS * stride);
        multiply_rows(some, query, queries->dim, SCAN_ROWS, lanes, sums);
        memcpy(dots + i, sums, sizeof sums / 2);
        memcpy(squares + i, sums + SCAN_ROWS, sizeof sums / 2);
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

/* n <= WV_BLOCK_ROWS rows against each query by itself. */
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

/* The score that ranks, of one query and one row with these squares. */
static float score_one(struct wv_best *best, int64_t q, const float *row, float squares)
{
    float sums[WV_MAX_LANES];
    const float *query = best->queries->rows + q * best->queries->stride;
    multiply_rows(&row, query, best->queries->dim, 1, best->lanes, sums);
    vec_store(sums, divide_by_norm(vec_set(sums[0]), vec_set(squares)));
    return sums[0];
}

/* The queries of bits `lanes` (0 = query q) may be near to a row: enter those that are. */
static void enter(struct wv_best *best, int64_t q, unsigned lanes, const float *row, float squares, int64_t index)
{
    for (; lanes; lanes >>= 1, q++)
        if (lanes & 1)
            wv_best_push(best, q, score_one(best, q, row, squares), index);
}

/* TILE_ROWS rows against `vecs` (constant) vectors of queries, of which q is the first.
 * inverse: 1 / |row|, NaN for a row that is not to be looked at. */
WV_INLINE void tile(struct wv_best *best, int64_t q, const int vecs, const float *const *rows, const float *inverse,
                    const float *squares, int64_t first)
{
    vec sums[TILE_ROWS][TILE_VECS];
    unsigned hits[TILE_ROWS][TILE_VECS], any = 0;
    const float *packed = best->queries->packed + q * best->queries->dim;
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
            enter(best, q + j * VEC_LANES, hits[i][j], rows[i], squares[i], first + i);
}

/* inverse[i] = 1 / |row i|, NaN where the row is none or extreme; the extreme ones are entered here. */
static void invert_norms(struct wv_best *best, const float *rows, int64_t n, int64_t stride, const float *squares,
                         float *inverse, int64_t first)
{
    const struct wv_queries *queries = best->queries;
    for (int64_t i = 0; i < WV_BLOCK_ROWS; i += VEC_LANES)
        vec_store(inverse + i, vec_div(vec_set(1), vec_sqrt(vec_load(squares + i))));
    for (int64_t i = 0; i < n; i++) {
        if (!is_extreme(squares[i]))
            continue;
        inverse[i] = NAN;
        for (int64_t q = 0; q < queries->n; q++) {
            float score = wv_extreme_score(rows + i * stride, queries->rows + q * queries->stride, queries->dim);
            if (score > best->entries[q * best->k].score)
                wv_best_push(best, q, score, first + i);
        }
    }
}

/* n <= WV_BLOCK_ROWS rows against all queries, in tiles. */
static void scan_many(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    float scores[WV_BLOCK_ROWS], squares[WV_BLOCK_ROWS], inverse[WV_BLOCK_ROWS];
    score_block(best->queries, 0, rows, n, stride, scores, squares);
    invert_norms(best, rows, n, stride, squares, inverse, first);
    for (int64_t q = 0; q < best->queries->n; q += GROUP) {
        int64_t left = best->queries->n - q;
        for (int64_t i = 0; i < n; i += TILE_ROWS) {
            const float *some[TILE_ROWS];
            for (int64_t j = 0; j < TILE_ROWS; j++)
                some[j] = rows + (i + j < n ? i + j : n - 1) * stride;
            if (left > 2 * VEC_LANES)
                tile(best, q, 3, some, inverse + i, squares + i, first + i);
            else if (left > VEC_LANES)
                tile(best, q, 2, some, inverse + i, squares + i, first + i);
            else
                tile(best, q, 1, some, inverse + i, squares + i, first + i);
        }
    }
}

static void scan(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    for (int64_t i = 0; i < n; i += WV_BLOCK_ROWS) {
        int64_t some = n - i < WV_BLOCK_ROWS ? n - i : WV_BLOCK_ROWS;
        if (best->queries->n <= FEW)
            scan_few(best, rows + i * stride, some, stride, first + i);
        else
            scan_many(best, rows + i * stride, some, stride, first + i);
    }
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
