/* The kernels of propagation: one table for each instruction set. */
#ifndef WILDVEC_PROPAGATE_KERNELS_H
#define WILDVEC_PROPAGATE_KERNELS_H

#include "graph/propagate.h"

/* The functions of propagate.h without `isa`. */
struct wv_propagate_kernels {
    void (*propagate)(const struct wv_propagation *step, int64_t first, int64_t last, const int32_t *stop);
    void (*gram)(const float *rows, const float *weights, int64_t n, int64_t width, double *gram);
    void (*multiply)(const float *from, int64_t n, int64_t width, const float *factors, float *to);
    void (*scale)(float *rows, int64_t n, int64_t width, float length);
};

extern const struct wv_propagate_kernels wv_propagate_scalar, wv_propagate_avx2, wv_propagate_avx512,
    wv_propagate_neon;

#endif
