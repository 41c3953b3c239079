/* Exact nearest rows by cosine or by dot product. In: query vectors, and rows of floats in one or several parts. Out: the
 * k best rows of each query, or all scores. Keys and threads are in Python. */
#ifndef WILDVEC_SEARCH_H
#define WILDVEC_SEARCH_H

#include "cpu.h"
#include "status.h"

#include <stdint.h>

/* Queries prepared for one instruction set. A search only reads them, so workers may share them. */
struct wv_queries;

/* The k best rows for each query, among the rows that one worker has scanned. */
struct wv_best;

/* queries: n x dim contiguous floats, each row of length 1 or 0; they are copied. n, dim > 0. isa: an instruction set
 * that this CPU has. */
enum wv_status wv_queries_new(const float *queries, int64_t n, int64_t dim, enum wv_isa isa,
                              struct wv_queries **out);
/* The same for scores that are dot products; queries may have any length. longest: the largest length of the rows that
 * are scanned. A longer row may be missed. */
enum wv_status wv_product_queries_new(const float *queries, int64_t n, int64_t dim, float longest, enum wv_isa isa,
                                      struct wv_queries **out);
void wv_queries_free(struct wv_queries *queries);

/* k > 0. `queries` must live longer than the result. */
enum wv_status wv_best_new(const struct wv_queries *queries, int64_t k, struct wv_best **out);
void wv_best_free(struct wv_best *best);

/* Leave out some rows: for query q the rows ids[offsets[q]] … ids[offsets[q + 1] - 1], in ascending order. Both arrays
 * must live longer than `best`. */
void wv_best_exclude(struct wv_best *best, const int64_t *offsets, const int32_t *ids);

/* Scan n rows of dim floats, which have the numbers first, first + 1, ... stride: floats from one row to the next; it
 * may be negative. A row of zeros scores 0. A row with a NaN is never found. Of equal scores the lower row is better. */
void wv_best_scan(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first);

/* Do the same with scores[n] for query 0 that the caller has computed. */
void wv_best_offer(struct wv_best *best, const float *scores, int64_t n, int64_t first);

/* Add the entries of `from`, which another worker has found with the same queries and the same k. */
void wv_best_merge(struct wv_best *best, const struct wv_best *from);

/* Write scores and rows, each n_queries x k, best first; NaN and -1 where fewer than k rows are found. `best` can only
 * be freed afterwards. */
void wv_best_write(struct wv_best *best, float *scores, int64_t *rows);

/* Set cosines[q * out_stride + i] to the score of query q and row i, with the same bits as in wv_best_scan. */
void wv_cosines(const struct wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                int64_t out_stride);

/* n lists of row numbers: list i is ids[offsets[i]] … ids[offsets[i + 1] - 1]; -1 stands for no row. */
struct wv_row_lists {
    const float *rows;
    const float *own;                /* row i also belongs to list i; NULL: none */
    int64_t stride, own_stride, dim; /* strides: floats from one row to the next; they may be negative */
    const int32_t *ids;
    const int64_t *offsets; /* (n + 1) */
    int64_t n;
};

/* Set means[i * dim …] to the mean of the rows of list i; zeros for a list without rows. */
void wv_mean_rows(const struct wv_row_lists *lists, float *means);

#endif
