/* Products of small matrices in scratch memory: c = a b, without packing; a tile of c is in registers.
 *
 * c: (rows, columns), b: (inner, columns), row-major with strides c_stride, b_stride. a(r, k) is a[r * a_row + k * a_inner], so a may
 * be transposed. rows is a multiple of MULTIPLY_ROWS, columns of VEC_LANES; rows of c and b have space for whole vectors. */

enum { MULTIPLY_ROWS = 4, MULTIPLY_VECS = VEC_REGISTERS == 32 ? 4 : 2 };

struct multiply {
    const float *a, *b;
    float *c;
    int64_t a_row, a_inner, b_stride, c_stride;
    int rows, inner, columns;
};

/* MULTIPLY_ROWS rows from `row` on, n_vecs vectors of columns from `at` on; n_vecs is a constant of the caller. */
WV_INLINE void multiply_tile(const struct multiply *m, int row, int at, int n_vecs)
{
    vec sums[MULTIPLY_ROWS][MULTIPLY_VECS];
    const float *a = m->a + row * m->a_row, *b = m->b + at;
    WV_UNROLL
    for (int r = 0; r < MULTIPLY_ROWS; r++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            sums[r][v] = vec_zero();
    }
    for (int k = 0; k < m->inner; k++, a += m->a_inner, b += m->b_stride) {
        vec of_b[MULTIPLY_VECS];
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            of_b[v] = vec_load(b + v * VEC_LANES);
        WV_UNROLL
        for (int r = 0; r < MULTIPLY_ROWS; r++) {
            const vec of_a = vec_set(a[r * m->a_row]);
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++)
                sums[r][v] = vec_fma(of_a, of_b[v], sums[r][v]);
        }
    }
    WV_UNROLL
    for (int r = 0; r < MULTIPLY_ROWS; r++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            vec_store(m->c + (row + r) * m->c_stride + at + v * VEC_LANES, sums[r][v]);
    }
}

/* All rows, n_vecs vectors of columns. The columns of b stay in the L1 cache. */
WV_INLINE void multiply_columns(const struct multiply *m, int at, int n_vecs)
{
    for (int row = 0; row < m->rows; row += MULTIPLY_ROWS)
        multiply_tile(m, row, at, n_vecs);
}

WV_APART void multiply(const struct multiply *m)
{
    int at = 0;
    for (; at + MULTIPLY_VECS * VEC_LANES <= m->columns; at += MULTIPLY_VECS * VEC_LANES)
        multiply_columns(m, at, MULTIPLY_VECS);
    for (; at + 2 * VEC_LANES <= m->columns; at += 2 * VEC_LANES)
        multiply_columns(m, at, 2);
    for (; at < m->columns; at += VEC_LANES)
        multiply_columns(m, at, 1);
}
