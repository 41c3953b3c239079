/* Changes of rows that several machines exchange. In: a worker at the end of a round, or deltas from elsewhere. Out: ids and
 * deltas of the rows that it changed, or shared rows with deltas added. No worker trains meanwhile. */
#include "train/kernels.h"

int64_t wv_export_deltas(const struct wv_worker *worker, int matrix, int32_t *ids, float *deltas)
{
    const struct wv_rows *view = &worker->views[matrix];
    int64_t n = 0;
    for (int32_t copy = 0; copy < view->n_copied; copy++) {
        const int32_t id = view->copied[copy];
        if (view->copy_of[id] != copy + 1)
            continue; /* merged */
        const float *row = view->copies + copy * view->stride, *shared = view->shared + id * view->stride;
        for (int64_t k = 0; ids && k < view->stride; k++)
            deltas[n * view->stride + k] = row[k] - shared[k];
        if (ids)
            ids[n] = id;
        n++;
    }
    return n;
}

void wv_apply_deltas(const struct wv_matrix *matrix, const int32_t *ids, const float *deltas, int64_t n,
                     float factor)
{
    for (int64_t i = 0; i < n; i++) {
        float *row = matrix->rows + (int64_t)ids[i] * matrix->stride;
        for (int64_t k = 0; k < matrix->stride; k++)
            row[k] += factor * deltas[i * matrix->stride + k];
    }
}
