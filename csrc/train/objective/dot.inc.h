/* The first pass of a step over rows. In: row pointers. Out: the scores of all pairs. What becomes of them is not here
 * (see step).
 *
 * m, the number of hidden rows, is a constant of the caller, so that they and their sums stay in registers while target
 * rows stream past. Pair (i, j) of a block lies at [j * m + i]. */

/* All products of n packs of rows that registers hold with n_other rows that pass by, lanes not yet summed: that of pack a
 * with other row b goes to partial[(a * step + b * other_step) * VEC_LANES]. Both numbers, at most WV_TILE and 7, and
 * pack, how many rows a pack is, are constants of the caller. */
WV_INLINE void dot_tile(float *const *rows, int n, int step, float *const *other_rows, int n_other, int other_step,
                        float *partial, int size, int pack)
{
    vec sum[7][7];
    WV_UNROLL
    for (int b = 0; b < n_other; b++) {
        WV_UNROLL
        for (int a = 0; a < n; a++)
            sum[b][a] = vec_zero();
    }
    for (int at = 0; at < size; at += VEC_LANES / pack) {
        vec row[7];
        WV_UNROLL
        for (int a = 0; a < n; a++) {
            row[a] = rows_load(rows + a * pack, at, pack);
            WV_IN_REGISTER(row[a]);
        }
        WV_UNROLL
        for (int b = 0; b < n_other; b++) {
            vec other = row_load_repeated(other_rows[b], at, pack);
            WV_IN_REGISTER(other);
            WV_UNROLL
            for (int a = 0; a < n; a++)
                sum[b][a] = vec_fma(row[a], other, sum[b][a]);
        }
    }
    WV_UNROLL
    for (int b = 0; b < n_other; b++) {
        WV_UNROLL
        for (int a = 0; a < n; a++)
            vec_store(partial + (int64_t)(a * step + b * other_step) * VEC_LANES, sum[b][a]);
    }
}

/* Packs i … i + n_packs of hidden rows, of which there are k, with targets j … j + n. Registers hold what is fewer, or
 * what is packed. */
WV_INLINE void dot_part(const struct wv_block *block, float *partial, int size, int k, int pack, int i, int n_packs,
                        int j, int n)
{
    partial += (int64_t)(j * k + i) * VEC_LANES;
    if (pack > 1 || n_packs < n)
        dot_tile(block->hidden + i * pack, n_packs, 1, block->targets + j, n, k, partial, size, pack);
    else
        dot_tile(block->targets + j, n, k, block->hidden + i, n_packs, 1, partial, size, 1);
}

/* All hidden rows with n targets: in two halves where registers do not hold all their sums. */
WV_INLINE void dot_rows(const struct wv_block *block, float *partial, int size, int k, int pack, int j, int n)
{
    const int half = k * n + (k < n ? k : n) >= VEC_REGISTERS ? (k + 1) / 2 : k;
    dot_part(block, partial, size, k, pack, 0, half, j, n);
    if (half < k)
        dot_part(block, partial, size, k, pack, half, k - half, j, n);
}

/* How many hidden rows share a vector. Two rows alone do not: to put them together takes as long as it saves. */
WV_INLINE int pack_of(int m) { return m >= 4 && m % VEC_PACK == 0 ? VEC_PACK : 1; }

/* Four targets at a time, or seven if few rows leave registers for them; then the rest at once. */
WV_INLINE void dot_block(const struct wv_block *block, float *partial, int size, int m)
{
    const int pack = pack_of(m), k = m / pack;
    const int most = 8 * k + 1 <= VEC_REGISTERS ? 7 : 4; /* 7 k sums, k packs and a target */
    int j = 0;
    for (; j + most <= block->n; j += most)
        dot_rows(block, partial, size, k, pack, j, most);
    switch (block->n - j) { /* what `most` rules out is compiled as the least there is */
    case 6: dot_rows(block, partial, size, k, pack, j, most > 6 ? 6 : 1); break;
    case 5: dot_rows(block, partial, size, k, pack, j, most > 5 ? 5 : 1); break;
    case 4: dot_rows(block, partial, size, k, pack, j, most > 4 ? 4 : 1); break;
    case 3: dot_rows(block, partial, size, k, pack, j, 3); break;
    case 2: dot_rows(block, partial, size, k, pack, j, 2); break;
    case 1: dot_rows(block, partial, size, k, pack, j, 1); break;
    default: break;
    }
}

/* The sums of n products' lanes. */
WV_INLINE void sum_lanes(const float *partial, int n, int pack, float *sums)
{
    for (int p = 0; p < n; p += VEC_LANES) {
        const float *products = partial + (int64_t)p * VEC_LANES / pack;
        vec_store(sums + p, pack == 1 ? vec_sums(products) : vec_sums_packed(products));
    }
}
