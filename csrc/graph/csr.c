/* See graph.h. Short rows are sorted by insertion, long ones by radix sort: both are stable, so the weights of parallel edges are
 * added in the order of the edges. */
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "isa/region.h"

enum {
    PART_BITS = 12, /* rows of a part that follow each other: 2^12, whose counts share no cache line with others */
    SHORT_ROW = 48, /* the longest row that is sorted by insertion */
    DIGIT_BITS = 8, /* of a pass of radix sort */
    N_DIGITS = 256, /* 2^DIGIT_BITS */
    STOP_INTERVAL = 1 << 20, /* entries after which a pass looks at the stop flag: about 3 ms */
};

/* A row: its entries. weights: NULL if there are none. */
struct row {
    int32_t *columns;
    float *weights;
};

static inline int is_in_part(int32_t row, struct wv_rows_part part)
{
    return ((uint32_t)row >> PART_BITS & part.mask) == part.part;
}

int64_t wv_count_edges(const struct wv_edges *edges, int64_t first, int64_t last, struct wv_rows_part part,
                       int64_t *counts)
{
    const uint64_t n_rows = (uint64_t)edges->n_rows, n_columns = (uint64_t)edges->n_columns;
    for (int64_t i = first; i < last; i++) {
        const int32_t row = edges->rows[i], column = edges->columns[i];
        if ((uint32_t)row >= n_rows || (uint32_t)column >= n_columns)
            return i;
        if (is_in_part(row, part))
            counts[row]++;
        if (edges->symmetric && column != row && is_in_part(column, part))
            counts[column]++;
    }
    return -1;
}

WV_INLINE void place_edges(const struct wv_edges *edges, int64_t first, int64_t last, struct wv_rows_part part,
                           int64_t *next, int32_t *columns, const float *from, float *weights)
{
    for (int64_t i = first; i < last; i++) {
        const int32_t row = edges->rows[i], column = edges->columns[i];
        if (is_in_part(row, part)) {
            const int64_t place = next[row]++;
            columns[place] = column;
            if (weights)
                weights[place] = from[i];
        }
        if (edges->symmetric && column != row && is_in_part(column, part)) {
            const int64_t place = next[column]++;
            columns[place] = row;
            if (weights)
                weights[place] = from[i];
        }
    }
}

void wv_place_edges(const struct wv_edges *edges, int64_t first, int64_t last, struct wv_rows_part part,
                    int64_t *next, int32_t *columns, float *weights)
{
    if (edges->weights)
        place_edges(edges, first, last, part, next, columns, edges->weights, weights);
    else
        place_edges(edges, first, last, part, next, columns, NULL, NULL);
}

static int is_sorted(const int32_t *columns, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (columns[i] < columns[i - 1])
            return 0;
    return 1;
}

static void sort_short_row(struct row row, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        const int32_t column = row.columns[i];
        const float weight = row.weights ? row.weights[i] : 0;
        int64_t j = i;
        for (; j > 0 && row.columns[j - 1] > column; j--) {
            row.columns[j] = row.columns[j - 1];
            if (row.weights)
                row.weights[j] = row.weights[j - 1];
        }
        row.columns[j] = column;
        if (row.weights)
            row.weights[j] = weight;
    }
}

/* Moves the entries `from` to `to` by one digit. next: the next place of each digit. Returns 0 if it was stopped. */
static int move_by_digit(struct row from, struct row to, int64_t n, int shift, int64_t *next, const int32_t *stop)
{
    for (int64_t i = 0; i < n; i++) {
        if (i % STOP_INTERVAL == 0 && WV_LOAD_RELAXED(stop))
            return 0;
        const int64_t place = next[(uint32_t)from.columns[i] >> shift & (N_DIGITS - 1)]++;
        to.columns[place] = from.columns[i];
        if (from.weights)
            to.weights[place] = from.weights[i];
    }
    return 1;
}

