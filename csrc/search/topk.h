/* What the portable part of the search and its bodies for each instruction set share. */
#ifndef WILDVEC_TOPK_H
#define WILDVEC_TOPK_H

#include "search.h"

#include <stdint.h>

enum {
    WV_BLOCK_ROWS = 128, /* rows that stay in the second-level cache while all queries pass over them */
    WV_MAX_LANES = 16,
};

struct wv_search_kernels {
    int64_t group; /* queries whose scores a tile works out at once */
    void (*scan)(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first);
    void (*cosines)(const struct wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                    int64_t out_stride);
};

struct wv_queries {
    const struct wv_search_kernels *kernels;
    int64_t n, dim;
    int64_t stride; /* floats from one row of `rows` to the next: a multiple of WV_MAX_LANES */
    float *rows;    /* n x stride, zeros behind dim */
    float *packed;  /* groups x dim x group: lanes are queries, zeros behind query n */
    float margin;   /* bounds the difference between a tile's score and that of the ranking */
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
    float lanes[WV_MAX_LANES * WV_MAX_LANES];
};

extern const struct wv_search_kernels wv_search_scalar, wv_search_avx2, wv_search_avx512, wv_search_neon;

/* Enters a row in the heap of query q if it is better than the worst there. */
void wv_best_push(struct wv_best *best, int64_t q, float score, int64_t row);

/* The score, in double precision, of a row so long or short that float squares do not serve; zeros score 0. */
float wv_extreme_score(const float *row, const float *query, int64_t dim);

#endif
