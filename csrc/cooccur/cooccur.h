/* Weighted co-occurrence counts of a corpus. In: token ids and sentence offsets. Out: rows of a sparse matrix: columns that
 * rise, and the sum of weights of each. Threads, memory and the order of rows are in Python (wildvec/cooccurrence).
 *
 * The positions of each word are collected first (counting sort). Row i of the matrix is then one pass over the positions of
 * word i: each neighbour's weight is added to a dense array of one double per word, which usually lies in the L2 cache. */
#ifndef WILDVEC_COOCCUR_H
#define WILDVEC_COOCCUR_H

#include <stdint.h>

#include "status.h"

/* A corpus of n_tokens < 2^32 tokens. `starts` has a bit for each token and one more: 1 where a sentence begins, and at the end. */
struct wv_text {
    const int32_t *ids;
    const uint64_t *starts;
    int64_t n_tokens;
    int32_t n_words;
};

/* What is counted. A neighbour at distance d from 1 to window has the weight 1/d or 1. */
struct wv_window {
    int32_t size;
    int32_t symmetric; /* 0: only neighbours on the left */
    int32_t harmonic;  /* 1: weights 1/d; 0: weights 1 */
};

/* Positions of the words first_word … in rising order: word w has positions[ends[w - 1] … ends[w]), where the ends are
 * relative to `first_word`, whose positions begin at 0. */
struct wv_positions {
    const uint32_t *positions;
    const int64_t *begins; /* (words + 1) */
    int32_t first_word;
};

/* Rows that are being counted: those of the words row … last_row. All fields but the pointers change. */
struct wv_rows {
    int32_t row, last_row;
    int64_t n_done;  /* positions of `row` that are counted */
    int64_t n_cells; /* written to columns and values; the caller makes them large enough */
    int32_t *columns;
    float *values;
    int64_t *row_ends; /* cells up to the end of each finished row */
};

struct wv_counter; /* the dense array of one thread */

/* Sets the bit of each offset. starts: zeroed, offsets[n - 1] / 64 + 1 words. */
void wv_mark_starts(const int64_t *offsets, int64_t n, uint64_t *starts);

/* Adds the ids first … last to counts[n_words]. Returns the position of the first id outside 0 … n_words - 1, or -1. */
int64_t wv_count_ids(const int32_t *ids, int64_t first, int64_t last, int32_t n_words, int64_t *counts);

/* Writes the positions first … last of the words first_word … last_word: next[w - first_word] is the index of the next
 * position of word w, and is raised. */
void wv_index_positions(const int32_t *ids, int64_t first, int64_t last, int32_t first_word, int32_t last_word,
                        int64_t *next, uint32_t *positions);

enum wv_status wv_counter_new(int32_t n_words, struct wv_window window, struct wv_counter **out);
void wv_counter_free(struct wv_counter *counter);

/* Counts at most n positions. Returns 1 if all rows are finished. A row may be counted in several calls, by one counter. */
int wv_count_rows(struct wv_counter *counter, const struct wv_text *text, const struct wv_positions *index,
                  int64_t n, struct wv_rows *rows);

#endif
