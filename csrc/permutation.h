/* Random permutations of 0 … n - 1 that need no memory. In: a key. Out: the position of each number.
 *
 * Numbers of k bits, 2^k >= n, are mixed by steps that can each be inverted: an affine map modulo 2^k and a xor with a shift.
 * A result of n or more is mixed again ("cycle walking"), less than once on average. */
#ifndef WILDVEC_PERMUTATION_H
#define WILDVEC_PERMUTATION_H

#include "rng.h"

enum { WV_MIX_STEPS = 3 };

struct wv_permutation {
    uint64_t n, mask;
    uint64_t factors[WV_MIX_STEPS], terms[WV_MIX_STEPS];
    int shift;
};

static inline struct wv_permutation wv_permutation_of(uint64_t key, uint64_t n)
{
    struct wv_permutation p = {.n = n, .shift = 1};
    while (p.mask + 1 < n) {
        p.mask = 2 * p.mask + 1;
        p.shift++;
    }
    p.shift = (p.shift + 1) / 2;
    for (int k = 0; k < WV_MIX_STEPS; k++) {
        p.factors[k] = wv_draw(key, 2 * (uint64_t)k) | 1;
        p.terms[k] = wv_draw(key, 2 * (uint64_t)k + 1);
    }
    return p;
}

/* i: 0 … n - 1 */
static inline uint64_t wv_permute(const struct wv_permutation *p, uint64_t i)
{
    do {
        for (int k = 0; k < WV_MIX_STEPS; k++) {
            i = (i * p->factors[k] + p->terms[k]) & p->mask;
            i ^= i >> p->shift;
        }
    } while (i >= p->n);
    return i;
}

#endif
