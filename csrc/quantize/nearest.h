/* The kernel of k-means: one function for each instruction set. */
#ifndef WILDVEC_NEAREST_H
#define WILDVEC_NEAREST_H

#include "quantize.h"

#include <stdint.h>

/* As wv_find_nearest. */
typedef void wv_nearest(const struct wv_points *points, const float *centroids, uint8_t *codes,
                        int64_t code_stride);

extern wv_nearest wv_nearest_scalar, wv_nearest_avx2, wv_nearest_avx512, wv_nearest_neon;

#endif
