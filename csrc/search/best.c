/* The part of a search that is the same for all instruction sets: heaps, their merge, output, and shared arithmetic.
 * In and out: see best.h and search.h. The kernels that fill the heaps are in scan.inc.h and tile.inc.h. */
#include "best.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void wv_pack_floats(struct wv_queries *queries)
{
    int64_t group = queries->group;
    float *packed = queries->packed;
    for (int64_t q = 0; q < queries->n; q++)
        for (int64_t d = 0; d < queries->dim; d++)
            packed[(q / group * queries->packed_dim + d) * group + q % group] =
                queries->rows[q * queries->stride + d];
}

float wv_extreme_score(const float *row, const float *query, int64_t dim)
{
    double dot = 0, squares = 0;
    for (int64_t d = 0; d < dim; d++) {
        dot += (double)row[d] * (double)query[d];
        squares += (double)row[d] * (double)row[d];
    }
    if (squares == 0)
        return (float)dot; /* 0, or NaN if the query holds a NaN */
    double score = dot / sqrt(squares);
    return (float)(score > 1 ? 1 : score < -1 ? -1 : score);
}

/* Return the score in a tile above which the score of query q may be above `worst`. It is NaN for a query that is not
 * finite, so that no score is above it. */
static float limit_of(const struct wv_queries *queries, int64_t q, float worst)
{
    return (worst - queries->slack[q]) * queries->scale[q];
}

enum wv_status wv_best_new(const struct wv_queries *queries, int64_t k, struct wv_best **out)
{
    int64_t n = queries->n, padded = queries->padded;
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

/* Replace the root of heap[k] by `entry` and restore the order of the heap. */
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

void wv_best_exclude(struct wv_best *best, const int64_t *offsets, const int32_t *ids)
{
    best->excluded_offsets = offsets;
    best->excluded = ids;
}

/* Return nonzero if `row` is among the excluded rows of query q. */
static int is_excluded(const struct wv_best *best, int64_t q, int64_t row)
{
    if (!best->excluded_offsets)
        return 0;
    int64_t low = best->excluded_offsets[q], high = best->excluded_offsets[q + 1], end = high;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (best->excluded[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && best->excluded[low] == row;
}

void wv_best_push(struct wv_best *best, int64_t q, float score, int64_t row)
{
    struct wv_entry *heap = best->entries + q * best->k;
    struct wv_entry entry = {score, row};
    if (!worse(heap[0], entry) || is_excluded(best, q, row))
        return;
    replace_root(heap, best->k, entry);
    best->limits[q] = limit_of(best->queries, q, heap[0].score);
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
        for (int64_t i = k - 1; i >= 0; i--) { /* the worst of i + 1 entries goes to index i */
            struct wv_entry worst = heap[0];
            replace_root(heap, i, heap[i]);
            int is_row = worst.row != INT64_MAX;
            scores[q * k + i] = is_row ? worst.score : NAN;
            rows[q * k + i] = is_row ? worst.row : -1;
        }
    }
}
