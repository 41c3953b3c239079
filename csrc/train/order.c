/* See order.h. */
#include "train/order.h"

#include "rng.h"

void wv_count_columns(const int32_t *columns, int64_t n, int64_t *counts)
{
    for (int64_t k = 0; k < n; k++)
        counts[columns[k]]++;
}

/* Whether a cell is held out. It depends on the row and the column only. */
static int is_held_out(const struct wv_cell_matrix *matrix, uint64_t row_key, int32_t column)
{
    return matrix->held_out && (uint32_t)(wv_draw(row_key, (uint64_t)column) >> 32) < matrix->held_out;
}

/* The cells at … *end of a row are in one strip; *strip is at most that of cell `at`, and becomes it. */
static void find_strip_end(const struct wv_cell_matrix *matrix, int64_t at, int64_t row_end, int32_t *strip,
                           int64_t *end)
{
    while (matrix->columns[at] >= matrix->strip_ends[*strip])
        ++*strip;
    while (++at < row_end && matrix->columns[at] < matrix->strip_ends[*strip])
        ;
    *end = at;
}

void wv_count_parts(const struct wv_cell_matrix *matrix, const int32_t *rows, int64_t n, int64_t *n_cells,
                    int64_t *n_units)
{
    const int32_t last = matrix->n_strips;
    for (int64_t r = 0; r < n; r++) {
        const uint64_t key = wv_subkey(matrix->key, (uint64_t)rows[r]);
        const int64_t row_end = matrix->offsets[rows[r] + 1], cells_before = n_cells[last];
        int32_t strip = 0;
        for (int64_t at = matrix->offsets[rows[r]], end; at < row_end; at = end) {
            find_strip_end(matrix, at, row_end, &strip, &end);
            int64_t n_held_out = 0;
            for (int64_t k = at; matrix->held_out && k < end; k++)
                n_held_out += is_held_out(matrix, key, matrix->columns[k]);
            n_cells[strip] += end - at - n_held_out;
            n_units[strip] += end - at > n_held_out;
            n_cells[last] += n_held_out;
        }
        n_units[last] += n_cells[last] > cells_before;
    }
}

/* Fisher-Yates. */
static void shuffle(int32_t *columns, float *values, int64_t n, uint64_t key)
{
    for (int64_t k = n - 1; k > 0; k--) {
        const int64_t other = wv_below(wv_draw(key, (uint64_t)k), (uint32_t)(k + 1));
        const int32_t column = columns[k];
        const float value = values[k];
        columns[k] = columns[other], values[k] = values[other];
        columns[other] = column, values[other] = value;
    }
}

static void append_cell(const struct wv_ordered_cells *to, int64_t at, int32_t column, float value)
{
    to->columns[at] = column;
    to->values[at] = value;
}

/* Ends the unit that began at cell `first`, if it has cells. */
static void append_unit(const struct wv_ordered_cells *to, int32_t row, int64_t first, int64_t end, uint64_t key,
                        int64_t *next_unit)
{
    if (end == first)
        return;
    shuffle(to->columns + first, to->values + first, end - first, key);
    to->unit_offsets[*next_unit] = first;
    to->unit_rows[*next_unit] = row;
    ++*next_unit;
}

void wv_order_cells(const struct wv_cell_matrix *matrix, const int32_t *rows, int64_t n, int64_t *next_cell,
                    int64_t *next_unit, const struct wv_ordered_cells *to)
{
    const int32_t last = matrix->n_strips;
    for (int64_t r = 0; r < n; r++) {
        const int32_t row = rows[r];
        const uint64_t key = wv_subkey(matrix->key, (uint64_t)row);
        const int64_t row_end = matrix->offsets[row + 1], first_held_out = next_cell[last];
        int32_t strip = 0;
        for (int64_t at = matrix->offsets[row], end; at < row_end; at = end) {
            find_strip_end(matrix, at, row_end, &strip, &end);
            const int64_t first = next_cell[strip];
            for (int64_t k = at; k < end; k++) {
                const int32_t part = is_held_out(matrix, key, matrix->columns[k]) ? last : strip;
                append_cell(to, next_cell[part]++, matrix->columns[k], matrix->values[k]);
            }
            append_unit(to, row, first, next_cell[strip], wv_subkey(key, (uint64_t)strip), &next_unit[strip]);
        }
        append_unit(to, row, first_held_out, next_cell[last], wv_subkey(key, (uint64_t)last), &next_unit[last]);
    }
}
