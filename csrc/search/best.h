/* The two structures of a search, for its kernels and their callers: prepared queries, and a heap for each query. */
#ifndef WILDVEC_BEST_H
#define WILDVEC_BEST_H

#include "search.h"

#include <stdint.h>

enum {
    WV_BLOCK_ROWS = 128, /* rows in a block; it stays in the second-level cache while all queries are multiplied */
    WV_MAX_LANES = 16,
    WV_MAX_BYTE_DIM = 1 << 15, /* largest dim whose sums of products of bytes fit in int32 */
};

struct wv_queries {
    const struct wv_search_kernels *kernels;
    int64_t n, dim;
    int64_t group;      /* queries in one tile of the kernels */
    int64_t padded;     /* n rounded up to whole groups */
    int many;           /* nonzero if n is large enough for tiles */
    int is_product;     /* nonzero: scores are dot products, not cosines */
    float longest;      /* the largest length of a row, for bounds of errors: 1 for cosines */
    int64_t stride;     /* floats from one row of `rows` to the next: dim rounded up to WV_MAX_LANES */
    int64_t packed_dim; /* dim rounded up to 8; 0 without tiles */
    float *rows;        /* n x stride, with zeros after dim */
    void *packed;       /* the queries of a group interleaved, with zeros after dim and n; only if `many` */
    /* Arrays of `padded` numbers. The score of query q in a tile is scale[q] times the score. Its error is at most
     * slack[q] * scale[q]; in a tile of bytes, row_factor[q] times the error of the row (for cosines: the relative error) is added. slack[q] is
     * -infinity if query q is not finite. query_error[q]: for products of bytes, the relative error of query q. */
    float *scale, *slack, *row_factor, *query_error;
    int32_t *offsets; /* the initial value of a sum of products of bytes (topk_vnni.c) */
    void *memory;
};

struct wv_entry {
    float score;
    int64_t row;
};

struct wv_best {
    const struct wv_queries *queries;
    int64_t k;
    struct wv_entry *entries; /* n x k: one heap for each query, the worst entry at its root */
    float *limits;  /* a row cannot enter the heap of query q if its score in a tile is at most limits[q] */
    uint8_t *bytes; /* scratch, WV_BLOCK_ROWS x queries->stride */
    const int64_t *excluded_offsets; /* n + 1; NULL: no row is excluded */
    const int32_t *excluded;
};

/* Fill `packed` group by group: the first number of each query, then the second number of each, ... */
void wv_pack_floats(struct wv_queries *queries);

/* Put a row into the heap of query q if it is better than the worst entry. */
void wv_best_push(struct wv_best *best, int64_t q, float score, int64_t row);

/* Return the score of a row whose float squares overflow or lose digits, in double precision; 0 for a zero row. */
float wv_extreme_score(const float *row, const float *query, int64_t dim);

#endif
