/* The vector vocabulary in plain C, one float at a time: the specification of the other ISAs. */
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
/* As the x86 instructions: the second operand where one is NaN. */
WV_INLINE vec vec_min(vec a, vec b) { return a < b ? a : b; }
WV_INLINE vec vec_max(vec a, vec b) { return a > b ? a : b; }
WV_INLINE vec vec_sqrt(vec a) { return sqrtf(a); }
/* Bit i is set where a[i] > b[i]; a NaN is greater than nothing and nothing is greater than it. */
WV_INLINE unsigned vec_greater(vec a, vec b) { return a > b; }
/* a * b + c */
WV_INLINE vec vec_fma(vec a, vec b, vec c) { return a * b + c; }

/* The first n lanes from p, zeros behind. 0 <= n <= VEC_LANES. */
WV_INLINE vec vec_load_first(const float *p, int n) { return n ? *p : 0; }

WV_INLINE float vec_sum(vec a) { return a; }

union vec_bits {
    float value;
    uint32_t bits;
};

/* a · 2^n; n is whole and given as n + 1.5 · 2^23, whose low bits are n. The answer must be a normal number. The NaN of
 * arithmetic, whose low bits are 0, stays NaN. */
WV_INLINE vec vec_times_exp2(vec a, vec shifted)
{
    union vec_bits product = {.value = a}, power = {.value = shifted};
    product.bits += power.bits << 23;
    return product.value;
}

/* x = mantissa * 2^answer, mantissa in [√½, √2), for finite x > 0. */
WV_INLINE vec vec_split(vec x, vec *mantissa)
{
    union vec_bits m = {.value = x};
    int32_t e = (int32_t)(m.bits - 0x3f3504f3u) >> 23;
    m.bits -= (uint32_t)e << 23;
    *mantissa = m.value;
    return (vec)e;
}

WV_INLINE vec vec_abs(vec x) { return fabsf(x); }
/* -x where the sign bit of `sign` is clear, x where it is set. */
WV_INLINE vec vec_oppose(vec x, vec sign)
{
    union vec_bits a = {.value = x}, b = {.value = sign};
    a.bits ^= ~b.bits & 0x80000000u;
    return a.value;
}

/* Lane i of the answer, i < VEC_SUMS, is the sum of a[i]; the others are any of these. VEC_SUMS is at most VEC_LANES, and
 * VEC_LANES / VEC_PACK where rows share vectors. */
WV_INLINE vec vec_sums(const vec *a) { return *a; }

#include "isa/unpacked.h"
