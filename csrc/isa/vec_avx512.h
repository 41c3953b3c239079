/* Vector functions for AVX-512 (F, DQ, BW, VL): 16 floats in a register, 32 registers. */
typedef __m512 vec;
enum { VEC_LANES = 16, VEC_REGISTERS = 32, VEC_SUMS = 8 };

WV_INLINE vec vec_zero(void) { return _mm512_setzero_ps(); }
WV_INLINE vec vec_set(float x) { return _mm512_set1_ps(x); }
WV_INLINE vec vec_load(const float *p) { return _mm512_loadu_ps(p); }
WV_INLINE void vec_store(float *p, vec a) { _mm512_storeu_ps(p, a); }
WV_INLINE vec vec_add(vec a, vec b) { return _mm512_add_ps(a, b); }
WV_INLINE vec vec_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
WV_INLINE vec vec_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
WV_INLINE vec vec_div(vec a, vec b) { return _mm512_div_ps(a, b); }
WV_INLINE vec vec_min(vec a, vec b) { return _mm512_min_ps(a, b); }
WV_INLINE vec vec_max(vec a, vec b) { return _mm512_max_ps(a, b); }
WV_INLINE vec vec_sqrt(vec a) { return _mm512_sqrt_ps(a); }
/* Returns bits: bit i is 1 if a[i] > b[i]; with a NaN the bit is 0. */
WV_INLINE unsigned vec_greater(vec a, vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
/* Returns x in lanes where a > b, y in the others. */
WV_INLINE vec vec_select(vec a, vec b, vec x, vec y)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), y, x);
}
/* Returns a * b + c. */
WV_INLINE vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }

/* Returns n floats from p and zeros in the other lanes; reads nothing after p[n - 1]. 0 <= n <= VEC_LANES. */
WV_INLINE vec vec_load_first(const float *p, int n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }

WV_INLINE float vec_sum(vec a) { return _mm512_reduce_add_ps(a); }

/* Returns a · 2^n for a whole number n. shifted: n + 1.5 · 2^23, whose low bits are n. The result must be a normal number.
 * A NaN from arithmetic has low bits 0 and gives NaN. */
WV_INLINE vec vec_times_exp2(vec a, vec shifted)
{
    const __m512i e = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(e, _mm512_castps_si512(a)));
}

/* Returns e and sets *mantissa, in [√½, √2), so that x = mantissa · 2^e. x is finite and > 0. */
WV_INLINE vec vec_split(vec x, vec *mantissa)
{
    __m512i bits = _mm512_castps_si512(x);
    __m512i e = _mm512_srai_epi32(_mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f3504f3)), 23);
    *mantissa = _mm512_castsi512_ps(_mm512_sub_epi32(bits, _mm512_slli_epi32(e, 23)));
    return _mm512_cvtepi32_ps(e);
}

WV_INLINE vec vec_abs(vec x) { return _mm512_abs_ps(x); }
/* Returns -x in lanes where the sign bit of `sign` is 0, x where it is 1. */
WV_INLINE vec vec_oppose(vec x, vec sign)
{
    enum { X_XOR_BIT_AND_NOT_SIGN = 0xd2 };
    const __m512i bit = _mm512_castps_si512(vec_set(-0.0f));
    return _mm512_castsi512_ps(
        _mm512_ternarylogic_epi32(_mm512_castps_si512(x), _mm512_castps_si512(sign), bit, X_XOR_BIT_AND_NOT_SIGN));
}

/* Two rows share a vector of products, so half as many lanes must be summed. */
enum { VEC_PACK = 2 };

/* Returns VEC_LANES / VEC_PACK floats of each of VEC_PACK rows. */
WV_INLINE vec vec_load_packed(float *const *rows, int at)
{
    const __m512 first = _mm512_castps256_ps512(_mm256_loadu_ps(rows[0] + at));
    return _mm512_insertf32x8(first, _mm256_loadu_ps(rows[1] + at), 1);
}

/* Returns VEC_LANES / VEC_PACK floats, VEC_PACK times. */
WV_INLINE vec vec_load_repeated(const float *p) { return _mm512_broadcast_f32x8(_mm256_loadu_ps(p)); }

/* Lane i of the result is the sum of the low half of a[i], lane 8 + i that of the high half. Blocks of 4, 2 and 1 lanes are
 * added by one blend and one shuffle: two shuffles would be slower, because only one port executes them. */
WV_INLINE vec sum_halves(const vec a[8])
{
    vec four[4], two[2];
    const __m512i fours = _mm512_setr_epi64(2, 3, 8, 9, 6, 7, 12, 13);
    const __m512i ones = _mm512_setr_epi32(1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30);
    WV_UNROLL
    for (int i = 0; i < 4; i++) {
        __m512d moved = _mm512_permutex2var_pd(_mm512_castps_pd(a[i]), fours, _mm512_castps_pd(a[i + 4]));
        four[i] = vec_add(_mm512_mask_blend_ps(0xf0f0, a[i], a[i + 4]), _mm512_castpd_ps(moved));
    }
    WV_UNROLL
    for (int i = 0; i < 2; i++)
        two[i] = vec_add(_mm512_mask_blend_ps(0xcccc, four[i], four[i + 2]),
                         _mm512_shuffle_ps(four[i], four[i + 2], 0x4e));
    return vec_add(_mm512_mask_blend_ps(0xaaaa, two[0], two[1]), _mm512_permutex2var_ps(two[0], ones, two[1]));
}

/* Lane i of the result, i < VEC_SUMS, is the sum of a[i]; each other lane is one of these sums. */
WV_INLINE vec vec_sums(const vec a[8])
{
    const vec halves = sum_halves(a);
    return vec_add(halves, _mm512_shuffle_f32x4(halves, halves, 0x4e));
}

/* Lane VEC_PACK · i + r of the result is the sum of part r of a[i]. */
WV_INLINE vec vec_sums_packed(const vec a[8])
{
    const __m512i in_turns = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    return _mm512_permutexvar_ps(in_turns, sum_halves(a));
}
