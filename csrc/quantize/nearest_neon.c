/* The kernel of k-means for NEON. */
#include "cpu.h"
#include "isa/region.h"
#include "nearest.h"

#include <math.h>
#include <stdint.h>

#if WV_ARM
#include <arm_neon.h>

#include "isa/vec_neon.h"
#include "nearest.inc.h"

void wv_nearest_neon(const struct wv_points *points, const float *centroids, uint8_t *codes, int64_t code_stride)
{
    find_nearest(points, centroids, codes, code_stride);
}
#endif
