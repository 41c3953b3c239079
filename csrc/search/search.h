/* Exact nearest rows by cosine. In: query vectors, and rows of floats in any number of stretches.
 * Out: for every query its k best rows, or all of its cosines. Not here: keys and threads (Python has both). */
#ifndef WILDVEC_SEARCH_H
#define WILDVEC_SEARCH_H

#include "cpu.h"
#include "status.h"

#include <stdint.h>

/* Queries prepared for one instruction set; only read while searching, so that workers may share them. */
struct wv_queries;

/* The k best rows that one worker has seen, for every query. */
struct wv_best;

/* queries: n x dim floats without gaps, each row of unit length or zero; they are copied. n, dim > 0.
 * isa: one that this processor has. */
enum wv_status wv_queries_new(const float *queries, int64_t n, int64_t dim, enum wv_isa isa,
                              struct wv_queries **out);
void wv_queries_free(struct wv_queries *queries);

/* k > 0. `queries` must outlive what is made here. */
enum wv_status wv_best_new(const struct wv_queries *queries, int64_t k, struct wv_best **out);
void wv_best_free(struct wv_best *best);

/* Looks at n rows of dim floats, `stride` floats from one to the next (it may be negative), which count as rows
 * first, first + 1, ... A row of zeros scores 0, one with a NaN never ranks, and of equal scores the lower row wins. */
void wv_best_scan(struct wv_best *best, const float *rows, int64_t n, int64_t stride, int64_t first);

/* As wv_best_scan, with scores[n] for query 0 that the caller has worked out. */
void wv_best_offer(struct wv_best *best, const float *scores, int64_t n, int64_t first);

/* Takes over what is better in `from`, a worker of the same queries and the same k. */
void wv_best_merge(struct wv_best *best, const struct wv_best *from);

/* scores, rows: n_queries x k, best first; NaN and -1 where fewer than k rows rank. Ends the use of `best`. */
void wv_best_write(struct wv_best *best, float *scores, int64_t *rows);

/* cosines[q * out_stride + i] = the score of query q and row i, the same bits that wv_best_scan ranks. */
void wv_cosines(const struct wv_queries *queries, const float *rows, int64_t n, int64_t stride, float *cosines,
                int64_t out_stride);

#endif
