/* k-means with 256 centroids (Lloyd 1982). In and out: see quantize.h. The nearest centroids are found in nearest.inc.h. */
#include "nearest.h"
#include "quantize.h"

#include <stdlib.h>

static wv_nearest *const NEAREST[WV_N_ISAS] = {
    [WV_SCALAR] = wv_nearest_scalar,
#if WV_X86
    [WV_AVX2] = wv_nearest_avx2,
    [WV_AVX512] = wv_nearest_avx512,
#endif
#if WV_ARM
    [WV_NEON] = wv_nearest_neon,
#endif
};

enum wv_status wv_find_nearest(const struct wv_points *points, const float *centroids, uint8_t *codes,
                               int64_t code_stride, enum wv_isa isa)
{
    if ((int)isa < 0 || (int)isa >= WV_N_ISAS || !NEAREST[isa])
        return WV_UNSUPPORTED_ISA;
    NEAREST[isa](points, centroids, codes, code_stride);
    return WV_OK;
}

/* Set counts[c] to the number of points of each centroid, and each centroid that has points to their mean. */
static void move_to_means(const struct wv_points *points, float *centroids, const uint8_t *codes, int64_t *counts)
{
    for (int64_t i = 0; i < points->n; i++)
        counts[codes[i]]++;
    for (int j = 0; j < points->dsub; j++) {
        const float *values = points->values + j * points->stride;
        double sums[WV_CENTROIDS] = {0};
        for (int64_t i = 0; i < points->n; i++)
            sums[codes[i]] += (double)values[i];
        for (int c = 0; c < WV_CENTROIDS; c++)
            if (counts[c])
                centroids[j * WV_CENTROIDS + c] = (float)(sums[c] / (double)counts[c]);
    }
}

/* Move each centroid without points to the centroid of the largest cluster. The two then differ by 1/1024 of each value, so
 * that each gets a part of the points in the next iteration. */
static void split_large_clusters(int dsub, float *centroids, int64_t *counts)
{
    const float change = 1 / 1024.0f;
    for (int empty = 0; empty < WV_CENTROIDS; empty++) {
        int largest = 0;
        if (counts[empty])
            continue;
        for (int c = 1; c < WV_CENTROIDS; c++)
            if (counts[c] > counts[largest])
                largest = c;
        for (int j = 0; j < dsub; j++) {
            float *values = centroids + j * WV_CENTROIDS, value = values[largest];
            values[empty] = value * (j % 2 ? 1 - change : 1 + change);
            values[largest] = value * (j % 2 ? 1 + change : 1 - change);
        }
        counts[empty] = counts[largest] / 2;
        counts[largest] -= counts[empty];
    }
}

enum wv_status wv_kmeans_step(const struct wv_points *points, float *centroids, uint8_t *codes, enum wv_isa isa)
{
    int64_t counts[WV_CENTROIDS] = {0};
    enum wv_status status = wv_find_nearest(points, centroids, codes, 1, isa);
    if (status != WV_OK)
        return status;
    move_to_means(points, centroids, codes, counts);
    split_large_clusters(points->dsub, centroids, counts);
    return WV_OK;
}
