/* Propagation: the choice of the instruction set. The arithmetic is in propagate.inc.h. */
#include "graph/propagate_kernels.h"

static const struct wv_propagate_kernels *kernels_of(enum wv_isa isa)
{
    switch (isa) {
#if WV_X86
    case WV_AVX2: return &wv_propagate_avx2;
    case WV_AVX512: return &wv_propagate_avx512;
#endif
#if WV_ARM
    case WV_NEON: return &wv_propagate_neon;
#endif
    default: return &wv_propagate_scalar;
    }
}

void wv_propagate(const struct wv_propagation *step, int64_t first, int64_t last, enum wv_isa isa,
                  const int32_t *stop)
{
    kernels_of(isa)->propagate(step, first, last, stop);
}

void wv_gram(const float *rows, const float *weights, int64_t n, int64_t width, enum wv_isa isa, double *gram)
{
    kernels_of(isa)->gram(rows, weights, n, width, gram);
}

void wv_multiply_rows(const float *from, int64_t n, int64_t width, const float *factors, enum wv_isa isa, float *to)
{
    kernels_of(isa)->multiply(from, n, width, factors, to);
}

void wv_scale_rows(float *rows, int64_t n, int64_t width, float length, enum wv_isa isa)
{
    kernels_of(isa)->scale(rows, n, width, length);
}
