/* Vector functions for AVX2 with FMA: 8 floats in a register, 16 registers. */
typedef __m256 vec;
enum { VEC_LANES = 8, VEC_REGISTERS = 16, VEC_SUMS = 8 };

WV_INLINE vec vec_zero(void) { return _mm256_setzero_ps(); }
WV_INLINE vec vec_set(float x) { return _mm256_set1_ps(x); }
WV_INLINE vec vec_load(const float *p) { return _mm256_loadu_ps(p); }
WV_INLINE void vec_store(float *p, vec a) { _mm256_storeu_ps(p, a); }
WV_INLINE vec vec_add(vec a, vec b) { return _mm256_add_ps(a, b); }
WV_INLINE vec vec_sub(vec a, vec b) { return _mm256_sub_ps(a, b); }
WV_INLINE vec vec_mul(vec a, vec b) { return _mm256_mul_ps(a, b); }
WV_INLINE vec vec_div(vec a, vec b) { return _mm256_div_ps(a, b); }
WV_INLINE vec vec_min(vec a, vec b) { return _mm256_min_ps(a, b); }
WV_INLINE vec vec_max(vec a, vec b) { return _mm256_max_ps(a, b); }
WV_INLINE vec vec_sqrt(vec a) { return _mm256_sqrt_ps(a); }
/* Returns bits: bit i is 1 if a[i] > b[i]; with a NaN the bit is 0. */
WV_INLINE unsigned vec_greater(vec a, vec b)
{
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
}
/* Returns x in lanes where a > b, y in the others. */
WV_INLINE vec vec_select(vec a, vec b, vec x, vec y)
{
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_GT_OQ));
}
/* Returns a * b + c. */
WV_INLINE vec vec_fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }

/* Returns n floats from p and zeros in the other lanes; reads nothing after p[n - 1]. 0 <= n <= VEC_LANES. */
WV_INLINE vec vec_load_first(const float *p, int n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
}

WV_INLINE float vec_sum(vec a)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

/* Returns a · 2^n for a whole number n. shifted: n + 1.5 · 2^23, whose low bits are n. The result must be a normal number.
 * A NaN from arithmetic has low bits 0 and gives NaN. */
WV_INLINE vec vec_times_exp2(vec a, vec shifted)
{
    const __m256i e = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(e, _mm256_castps_si256(a)));
}

/* Returns e and sets *mantissa, in [√½, √2), so that x = mantissa · 2^e. x is finite and > 0. */
WV_INLINE vec vec_split(vec x, vec *mantissa)
{
    __m256i bits = _mm256_castps_si256(x);
    __m256i e = _mm256_srai_epi32(_mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f3504f3)), 23);
    *mantissa = _mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32(e, 23)));
    return _mm256_cvtepi32_ps(e);
}

WV_INLINE vec vec_abs(vec x) { return _mm256_andnot_ps(vec_set(-0.0f), x); }
/* Returns -x in lanes where the sign bit of `sign` is 0, x where it is 1. */
WV_INLINE vec vec_oppose(vec x, vec sign) { return _mm256_xor_ps(x, _mm256_andnot_ps(sign, vec_set(-0.0f))); }

/* Lane i of the result is the sum of a[i]. */
WV_INLINE vec vec_sums(const vec a[8])
{
    vec four[4], two[2];
    WV_UNROLL
    for (int i = 0; i < 4; i++)
        four[i] = vec_add(_mm256_blend_ps(a[i], a[i + 4], 0xf0), _mm256_permute2f128_ps(a[i], a[i + 4], 0x21));
    WV_UNROLL
    for (int i = 0; i < 2; i++)
        two[i] = vec_add(_mm256_blend_ps(four[2 * i], four[2 * i + 1], 0xcc),
                         _mm256_shuffle_ps(four[2 * i], four[2 * i + 1], 0x4e));
    return _mm256_hadd_ps(two[0], two[1]);
}

#include "isa/unpacked.h"
