/* The part of the search that no instruction set changes: memory, heaps, merging, writing the answer.
 * In and out: see search.h. The scores themselves are not here (topk.inc.h). */
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

void wv_pack_floats(struct wv_queries *queries)
{
    int64_t group = queries->kernels->group;
    float *packed = queries->packed;
    for (int64_t q = 0; q < queries->n; q++)
        for (int64_t d = 0; d < queries->dim; d++)
            packed[(q / group * queries->packed_dim + d) * group + q % group] =
                queries->rows[q * queries->stride + d];
}

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Takes room for all arrays of `q`, whose sizes are set, at addresses of whole cache lines. */
static enum wv_status allocate(struct wv_queries *q)
{
    int64_t padded = round_up(q->n, q->kernels->group);
    enum { N_ARRAYS = 6 };
    int64_t sizes[N_ARRAYS] = {4 * q->n * q->stride, 4 * padded, 4 * padded,
                               4 * padded,           4 * padded, padded * q->packed_dim * q->kernels->packed_size};
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
    q->reach = (float *)arrays[3];
    q->offsets = (int32_t *)arrays[4];
    q->packed = arrays[5];
    return WV_OK;
}

static int is_finite(const float *row, int64_t dim)
{
    float sum = 0;
    for (int64_t d = 0; d < dim; d++)
        sum += row[d] * 0;
    return sum == 0;
}

enum wv_status wv_queries_new(const float *queries, int64_t n, int64_t dim, enum wv_isa isa,
                              struct wv_queries **out)
{
    const struct wv_search_kernels *kernels = KERNELS[isa];
    if (!kernels)
        return WV_UNSUPPORTED_ISA;
    int many = n > kernels->group / 2; /* for fewer a tile would mostly work out padding */
#if WV_X86
    if (many && isa == WV_AVX512 && dim <= WV_MOST_BYTES && wv_cpu_has_vnni())
        kernels = &wv_search_vnni;
#endif
    struct wv_queries *q = calloc(1, sizeof *q);
    if (!q)
        return WV_NO_MEMORY;
    *q = (struct wv_queries){.kernels = kernels, .n = n, .dim = dim, .many = many};
    q->stride = round_up(dim, WV_MAX_LANES);
    q->packed_dim = many ? round_up(dim, 8) : 0;
    if (allocate(q) != WV_OK) {
        free(q);
        return WV_NO_MEMORY;
    }
    for (int64_t i = 0; i < n; i++) {
        memcpy(q->rows + i * q->stride, queries + i * dim, (size_t)dim * sizeof(float));
        q->scale[i] = 1;
        /* Either of two sums of dim products is off by at most dim roundings of 2^-24, the norm by half as much. */
        q->slack[i] = is_finite(queries + i * dim, dim) ? (float)(3 * dim + 32) * 6e-8f : -INFINITY;
    }
    if (many)
        kernels->pack(q);
    *out = q;
    return WV_OK;
}

void wv_queries_free(struct wv_queries *queries)
{
    if (queries)
        free(queries->memory);
    free(queries);
}

/* What a tile's score of query q must exceed for the score to exceed `worst`. NaN, which nothing exceeds, for a query
 * that is not finite. */
static float limit_of(const struct wv_queries *queries, int64_t q, float worst)
{
    return (worst - queries->slack[q]) * queries->scale[q];
}

enum wv_status wv_best_new(const struct wv_queries *queries, int64_t k, struct wv_best **out)
{
    int64_t n = queries->n, padded = round_up(n, queries->kernels->group);
    struct wv_best *best = calloc(1, sizeof *best);
    if (!best)
        return WV_NO_MEMORY;
    best->queries = queries;
    best->k = k;
    best->entries = malloc((size_t)(n * k) * sizeof *best->entries);
    best->limits = malloc((size_t)padded * sizeof *best->limits);
    best->bytes = malloc((size_t)(WV_BLOCK_ROWS * queries->stride));
    if (!best->entries || !best->limits || !best->bytes) {
        wv_best_free(best);
        return WV_NO_MEMORY;
    }
    for (int64_t i = 0; i < n * k; i++)
        best->entries[i] = (struct wv_entry){-INFINITY, INT64_MAX};
    for (int64_t i = 0; i < padded; i++)
        best->limits[i] = i < n ? limit_of(queries, i, -INFINITY) : INFINITY;
    *out = best;
    return WV_OK;
}

