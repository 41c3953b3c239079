/* Product quantisation (Jégou, Douze, Schmid 2011): k-means on a few columns of a matrix. In: columns of points. Out: 256
 * centroids, and the number of the nearest centroid of each point. Threads and the split into columns are in Python. */
#ifndef WILDVEC_QUANTIZE_H
#define WILDVEC_QUANTIZE_H

#include "cpu.h"
#include "status.h"

#include <stdint.h>

enum {
    WV_CENTROIDS = 256, /* so that a code is one byte */
    WV_MAX_DSUB = 64,   /* the most columns of one codebook */
};

/* n points of dsub finite floats: value j of point i is values[j * stride + i]. */
struct wv_points {
    const float *values;
    int64_t n, stride;
    int dsub; /* 1 … WV_MAX_DSUB */
};

/* Set codes[i * code_stride] to the number of the centroid nearest to point i, the first of equal ones. centroids: dsub x
 * WV_CENTROIDS floats, value j of centroid c at [j * WV_CENTROIDS + c]. */
enum wv_status wv_find_nearest(const struct wv_points *points, const float *centroids, uint8_t *codes,
                               int64_t code_stride, enum wv_isa isa);

/* One iteration of k-means: set codes[n] to the nearest centroids, then move each centroid to the mean of its points. A
 * centroid without points takes half of those of the largest cluster. */
enum wv_status wv_kmeans_step(const struct wv_points *points, float *centroids, uint8_t *codes, enum wv_isa isa);

#endif
