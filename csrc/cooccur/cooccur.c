/* See cooccur.h. The sums of a row are in a dense array; a bitmap of two levels says which of them are in use, and gives
 * the columns in rising order. */
#include "cooccur/cooccur.h"

#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "isa/region.h"

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

enum { PREFETCH_POSITIONS = 8 }; /* positions whose windows are prefetched ahead */

struct wv_counter {
    double *sums;      /* (n_words), all 0 between rows */
    double *weights;   /* (window + 1) of each distance */
    int32_t *in_use;   /* (n_words + 1) columns whose sum is not 0, in the order of their first use */
    uint64_t *bits;    /* bit c: column c; all 0 between rows */
    uint64_t *summary; /* bit w: bits[w] is not 0 */
    int64_t n_in_use, n_summary;
    int32_t window, symmetric;
};

static int highest_bit(uint64_t bits)
{
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long bit;
    _BitScanReverse64(&bit, bits);
    return (int)bit;
#else
    return 63 - __builtin_clzll(bits);
#endif
}

void wv_mark_starts(const int64_t *offsets, int64_t n, uint64_t *starts)
{
    for (int64_t i = 0; i < n; i++)
        starts[offsets[i] >> 6] |= UINT64_C(1) << (offsets[i] & 63);
}

int64_t wv_count_ids(const int32_t *ids, int64_t first, int64_t last, int32_t n_words, int64_t *counts)
{
    for (int64_t i = first; i < last; i++) {
        if ((uint32_t)ids[i] >= (uint32_t)n_words)
            return i;
        counts[ids[i]]++;
    }
    return -1;
}

void wv_index_positions(const int32_t *ids, int64_t first, int64_t last, int32_t first_word, int32_t last_word,
                        int64_t *next, uint32_t *positions)
{
    const uint32_t n_words = (uint32_t)(last_word - first_word);
    for (int64_t i = first; i < last; i++) {
        const uint32_t word = (uint32_t)(ids[i] - first_word);
        if (word < n_words)
            positions[next[word]++] = (uint32_t)i;
    }
}

enum wv_status wv_counter_new(int32_t n_words, struct wv_window window, struct wv_counter **out)
{
    const size_t n_bits = (size_t)n_words / 64 + 1, n_summary = n_bits / 64 + 1;
    struct wv_counter *counter = calloc(1, sizeof *counter);
    *out = counter;
    if (!counter)
        return WV_NO_MEMORY;
    counter->window = window.size;
    counter->symmetric = window.symmetric;
    counter->n_summary = (int64_t)n_summary;
    counter->sums = calloc((size_t)n_words, sizeof *counter->sums);
    counter->weights = malloc(((size_t)window.size + 1) * sizeof *counter->weights);
    counter->in_use = malloc(((size_t)n_words + 1) * sizeof *counter->in_use);
    counter->bits = calloc(n_bits, sizeof *counter->bits);
    counter->summary = calloc(n_summary, sizeof *counter->summary);
    if (!counter->sums || !counter->weights || !counter->in_use || !counter->bits || !counter->summary) {
        wv_counter_free(counter);
        *out = NULL;
        return WV_NO_MEMORY;
    }
    for (int32_t distance = 1; distance <= window.size; distance++)
        counter->weights[distance] = window.harmonic ? 1.0 / distance : 1.0;
    return WV_OK;
}

void wv_counter_free(struct wv_counter *counter)
{
    if (!counter)
        return;
    free(counter->sums);
    free(counter->weights);
    free(counter->in_use);
    free(counter->bits);
    free(counter->summary);
    free(counter);
}

/* Returns the number of tokens before `position` in its sentence, at most `most`. */
WV_INLINE int64_t tokens_before(const uint64_t *starts, int64_t position, int64_t most)
{
    int64_t word = position >> 6;
    uint64_t bits = starts[word] << (63 - (position & 63)) >> (63 - (position & 63));
    while (!bits && position - (word << 6) < most)
        bits = starts[--word];
    if (!bits)
        return most;
    const int64_t n = position - ((word << 6) + highest_bit(bits));
    return n < most ? n : most;
}

