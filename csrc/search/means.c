/* Means of rows. In: rows of floats, and lists of row numbers. Out: the mean of the rows of each list. */
#include "isa/region.h"
#include "search.h"

#include <string.h>

enum { ROWS_AHEAD = 6, FLOATS_OF_LINE = 16 }; /* rows that are prefetched; floats of a cache line */

static void prefetch_row(const struct wv_row_lists *lists, int64_t k)
{
    const float *row = lists->rows + lists->ids[k] * lists->stride;
    for (int64_t d = 0; lists->ids[k] >= 0 && d < lists->dim; d += FLOATS_OF_LINE)
        WV_PREFETCH(row + d);
}

/* Sets `mean` to the first row of list i and adds its others. Returns the number of rows. */
static int64_t add_rows(const struct wv_row_lists *lists, int64_t i, float *restrict mean)
{
    const int64_t dim = lists->dim, last = lists->offsets[lists->n];
    if (lists->own)
        memcpy(mean, lists->own + i * lists->own_stride, (size_t)dim * sizeof *mean);
    else
        memset(mean, 0, (size_t)dim * sizeof *mean);
    int64_t n_rows = lists->own != NULL;
    for (int64_t k = lists->offsets[i]; k < lists->offsets[i + 1]; k++) {
        if (k + ROWS_AHEAD < last)
            prefetch_row(lists, k + ROWS_AHEAD);
        if (lists->ids[k] < 0)
            continue;
        const float *restrict row = lists->rows + lists->ids[k] * lists->stride;
        for (int64_t d = 0; d < dim; d++)
            mean[d] += row[d];
        n_rows++;
    }
    return n_rows;
}

void wv_mean_rows(const struct wv_row_lists *lists, float *means)
{
    for (int64_t i = 0; i < lists->n; i++) {
        float *restrict mean = means + i * lists->dim;
        const int64_t n_rows = add_rows(lists, i, mean);
        const float scale = n_rows ? (float)(1.0 / (double)n_rows) : 0;
        for (int64_t d = 0; d < lists->dim; d++)
            mean[d] *= scale;
    }
}
