/* The kernels of a search: one table for each instruction set. */
#ifndef WILDVEC_TOPK_H
#define WILDVEC_TOPK_H

#include "best.h"

#include <stdint.h>

struct wv_search_kernels {
    int64_t group;       /* queries in one tile */
    int64_t packed_size; /* size of a packed number in bytes */
    void (*pack)(struct wv_queries *queries);
    /* Scan n <= WV_BLOCK_ROWS rows: for one query after the other, or for all of them in tiles. */
    void (*scan_few)(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first);
    void (*scan_many)(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first);
    void (*cosines)(const struct wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                    int64_t out_stride);
};

extern const struct wv_search_kernels wv_search_scalar, wv_search_avx2, wv_search_avx512, wv_search_neon;
/* AVX-512 with tiles of bytes, a fourth of the work; for CPUs with VNNI. */
extern const struct wv_search_kernels wv_search_vnni;

#endif
