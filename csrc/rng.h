/* A counter-based random number generator. In: a key (of seed, epoch, chunk, purpose) and a counter. Out: 64 random bits.
 * It has no state: draw i of a stream is a function of (key, i). So numpy can draw the same numbers, and a draw does not
 * depend on the instruction set, the number of workers or earlier draws.
 * wv_mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
#ifndef WILDVEC_RNG_H
#define WILDVEC_RNG_H

#include <stdint.h>

static inline uint64_t wv_mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static inline uint64_t wv_draw(uint64_t key, uint64_t i)
{
    return wv_mix(key + (i + 1) * 0x9e3779b97f4a7c15u);
}

/* Returns the key of stream `number` within another stream, for example of a chunk within an epoch. */
static inline uint64_t wv_subkey(uint64_t key, uint64_t number)
{
    return wv_mix(wv_draw(key, number) ^ 0xd6e8feb86659fd93u);
}

/* Returns a whole number in [0, n) from the high 32 bits of a draw. */
static inline uint32_t wv_below(uint64_t draw, uint32_t n)
{
    return (uint32_t)((draw >> 32) * n >> 32);
}

#endif