/* Radix sort from the lowest digit. spare: memory for another n entries. Returns 0 if it was stopped. */
static int sort_long_row(struct row row, struct row spare, int64_t n, const int32_t *stop)
{
    struct row from = row, to = spare;
    for (int shift = 0; shift < 32; shift += DIGIT_BITS) {
        int64_t next[N_DIGITS] = {0}, total = 0;
        for (int64_t i = 0; i < n; i++)
            next[(uint32_t)from.columns[i] >> shift & (N_DIGITS - 1)]++;
        if (next[(uint32_t)from.columns[0] >> shift & (N_DIGITS - 1)] == n)
            continue;
        for (int digit = 0; digit < N_DIGITS; digit++) {
            const int64_t count = next[digit];
            next[digit] = total;
            total += count;
        }
        if (!move_by_digit(from, to, n, shift, next, stop))
            return 0;
        const struct row swap = from;
        from = to;
        to = swap;
    }
    if (from.columns != row.columns) {
        memcpy(row.columns, from.columns, (size_t)n * sizeof *row.columns);
        if (row.weights)
            memcpy(row.weights, from.weights, (size_t)n * sizeof *row.weights);
    }
    return 1;
}

/* Moves the sorted entries begin … end to place out <= begin, equal ones as one. Returns the place behind them. */
static int64_t merge_equal(struct row all, int64_t begin, int64_t end, int64_t out)
{
    while (begin < end) {
        const int32_t column = all.columns[begin];
        double sum = 0;
        for (; begin < end && all.columns[begin] == column; begin++)
            if (all.weights)
                sum += all.weights[begin];
        all.columns[out] = column;
        if (all.weights)
            all.weights[out] = (float)sum;
        out++;
    }
    return out;
}

static int64_t longest_row(int64_t first, int64_t last, int64_t begin, const int64_t *ends)
{
    int64_t longest = 0;
    for (int64_t r = first; r < last; begin = ends[r++])
        if (ends[r] - begin > longest)
            longest = ends[r] - begin;
    return longest;
}

enum wv_status wv_sort_rows(int64_t first, int64_t last, int64_t begin, int64_t *ends, int32_t *columns,
                            float *weights, const int32_t *stop)
{
    const int64_t longest = longest_row(first, last, begin, ends);
    struct row all = {columns, weights}, spare = {NULL, NULL};
    if (longest > SHORT_ROW) {
        spare.columns = malloc((size_t)longest * sizeof *spare.columns);
        spare.weights = weights ? malloc((size_t)longest * sizeof *spare.weights) : NULL;
        if (!spare.columns || (weights && !spare.weights)) {
            free(spare.columns);
            free(spare.weights);
            return WV_NO_MEMORY;
        }
    }
    int64_t out = begin;
    for (int64_t r = first; r < last && !WV_LOAD_RELAXED(stop); r++) {
        const int64_t end = ends[r], n = end - begin;
        const struct row row = {columns + begin, weights ? weights + begin : NULL};
        if (!is_sorted(row.columns, n)) {
            if (n <= SHORT_ROW)
                sort_short_row(row, n);
            else if (!sort_long_row(row, spare, n, stop))
                break;
        }
        out = merge_equal(all, begin, end, out);
        ends[r] = out;
        begin = end;
    }
    free(spare.columns);
    free(spare.weights);
    return WV_OK;
}

int64_t wv_find_bad_row(const struct wv_graph *graph, int64_t first, int64_t last, int64_t n_columns)
{
    for (int64_t r = first; r < last; r++) {
        const int64_t begin = graph->offsets[r], end = graph->offsets[r + 1];
        if (begin < 0 || end < begin || end > graph->offsets[graph->n_nodes])
            return r;
        for (int64_t i = begin; i < end; i++) {
            const int32_t before = i > begin ? graph->neighbours[i - 1] : -1;
            if (graph->neighbours[i] <= before || graph->neighbours[i] >= n_columns)
                return r;
        }
    }
    return -1;
}
