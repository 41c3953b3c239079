/* The kernel of k-means in plain C. */
#include "cpu.h"
#include "isa/region.h"
#include "nearest.h"

#include <math.h>
#include <stdint.h>

#include "isa/vec_scalar.h"
#include "nearest.inc.h"

void wv_nearest_scalar(const struct wv_points *points, const float *centroids, uint8_t *codes, int64_t code_stride)
{
    find_nearest(points, centroids, codes, code_stride);
}
