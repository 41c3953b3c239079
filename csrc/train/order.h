/* The order in which GloVe trains the cells of a sparse matrix. In: a matrix in compressed rows, blocks of rows, strips of columns.
 * Out: the cells grouped by (block, strip), so that a strip stays in the cache while the rows of a block are trained; and
 * a random part of all cells that is held out.
 *
 * Part p of a block holds the cells in strip p; the last part, number n_strips, holds the cells that are held out. A unit is the
 * cells of one row in one part, in random order. Threads, and the sizes of blocks and strips, are in Python. */
#ifndef WILDVEC_ORDER_H
#define WILDVEC_ORDER_H

#include <stdint.h>

struct wv_cell_matrix {
    const int64_t *offsets; /* row i has the cells offsets[i] … offsets[i + 1] */
    const int32_t *columns; /* rising within a row */
    const float *values;
    const int64_t *strip_ends; /* (n_strips) the column behind each strip */
    int32_t n_strips;
    uint32_t held_out; /* a cell is held out if a 32-bit draw is below this number */
    uint64_t key;      /* of the draws */
};

/* Cells in order. */
struct wv_ordered_cells {
    int32_t *columns;
    float *values;
    int64_t *unit_offsets; /* (units) the first cell of each unit */
    int32_t *unit_rows;    /* (units) the row of each unit */
};

/* Adds the columns of n cells to counts. */
void wv_count_columns(const int32_t *columns, int64_t n, int64_t *counts);

/* Adds the number of cells and units of `rows` (n) in each part (n_strips + 1) to n_cells and n_units. */
void wv_count_parts(const struct wv_cell_matrix *matrix, const int32_t *rows, int64_t n, int64_t *n_cells,
                    int64_t *n_units);

/* Writes the cells of `rows` (n). next_cell, next_unit: (n_strips + 1) where the next cell and the next unit of each part are
 * written; they are raised. */
void wv_order_cells(const struct wv_cell_matrix *matrix, const int32_t *rows, int64_t n, int64_t *next_cell,
                    int64_t *next_unit, const struct wv_ordered_cells *to);

#endif
