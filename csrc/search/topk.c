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

/* queries: n x dim. Fills `packed`, group by group: the first value of each query, then the second, ... */
static void pack(struct wv_queries *q, const float *queries)
{
    int64_t group = q->kernels->group;
    for (int64_t i = 0; i < q->n; i++) {
        float *lane = q->packed + i / group * group * q->dim + i % group;
        for (int64_t d = 0; d < q->dim; d++)
            lane[d * group] = queries[i * q->dim + d];
    }
}

enum wv_status wv_queries_new(const float *queries, int64_t n, int64_t dim, enum wv_isa isa, struct wv_queries **out)
{
    const struct wv_search_kernels *kernels = KERNELS[isa];
    if (!kernels)
        return WV_UNSUPPORTED_ISA;
    int64_t stride = (dim + WV_MAX_LANES - 1) / WV_MAX_LANES * WV_MAX_LANES;
    int64_t groups = (n + kernels->group - 1) / kernels->group;
    struct wv_queries *q = malloc(sizeof *q);
    void *memory = calloc((size_t)(n * stride + groups * kernels->group * dim + WV_MAX_LANES), sizeof(float));
    if (!q || !memory) {
        free(q);
        free(memory);
        return WV_NO_MEMORY;
    }
    float *aligned = (float *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    /* Each of the two sums of dim products is off by at most dim roundings of 2^-24, the norm by half as much. */
    float margin = (float)(3 * dim + 16) * 6e-8f;
    *q = (struct wv_queries){kernels, n, dim, stride, aligned, aligned + n * stride, margin, memory};
    for (int64_t i = 0; i < n; i++)
        memcpy(q->rows + i * stride, queries + i * dim, (size_t)dim * sizeof(float));
    pack(q, queries);
    *out = q;
    return WV_OK;
}

void wv_queries_free(struct wv_queries *queries)
{
    if (queries)
        free(queries->memory);
    free(queries);
}

enum wv_status wv_best_new(const struct wv_queries *queries, int64_t k, struct wv_best **out)
{
    int64_t n = queries->n, group = queries->kernels->group;
    int64_t padded = (n + group - 1) / group * group;
    struct wv_best *best = calloc(1, sizeof *best);
    struct wv_entry *entries = malloc((size_t)(n * k) * sizeof *entries);
    float *limits = malloc((size_t)padded * sizeof *limits);
    if (!best || !entries || !limits) {
        free(best);
        free(entries);
        free(limits);
        return WV_NO_MEMORY;
    }
    for (int64_t i = 0; i < n * k; i++)
        entries[i] = (struct wv_entry){-INFINITY, INT64_MAX};
    for (int64_t i = 0; i < padded; i++)
        limits[i] = i < n ? -INFINITY : INFINITY;
    best->queries = queries;
    best->k = k;
    best->entries = entries;
    best->limits = limits;
    *out = best;
    return WV_OK;
}

void wv_best_free(struct wv_best *best)
{
    if (best) {
        free(best->entries);
        free(best->limits);
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
    best->limits[q] = heap[0].score - best->queries->margin;
}

void wv_best_scan(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first)
{
    best->queries->kernels->scan(best, rows, n, stride, first);
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
        return 0;
    double score = dot / sqrt(squares);
    return (float)(score > 1 ? 1 : score < -1 ? -1 : score);
}
