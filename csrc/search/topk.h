/* The table that each instruction set fills: the kernels of a search. */
#ifndef WILDVEC_TOPK_H
#define WILDVEC_TOPK_H

#include "best.h"

#include <stdint.h>

struct wv_search_kernels {
    int64_t group;       /* queries whose scores a tile works out at once */
    int64_t packed_size; /* bytes of a packed number */
    void (*pack)(struct wv_queries *queries);
    /* n <= WV_BLOCK_ROWS rows, against each query by itself or against all of them in tiles. */
    void (*scan_few)(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first);
    void (*scan_many)(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first);
    void (*cosines)(const struct wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                    int64_t out_stride);
};

extern const struct wv_search_kernels wv_search_scalar, wv_search_avx2, wv_search_avx512, wv_search_neon;
/* AVX-512 whose tiles are in bytes, a fourth of the work; for processors with VNNI. */
extern const struct wv_search_kernels wv_search_vnni;

#endif
