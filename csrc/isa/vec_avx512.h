/* The vector vocabulary on AVX-512 (F, DQ, BW, VL): 16 floats in a register, 32 registers. */
typedef __m512 vec;
enum { VEC_LANES = 16, VEC_REGISTERS = 32 };
#define WV_32_REGISTERS

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
/* Bit i is set where a[i] > b[i]; a NaN is greater than nothing and nothing is greater than it. */
WV_INLINE unsigned vec_greater(vec a, vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
/* a * b + c */
WV_INLINE vec vec_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }

/* The first n lanes from p, zeros behind; reads nothing past p[n - 1]. 0 <= n <= VEC_LANES. */
WV_INLINE vec vec_load_first(const float *p, int n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }

WV_INLINE float vec_sum(vec a) { return _mm512_reduce_add_ps(a); }

/* 2^x for integral x in [-126, 127]. */
WV_INLINE vec vec_exp2_int(vec x)
{
    __m512i e = _mm512_add_epi32(_mm512_cvtps_epi32(x), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(e, 23));
}

/* x = mantissa * 2^answer, mantissa in [√½, √2), for finite x > 0. */
WV_INLINE vec vec_split(vec x, vec *mantissa)
{
    __m512i bits = _mm512_castps_si512(x);
    __m512i e = _mm512_srai_epi32(_mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f3504f3)), 23);
    *mantissa = _mm512_castsi512_ps(_mm512_sub_epi32(bits, _mm512_slli_epi32(e, 23)));
    return _mm512_cvtepi32_ps(e);
}

/* x where the sign bit of `sign` is clear, -x where it is set. */
WV_INLINE vec vec_flip(vec x, vec sign) { return _mm512_xor_ps(x, _mm512_and_ps(sign, vec_set(-0.0f))); }

/* Nearest integer, ties to even. */
WV_INLINE vec vec_round(vec x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

/* p holds VEC_LANES vectors one after the other; lane i of the answer is the sum of vector i. */
WV_INLINE vec vec_sums(const float *p)
{
    __m512 quarter[4];
    WV_UNROLL
    for (int q = 0; q < 4; q++) { /* vectors 4q … 4q+3: 128-bit lane l of quarter[q] = their sums over that lane */
        __m512 a = vec_load(p + 64 * q), b = vec_load(p + 64 * q + 16);
        __m512 c = vec_load(p + 64 * q + 32), d = vec_load(p + 64 * q + 48);
        __m512 ab = vec_add(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
        __m512 cd = vec_add(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
        quarter[q] = vec_add(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
    }
    __m512 low = vec_add(_mm512_shuffle_f32x4(quarter[0], quarter[1], 0x88),
                         _mm512_shuffle_f32x4(quarter[0], quarter[1], 0xdd));
    __m512 high = vec_add(_mm512_shuffle_f32x4(quarter[2], quarter[3], 0x88),
                          _mm512_shuffle_f32x4(quarter[2], quarter[3], 0xdd));
    return vec_add(_mm512_shuffle_f32x4(low, high, 0x88), _mm512_shuffle_f32x4(low, high, 0xdd));
}
