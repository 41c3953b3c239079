/* The first pass of a block step over rows. In: row pointers. Out: the scores (dot products) of all pairs.
 *
 * m, the number of hidden rows, is a constant of the caller, so that rows and sums stay in registers. Pair (i, j) of a
 * block is at [j * m + i]. */

/* Each number of hidden rows has its own compiled body: `body` is called with it as a constant. */
#define WV_BY_ROWS(m, body, ...)                                                                                   \
    switch (m) {                                                                                                   \
    case 1: body(__VA_ARGS__, 1); break;                                                                           \
    case 2: body(__VA_ARGS__, 2); break;                                                                           \
    case 3: body(__VA_ARGS__, 3); break;                                                                           \
    case 4: body(__VA_ARGS__, 4); break;                                                                           \
    case 5: body(__VA_ARGS__, 5); break;                                                                           \
    default: body(__VA_ARGS__, WV_TILE); break;                                                                    \
    }

/* Targets of one tile at most. */
enum { MAX_TILE_TARGETS = 7 };

/* The scores of m hidden rows with n targets, both constants of the caller; `pack` hidden rows share a vector. The
 * smaller group (packs or targets) is kept in registers, and the other one is loaded one by one. */
WV_INLINE void score_tile(float *const *hidden, float *const *targets, float *scores, int size, int m, int pack,
                          int n)
{
    const int k = m / pack, n_sums = (k * n + VEC_SUMS - 1) / VEC_SUMS * VEC_SUMS; /* some at the end stay 0 */
    const int by_targets = k <= n, n_kept = by_targets ? k : n, n_streamed = by_targets ? n : k;
    vec sum[MAX_TILE_TARGETS * WV_TILE + VEC_SUMS], row[MAX_TILE_TARGETS];
    WV_UNROLL
    for (int p = 0; p < n_sums; p++)
        sum[p] = vec_zero();
    for (int at = 0; at < size; at += VEC_LANES / pack) {
        WV_UNROLL
        for (int a = 0; a < n_kept; a++) {
            row[a] = by_targets ? rows_load(hidden + a * pack, at, pack) : row_load_repeated(targets[a], at, pack);
            WV_IN_REGISTER(row[a]);
        }
        WV_UNROLL
        for (int b = 0; b < n_streamed; b++) {
            vec other =
                by_targets ? row_load_repeated(targets[b], at, pack) : rows_load(hidden + b * pack, at, pack);
            WV_IN_REGISTER(other);
            WV_UNROLL
            for (int a = 0; a < n_kept; a++) {
                const int p = by_targets ? b * k + a : a * k + b;
                sum[p] = vec_fma(row[a], other, sum[p]);
            }
        }
    }
    WV_UNROLL
    for (int p = 0; p < n_sums; p += VEC_SUMS) /* lanes behind the last score are overwritten, or have weight 0 */
        vec_store(scores + p * pack, pack == 1 ? vec_sums(sum + p) : vec_sums_packed(sum + p));
}

/* How many hidden rows share a vector. Two rows alone do not: packing them takes as long as it saves. */
WV_INLINE int pack_of(int m) { return m >= 4 && m % VEC_PACK == 0 ? VEC_PACK : 1; }

/* Whether the registers hold all sums of k packs of hidden rows with n targets, and the factors. */
WV_INLINE int tile_fits(int k, int n) { return k * n + (k < n ? k : n) + 1 <= VEC_REGISTERS; }

/* As many targets at a time as registers allow (but not six, which would leave one of the usual seven), then the rest. */
WV_INLINE void score_block(const struct wv_block *block, float *scores, int size, int m)
{
    const int pack = pack_of(m), k = m / pack;
    const int most = tile_fits(k, MAX_TILE_TARGETS) ? MAX_TILE_TARGETS
                     : tile_fits(k, 5)              ? 5
                     : tile_fits(k, 4)              ? 4
                     : tile_fits(k, 3)              ? 3
                                                    : 2;
    float *const *targets = block->targets;
    int j = 0;
    for (; j + most <= block->n; j += most)
        score_tile(block->hidden, targets + j, scores + j * m, size, m, pack, most);
    targets += j;
    scores += j * m;
    switch (block->n - j) { /* cases that `most` excludes are compiled for one target */
    case 6: score_tile(block->hidden, targets, scores, size, m, pack, most > 6 ? 6 : 1); break;
    case 5: score_tile(block->hidden, targets, scores, size, m, pack, most > 5 ? 5 : 1); break;
    case 4: score_tile(block->hidden, targets, scores, size, m, pack, most > 4 ? 4 : 1); break;
    case 3: score_tile(block->hidden, targets, scores, size, m, pack, most > 3 ? 3 : 1); break;
    case 2: score_tile(block->hidden, targets, scores, size, m, pack, most > 2 ? 2 : 1); break;
    case 1: score_tile(block->hidden, targets, scores, size, m, pack, 1); break;
    default: break;
    }
}

/* The scores of all pairs of a block; `size`: values of a row. */
static void score(const struct wv_block *block, struct wv_scratch *scratch, int size)
{
    WV_BY_ROWS(block->m, score_block, block, scratch->scores, size)
}
