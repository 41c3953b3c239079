/* The kernel of k-means for AVX-512. */
#include "cpu.h"
#include "isa/region.h"
#include "nearest.h"

#include <math.h>
#include <stdint.h>

#if WV_X86
#include <immintrin.h>

WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#include "isa/vec_avx512.h"
#include "nearest.inc.h"

void wv_nearest_avx512(const struct wv_points *points, const float *centroids, uint8_t *codes, int64_t code_stride)
{
    find_nearest(points, centroids, codes, code_stride);
}
WV_REGION_END
#endif
