/* Bits of whole numbers. */
#ifndef WILDVEC_BITS_H
#define WILDVEC_BITS_H

#include <stdint.h>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

/* Returns the index of the lowest bit that is set. bits is not 0. */
static inline int wv_lowest_bit(uint64_t bits)
{
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long bit;
    _BitScanForward64(&bit, bits);
    return (int)bit;
#else
    return __builtin_ctzll(bits);
#endif
}

#endif
