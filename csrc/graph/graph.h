/* Graphs and other sparse matrices in compressed rows (CSR). In: edges as arrays. Out: rows with rising columns, in which parallel
 * edges are one. Threads and memory are in Python (wildvec/graph/csr.py).
 *
 * A counting sort puts the edges of each row beside each other: wv_count_edges, then the sums of counts, then wv_place_edges.
 * wv_sort_rows then sorts each row. All three can run on several threads: the first two on different parts of the rows, the third on
 * different ranges of rows. A row keeps the order of its edges until it is sorted, so the result does not depend on the threads. */
#ifndef WILDVEC_GRAPH_H
#define WILDVEC_GRAPH_H

#include <stdint.h>

#include "status.h"

/* Node i has the neighbours[offsets[i] … offsets[i + 1]), in rising order, each once. An undirected edge is stored at both of its
 * nodes, a self-loop once. weights: NULL if all are 1. */
struct wv_graph {
    const int64_t *offsets; /* (n_nodes + 1) */
    const int32_t *neighbours;
    const float *weights;
    int64_t n_nodes;
};

/* What a matrix is built from: n entries at (rows[i], columns[i]). weights: NULL if there are none. symmetric: an entry also
 * stands at (columns[i], rows[i]), unless it is on the diagonal; then n_rows == n_columns. */
struct wv_edges {
    const int32_t *rows, *columns;
    const float *weights;
    int64_t n_rows, n_columns; /* at most 2^31 */
    int32_t symmetric;
};

/* A part of the rows: in turn, 4096 rows belong to each of the parts 0 … mask; mask + 1 is a power of two. */
struct wv_rows_part {
    uint32_t part, mask;
};

/* Adds the edges first … last of the part's rows to counts[n_rows]. Returns the position of the first edge with a row or column that
 * does not exist, or -1; then it has counted no more than the edges before it. */
int64_t wv_count_edges(const struct wv_edges *edges, int64_t first, int64_t last, struct wv_rows_part part,
                       int64_t *counts);

/* Writes the edges first … last of the part's rows: the next entry of row r is at next[r], which is raised. */
void wv_place_edges(const struct wv_edges *edges, int64_t first, int64_t last, struct wv_rows_part part,
                    int64_t *next, int32_t *columns, float *weights);

/* Sorts the entries of the rows first … last, and merges equal ones: weights are added. The entries that are left follow each
 * other from the beginning of row `first`. ends[r] is the end of row r, and is changed; begin is that of row `first`.
 * weights: may be NULL. Returns soon after *stop is set; then the entries are in no order. */
enum wv_status wv_sort_rows(int64_t first, int64_t last, int64_t begin, int64_t *ends, int32_t *columns,
                            float *weights, const int32_t *stop);

/* Returns the first row of which the offsets fall or a neighbour does not exist or is not larger than the one before it, or -1. */
int64_t wv_find_bad_row(const struct wv_graph *graph, int64_t first, int64_t last, int64_t n_columns);

#endif
