/* What a search is made of, for its kernels and for what calls them: prepared queries, and heaps that rows enter. */
#ifndef WILDVEC_BEST_H
#define WILDVEC_BEST_H

#include "search.h"

#include <stdint.h>

enum {
    WV_BLOCK_ROWS = 128, /* rows that stay in the second-level cache while all queries pass over them */
    WV_MAX_LANES = 16,
    WV_MOST_BYTES = 1 << 15, /* dims whose sums of products of bytes fit in int32 */
};

struct wv_queries {
    const struct wv_search_kernels *kernels;
    int64_t n, dim;
    int64_t group;      /* queries whose scores a tile of the kernels works out at once */
    int64_t padded;     /* n rounded up to whole groups */
    int many;           /* enough of them for tiles */
    int64_t stride;     /* floats from one row of `rows` to the next: dim rounded up to WV_MAX_LANES */
    int64_t packed_dim; /* dim rounded up to 8; 0 without tiles */
    float *rows;        /* n x stride, zeros behind dim */
    void *packed;       /* groups of queries side by side, zeros behind dim and n; only if `many` */
    /* A tile's score of query q is scale[q] times the cosine, and wrong by at most slack[q] * scale[q], in bytes also
     * by reach[q] times the relative error of the row. Whole groups of numbers, as in offsets. A slack of -infinity
     * marks a query that is not finite. */
    float *scale, *slack, *reach;
    int32_t *offsets; /* what a sum of bytes starts at (topk_vnni.c) */
    void *memory;
};

struct wv_entry {
    float score;
    int64_t row;
};

struct wv_best {
    const struct wv_queries *queries;
    int64_t k;
    struct wv_entry *entries; /* n x k: one heap for each query, its worst at the root */
    float *limits;            /* a tile's score at or below limits[q] cannot enter the heap of q */
    uint8_t *bytes;           /* scratch, WV_BLOCK_ROWS x queries->stride */
};

/* Fills `packed`, group by group: the first number of each query, then the second, ... */
void wv_pack_floats(struct wv_queries *queries);

/* Enters a row in the heap of query q if it is better than the worst there. */
void wv_best_push(struct wv_best *best, int64_t q, float score, int64_t row);

/* The score, in double precision, of a row so long or short that float squares do not serve; zeros score 0. */
float wv_extreme_score(const float *row, const float *query, int64_t dim);

#endif