/* Returns the number of tokens after `position` in its sentence, at most `most`. */
WV_INLINE int64_t tokens_after(const uint64_t *starts, int64_t position, int64_t most)
{
    int64_t word = (position + 1) >> 6;
    uint64_t bits = starts[word] >> ((position + 1) & 63) << ((position + 1) & 63);
    while (!bits && (word << 6) + 63 - position < most)
        bits = starts[++word];
    if (!bits)
        return most;
    const int64_t n = (word << 6) + wv_lowest_bit(bits) - position - 1;
    return n < most ? n : most;
}

/* Adds a weight to a sum, and the column to those in use if the sum was 0; returns the number of these. There is no branch,
 * because it would often be mispredicted. The comparison of integers takes fewer instructions than one of doubles. */
WV_INLINE int64_t add(double *sums, int32_t *in_use, int64_t n_in_use, int32_t column, double weight)
{
    const double sum = sums[column];
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    sums[column] = sum + weight;
    in_use[n_in_use] = column;
    return n_in_use + (bits == 0);
}

/* Adds the weights of the neighbours of n positions; so many may be read ahead: n_readable. */
static void add_windows(struct wv_counter *counter, const struct wv_text *text, const uint32_t *positions,
                        int64_t n, int64_t n_readable)
{
    double *const sums = counter->sums;
    const double *const weights = counter->weights;
    int32_t *const in_use = counter->in_use;
    int64_t n_in_use = counter->n_in_use;
    const int64_t window = counter->window, reach = window < 8 ? window : 8;
    for (int64_t i = 0; i < n; i++) {
        const int64_t position = positions[i];
        if (i + PREFETCH_POSITIONS < n_readable) {
            const int32_t *next = text->ids + positions[i + PREFETCH_POSITIONS];
            WV_PREFETCH(next - reach); /* a hint: the address may be outside the array */
            WV_PREFETCH(next + reach);
        }
        const int32_t *const centre = text->ids + position;
        const int64_t before = tokens_before(text->starts, position, window);
        const int64_t after = counter->symmetric ? tokens_after(text->starts, position, window) : 0;
        for (int64_t distance = 1; distance <= before; distance++)
            n_in_use = add(sums, in_use, n_in_use, centre[-distance], weights[distance]);
        for (int64_t distance = 1; distance <= after; distance++)
            n_in_use = add(sums, in_use, n_in_use, centre[distance], weights[distance]);
    }
    counter->n_in_use = n_in_use;
}

/* Appends the sums that are not 0 to the cells, by rising column, and sets them to 0. */
static void write_row(struct wv_counter *counter, struct wv_rows *rows)
{
    for (int64_t i = 0; i < counter->n_in_use; i++) {
        const int32_t column = counter->in_use[i];
        counter->bits[column >> 6] |= UINT64_C(1) << (column & 63);
        counter->summary[column >> 12] |= UINT64_C(1) << (column >> 6 & 63);
    }
    int64_t n = rows->n_cells;
    for (int64_t block = 0; block < counter->n_summary; block++) {
        for (uint64_t words = counter->summary[block]; words; words &= words - 1) {
            const int64_t word = (block << 6) + wv_lowest_bit(words);
            for (uint64_t bits = counter->bits[word]; bits; bits &= bits - 1) {
                const int64_t column = (word << 6) + wv_lowest_bit(bits);
                rows->columns[n] = (int32_t)column;
                rows->values[n++] = (float)counter->sums[column];
                counter->sums[column] = 0;
            }
            counter->bits[word] = 0;
        }
        counter->summary[block] = 0;
    }
    counter->n_in_use = 0;
    rows->n_cells = n;
}

int wv_count_rows(struct wv_counter *counter, const struct wv_text *text, const struct wv_positions *index,
                  int64_t n, struct wv_rows *rows)
{
    const int64_t n_indexed = index->begins[rows->last_row - index->first_word];
    while (rows->row < rows->last_row) {
        const int64_t *begins = index->begins + (rows->row - index->first_word);
        const int64_t first = begins[0] + rows->n_done, left = begins[1] - first;
        const int64_t n_now = left < n ? left : n;
        add_windows(counter, text, index->positions + first, n_now, n_indexed - first);
        n -= n_now;
        rows->n_done += n_now;
        if (n_now < left)
            return 0;
        write_row(counter, rows);
        *rows->row_ends++ = rows->n_cells;
        rows->row++;
        rows->n_done = 0;
    }
    return 1;
}
