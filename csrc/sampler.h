/* Draws from a discrete distribution in constant time. In: weights. Out: an alias table (Walker 1977; Vose 1991).
 * The caller gives the random bits (rng.h). */
#ifndef WILDVEC_SAMPLER_H
#define WILDVEC_SAMPLER_H

#include <stdint.h>

#include "rng.h"
#include "status.h"

/* Column i of the table: it gives i with probability threshold / 2^32, else its alias. */
struct wv_alias {
    uint32_t threshold;
    int32_t alias;
};

/* weights: n, each >= 0, with a positive sum. table: receives n columns. */
enum wv_status wv_alias_build(const double *weights, int32_t n, struct wv_alias *table);

/* Returns one of 0 .. n - 1. The high 32 bits select the column, the low ones select it or its alias. */
static inline int32_t wv_alias_draw(const struct wv_alias *table, int32_t n, uint64_t draw)
{
    uint32_t column = wv_below(draw, (uint32_t)n);
    /* Without a branch: one in three would be mispredicted. */
    int32_t keep = -(int32_t)((uint32_t)draw < table[column].threshold);
    return table[column].alias ^ ((table[column].alias ^ (int32_t)column) & keep);
}

#endif
