/* Vector functions in plain C, one float at a time: the specification for the other instruction sets. */
typedef float vec;
enum { VEC_LANES = 1, VEC_REGISTERS = 16, VEC_SUMS = 1 };

WV_INLINE vec vec_zero(void) { return 0; }
WV_INLINE vec vec_set(float x) { return x; }
WV_INLINE vec vec_load(const float *p) { return *p; }
WV_INLINE void vec_store(float *p, vec a) { *p = a; }
WV_INLINE vec vec_add(vec a, vec b) { return a + b; }
WV_INLINE vec vec_sub(vec a, vec b) { return a - b; }
WV_INLINE vec vec_mul(vec a, vec b) { return a * b; }
WV_INLINE vec vec_div(vec a, vec b) { return a / b; }
/* As the x86 instructions: if one operand is NaN, the second is returned. */
WV_INLINE vec vec_min(vec a, vec b) { return a < b ? a : b; }
WV_INLINE vec vec_max(vec a, vec b) { return a > b ? a : b; }
WV_INLINE vec vec_sqrt(vec a) { return sqrtf(a); }
/* Returns bits: bit i is 1 if a[i] > b[i]; with a NaN the bit is 0. */
WV_INLINE unsigned vec_greater(vec a, vec b) { return a > b; }
/* Returns x in lanes where a > b, y in the others. */
WV_INLINE vec vec_select(vec a, vec b, vec x, vec y) { return a > b ? x : y; }
/* Returns a * b + c. */
WV_INLINE vec vec_fma(vec a, vec b, vec c) { return a * b + c; }

/* Returns n floats from p and zeros in the other lanes. 0 <= n <= VEC_LANES. */
WV_INLINE vec vec_load_first(const float *p, int n) { return n ? *p : 0; }

WV_INLINE float vec_sum(vec a) { return a; }

union vec_bits {
    float value;
    uint32_t bits;
};

/* Returns a · 2^n for a whole number n. shifted: n + 1.5 · 2^23, whose low bits are n. The result must be a normal number.
 * A NaN from arithmetic has low bits 0 and gives NaN. */
WV_INLINE vec vec_times_exp2(vec a, vec shifted)
{
    union vec_bits product = {.value = a}, power = {.value = shifted};
    product.bits += power.bits << 23;
    return product.value;
}

/* Returns e and sets *mantissa, in [√½, √2), so that x = mantissa · 2^e. x is finite and > 0. */
WV_INLINE vec vec_split(vec x, vec *mantissa)
{
    union vec_bits m = {.value = x};
    int32_t e = (int32_t)(m.bits - 0x3f3504f3u) >> 23;
    m.bits -= (uint32_t)e << 23;
    *mantissa = m.value;
    return (vec)e;
}

WV_INLINE vec vec_abs(vec x) { return fabsf(x); }
/* Returns -x in lanes where the sign bit of `sign` is 0, x where it is 1. */
WV_INLINE vec vec_oppose(vec x, vec sign)
{
    union vec_bits a = {.value = x}, b = {.value = sign};
    a.bits ^= ~b.bits & 0x80000000u;
    return a.value;
}

/* Lane i of the result, i < VEC_SUMS, is the sum of a[i]; each other lane is one of these sums. VEC_SUMS is at most VEC_LANES,
 * and VEC_LANES / VEC_PACK if rows share vectors. */
WV_INLINE vec vec_sums(const vec *a) { return *a; }

#include "isa/unpacked.h"
