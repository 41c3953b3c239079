/* Propagation of rows over a graph: sparse × dense, the Gram matrix of rows, rows × a small matrix. In: a graph, rows of floats. Out: rows.
 * Rows are `width` floats apart, a multiple of WV_PAD_ROWS; the floats behind the values of a row are 0. Each function computes some rows
 * or one matrix on one thread, always in the same order, so the bits do not depend on the number of threads. */
#ifndef WILDVEC_PROPAGATE_H
#define WILDVEC_PROPAGATE_H

#include <stdint.h>

#include "cpu.h"
#include "graph/graph.h"

enum { WV_PAD_ROWS = 16, WV_GRAM_ROWS = 256 };

/* One step: row i becomes scale[i] · Σ_j weight_ij · from[j] + shift · from[i], over the neighbours j of node i. */
struct wv_propagation {
    struct wv_graph graph;
    const float *scale; /* (n_nodes) */
    const float *from;  /* (n_nodes, width) */
    float *to;          /* (n_nodes, width), another matrix */
    int64_t width;
    float shift;
};

/* Computes the rows first … last of `to`. Returns soon after *stop is set; then some of the rows are not complete. */
void wv_propagate(const struct wv_propagation *step, int64_t first, int64_t last, enum wv_isa isa,
                  const int32_t *stop);

/* gram (width, width) receives Σ_i weights[i] · row_i · row_iᵀ over n rows: the part on and above the diagonal; the rest is undefined.
 * Sums of WV_GRAM_ROWS rows are float, all others double. */
void wv_gram(const float *rows, const float *weights, int64_t n, int64_t width, enum wv_isa isa, double *gram);

/* to (n, width) receives from (n, width) × factors (width, width). */
void wv_multiply_rows(const float *from, int64_t n, int64_t width, const float *factors, enum wv_isa isa,
                      float *to);

/* Scales each of n rows to a length; a row of zeros stays. */
void wv_scale_rows(float *rows, int64_t n, int64_t width, float length, enum wv_isa isa);

#endif
