/* Calls of the kernels: prepare queries for an instruction set, and pass rows to its kernels block by block. In and
 * out: see search.h. Heaps are in best.c, kernels in topk_<isa>.c. */
#include "topk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct wv_search_kernels *const KERNELS[WV_N_ISAS] = {
    [WV_SCALAR] = &wv_search_scalar,
#if WV_X86
    [WV_AVX2] = &wv_search_avx2,
    [WV_AVX512] = &wv_search_avx512,
#endif
#if WV_ARM
    [WV_NEON] = &wv_search_neon,
#endif
};

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Allocate all arrays of `q`, aligned to cache lines. The sizes in `q` are set before. */
static enum wv_status allocate(struct wv_queries *q)
{
    enum { N_ARRAYS = 7 };
    int64_t numbers = 4 * q->padded, packed = q->padded * q->packed_dim * q->kernels->packed_size;
    int64_t sizes[N_ARRAYS] = {4 * q->n * q->stride, numbers, numbers, numbers, numbers, numbers, packed};
    int64_t total = 64;
    for (int i = 0; i < N_ARRAYS; i++)
        total += round_up(sizes[i], 64);
    q->memory = calloc((size_t)total, 1);
    if (!q->memory)
        return WV_NO_MEMORY;
    char *arrays[N_ARRAYS], *next = (char *)(((uintptr_t)q->memory + 63) & ~(uintptr_t)63);
    for (int i = 0; i < N_ARRAYS; i++) {
        arrays[i] = next;
        next += round_up(sizes[i], 64);
    }
    q->rows = (float *)arrays[0];
    q->scale = (float *)arrays[1];
    q->slack = (float *)arrays[2];
    q->row_factor = (float *)arrays[3];
    q->query_error = (float *)arrays[4];
    q->offsets = (int32_t *)arrays[5];
    q->packed = arrays[6];
    return WV_OK;
}

/* Return the largest error of a score in a tile of floats; -infinity if the query is not finite. */
static float slack_of(const struct wv_queries *q, const float *query)
{
    double squares = 0;
    for (int64_t d = 0; d < q->dim; d++)
        squares += (double)query[d] * (double)query[d];
    if (!isfinite(squares))
        return -INFINITY;
    if (squares == 0)
        return 0; /* all scores are 0; the norm of the longest row may be infinite as a float */
    /* Each of two sums of dim products has an error of at most dim roundings of 2^-24, the norm half of it. */
    double length = q->is_product ? sqrt(squares) * (double)q->longest : 1;
    return (float)((double)(3 * q->dim + 32) * 6e-8 * length);
}

static enum wv_status new_queries(const float *queries, int64_t n, int64_t dim, enum wv_isa isa, int is_product,
                                  float longest, struct wv_queries **out)
{
    if ((int)isa < 0 || (int)isa >= WV_N_ISAS || !KERNELS[isa])
        return WV_UNSUPPORTED_ISA;
    const struct wv_search_kernels *kernels = KERNELS[isa];
    int many = n > kernels->group / 2; /* with fewer queries, most of a tile would be padding */
#if WV_X86
    if (many && isa == WV_AVX512 && dim <= WV_MAX_BYTE_DIM && wv_cpu_has_vnni())
        kernels = &wv_search_vnni;
#endif
    struct wv_queries *q = calloc(1, sizeof *q);
    if (!q)
        return WV_NO_MEMORY;
    *q = (struct wv_queries){
        .kernels = kernels, .n = n, .dim = dim, .many = many, .is_product = is_product, .longest = longest};
    q->group = kernels->group;
    q->padded = round_up(n, q->group);
    q->stride = round_up(dim, WV_MAX_LANES);
    q->packed_dim = many ? round_up(dim, 8) : 0;
    if (allocate(q) != WV_OK) {
        free(q);
        return WV_NO_MEMORY;
    }
    for (int64_t i = 0; i < n; i++) {
        memcpy(q->rows + i * q->stride, queries + i * dim, (size_t)dim * sizeof(float));
        q->scale[i] = 1;
        q->slack[i] = slack_of(q, queries + i * dim);
    }
    if (many)
        kernels->pack(q);
    *out = q;
    return WV_OK;
}

enum wv_status wv_queries_new(const float *queries, int64_t n, int64_t dim, enum wv_isa isa,
                              struct wv_queries **out)
{
    return new_queries(queries, n, dim, isa, 0, 1, out);
}

enum wv_status wv_product_queries_new(const float *queries, int64_t n, int64_t dim, float longest, enum wv_isa isa,
                                      struct wv_queries **out)
{
    return new_queries(queries, n, dim, isa, 1, longest, out);
}

void wv_queries_free(struct wv_queries *queries)
{
    if (queries)
        free(queries->memory);
    free(queries);
}

void wv_best_scan(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    const struct wv_search_kernels *kernels = best->queries->kernels;
    for (int64_t i = 0; i < n; i += WV_BLOCK_ROWS) {
        int64_t n_rows = n - i < WV_BLOCK_ROWS ? n - i : WV_BLOCK_ROWS;
        (best->queries->many ? kernels->scan_many : kernels->scan_few)(best, rows + i * stride, n_rows, stride,
                                                                       first + i);
    }
}

void wv_cosines(const struct wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                int64_t out_stride)
{
    queries->kernels->cosines(queries, rows, n, stride, cosines, out_stride);
}
