/* Drawing from a discrete distribution in constant time. In: weights. Out: an alias table (Walker 1977; Vose 1991).
 * The random bits come from the caller (rng.h). */
#ifndef WILDVEC_SAMPLER_H
#define WILDVEC_SAMPLER_H

#include <stdint.h>

#include "rng.h"
#include "status.h"

/* A column of the table: i itself with probability threshold / 2^32, else its alias. */
struct wv_alias {
    uint32_t threshold;
    int32_t alias;
};

/* weights[n] >= 0 with a positive sum -> table[n]. */
enum wv_status wv_alias_build(const double *weights, int32_t n, struct wv_alias *table);

/* One of n: the high 32 bits choose the column, the low ones between it and its alias. */
static inline int32_t wv_alias_draw(const struct wv_alias *table, int32_t n, uint64_t draw)
{
    uint32_t column = wv_below(draw, (uint32_t)n);
    /* No branch: it would be guessed wrong every third time. */
    int32_t keep = -(int32_t)((uint32_t)draw < table[column].threshold);
    return table[column].alias ^ ((table[column].alias ^ (int32_t)column) & keep);
}

#endif