void wv_best_free(struct wv_best *best)
{
    if (best) {
        free(best->entries);
        free(best->limits);
        free(best->bytes);
    }
    free(best);
}

static int worse(struct wv_entry a, struct wv_entry b)
{
    return a.score < b.score || (a.score == b.score && a.row > b.row);
}

/* Puts `entry` at the root of heap[k] in place of what stood there, and lets it sink. */
static void replace_root(struct wv_entry *heap, int64_t k, struct wv_entry entry)
{
    int64_t i = 0;
    for (int64_t child; (child = 2 * i + 1) < k; i = child) {
        if (child + 1 < k && worse(heap[child + 1], heap[child]))
            child++;
        if (!worse(heap[child], entry))
            break;
        heap[i] = heap[child];
    }
    heap[i] = entry;
}

void wv_best_push(struct wv_best *best, int64_t q, float score, int64_t row)
{
    struct wv_entry *heap = best->entries + q * best->k;
    struct wv_entry entry = {score, row};
    if (!worse(heap[0], entry))
        return;
    replace_root(heap, best->k, entry);
    best->limits[q] = limit_of(best->queries, q, heap[0].score);
}

void wv_best_scan(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    const struct wv_search_kernels *kernels = best->queries->kernels;
    for (int64_t i = 0; i < n; i += WV_BLOCK_ROWS) {
        int64_t some = n - i < WV_BLOCK_ROWS ? n - i : WV_BLOCK_ROWS;
        (best->queries->many ? kernels->scan_many : kernels->scan_few)(best, rows + i * stride, some, stride,
                                                                       first + i);
    }
}

void wv_best_offer(struct wv_best *best, const float *scores, int64_t n, int64_t first)
{
    for (int64_t i = 0; i < n; i++)
        if (scores[i] > best->entries[0].score)
            wv_best_push(best, 0, scores[i], first + i);
}

void wv_best_merge(struct wv_best *best, const struct wv_best *from)
{
    for (int64_t q = 0; q < best->queries->n; q++)
        for (int64_t i = q * best->k; i < (q + 1) * best->k; i++)
            wv_best_push(best, q, from->entries[i].score, from->entries[i].row);
}

void wv_best_write(struct wv_best *best, float *scores, int64_t *rows)
{
    int64_t k = best->k;
    for (int64_t q = 0; q < best->queries->n; q++) {
        struct wv_entry *heap = best->entries + q * k;
        for (int64_t i = k - 1; i >= 0; i--) { /* the worst of i + 1 entries goes to place i */
            struct wv_entry worst = heap[0];
            replace_root(heap, i, heap[i]);
            int ranks = worst.row != INT64_MAX;
            scores[q * k + i] = ranks ? worst.score : NAN;
            rows[q * k + i] = ranks ? worst.row : -1;
        }
    }
}

void wv_cosines(const struct wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                int64_t out_stride)
{
    queries->kernels->cosines(queries, rows, n, stride, cosines, out_stride);
}

float wv_extreme_score(const float *row, const float *query, int64_t dim)
{
    double dot = 0, squares = 0;
    for (int64_t d = 0; d < dim; d++) {
        dot += (double)row[d] * (double)query[d];
        squares += (double)row[d] * (double)row[d];
    }
    if (squares == 0)
        return (float)dot; /* 0, or NaN with such a query */
    double score = dot / sqrt(squares);
    return (float)(score > 1 ? 1 : score < -1 ? -1 : score);
}
