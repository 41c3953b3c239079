/* Means of rows. In: rows of floats, and lists of row numbers. Out: the mean of the rows of each list. */
#include "search.h"

#include <string.h>

void wv_mean_rows(const float *rows, int64_t stride, int64_t dim, const int32_t *ids, const int64_t *offsets,
                  int64_t n, float *means)
{
    for (int64_t i = 0; i < n; i++) {
        float *restrict mean = means + i * dim;
        const int64_t first = offsets[i], end = offsets[i + 1];
        memset(mean, 0, (size_t)dim * sizeof *mean);
        for (int64_t k = first; k < end; k++) {
            const float *restrict row = rows + ids[k] * stride;
            for (int64_t d = 0; d < dim; d++)
                mean[d] += row[d];
        }
        const float scale = end > first ? 1 / (float)(end - first) : 0;
        for (int64_t d = 0; d < dim; d++)
            mean[d] *= scale;
    }
}
