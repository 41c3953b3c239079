/* The nearest of 256 centroids; the same code for every instruction set. In: columns of points, centroids. Out: codes. The
 * lanes of a vector are points, so no sum and no comparison goes across lanes. */

enum {
    BLOCK_VECS = 2 /* vectors of points that are compared at once, because a comparison depends on the one before */
};

/* Set the codes of n <= BLOCK_VECS * VEC_LANES points. */
WV_INLINE void find_block(const float *points, int64_t stride, int n, const float *centroids, const int dsub,
                          uint8_t *codes, int64_t code_stride)
{
    vec x[BLOCK_VECS][WV_MAX_DSUB], nearest[BLOCK_VECS], smallest[BLOCK_VECS];
    for (int v = 0; v < BLOCK_VECS; v++) {
        int first = v * VEC_LANES < n ? v * VEC_LANES : n, n_lanes = n - first < VEC_LANES ? n - first : VEC_LANES;
        for (int j = 0; j < dsub; j++)
            x[v][j] = vec_load_first(points + j * stride + first, n_lanes);
        nearest[v] = vec_zero();
        smallest[v] = vec_set(INFINITY);
    }
    for (int c = 0; c < WV_CENTROIDS; c++) {
        vec sums[BLOCK_VECS], number = vec_set((float)c);
        WV_UNROLL
        for (int v = 0; v < BLOCK_VECS; v++)
            sums[v] = vec_zero();
        for (int j = 0; j < dsub; j++) {
            vec value = vec_set(centroids[j * WV_CENTROIDS + c]);
            WV_UNROLL
            for (int v = 0; v < BLOCK_VECS; v++) {
                vec difference = vec_sub(x[v][j], value);
                sums[v] = vec_fma(difference, difference, sums[v]);
            }
        }
        WV_UNROLL
        for (int v = 0; v < BLOCK_VECS; v++) {
            nearest[v] = vec_select(smallest[v], sums[v], number, nearest[v]);
            smallest[v] = vec_min(sums[v], smallest[v]);
        }
    }
    float numbers[BLOCK_VECS * VEC_LANES];
    for (int v = 0; v < BLOCK_VECS; v++)
        vec_store(numbers + v * VEC_LANES, nearest[v]);
    for (int i = 0; i < n; i++)
        codes[i * code_stride] = (uint8_t)numbers[i];
}

WV_INLINE void find_all(const struct wv_points *points, const float *centroids, const int dsub, uint8_t *codes,
                        int64_t code_stride)
{
    enum { BLOCK = BLOCK_VECS * VEC_LANES };
    for (int64_t i = 0; i < points->n; i += BLOCK) {
        int n = points->n - i < BLOCK ? (int)(points->n - i) : BLOCK;
        find_block(points->values + i, points->stride, n, centroids, dsub, codes + i * code_stride, code_stride);
    }
}

/* The usual numbers of columns are constants, so that the points stay in registers. */
static void find_nearest(const struct wv_points *points, const float *centroids, uint8_t *codes,
                         int64_t code_stride)
{
    switch (points->dsub) {
    case 1: find_all(points, centroids, 1, codes, code_stride); break;
    case 2: find_all(points, centroids, 2, codes, code_stride); break;
    default: find_all(points, centroids, points->dsub, codes, code_stride);
    }
}
