/* Vector functions for NEON (AArch64): 4 floats in a register, 32 registers; gcc uses some of them for other values. */
typedef float32x4_t vec;
enum { VEC_LANES = 4, VEC_REGISTERS = 28, VEC_SUMS = 4 };

WV_INLINE vec vec_zero(void) { return vdupq_n_f32(0); }
WV_INLINE vec vec_set(float x) { return vdupq_n_f32(x); }
WV_INLINE vec vec_load(const float *p) { return vld1q_f32(p); }
WV_INLINE void vec_store(float *p, vec a) { vst1q_f32(p, a); }
WV_INLINE vec vec_add(vec a, vec b) { return vaddq_f32(a, b); }
WV_INLINE vec vec_sub(vec a, vec b) { return vsubq_f32(a, b); }
WV_INLINE vec vec_mul(vec a, vec b) { return vmulq_f32(a, b); }
WV_INLINE vec vec_div(vec a, vec b) { return vdivq_f32(a, b); }
WV_INLINE vec vec_min(vec a, vec b) { return vminq_f32(a, b); }
WV_INLINE vec vec_max(vec a, vec b) { return vmaxq_f32(a, b); }
WV_INLINE vec vec_sqrt(vec a) { return vsqrtq_f32(a); }
/* Returns bits: bit i is 1 if a[i] > b[i]; with a NaN the bit is 0. */
WV_INLINE unsigned vec_greater(vec a, vec b)
{
    static const uint32_t bits[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(vcgtq_f32(a, b), vld1q_u32(bits)));
}
/* Returns x in lanes where a > b, y in the others. */
WV_INLINE vec vec_select(vec a, vec b, vec x, vec y) { return vbslq_f32(vcgtq_f32(a, b), x, y); }
/* Returns a * b + c. */
WV_INLINE vec vec_fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }

/* Returns n floats from p and zeros in the other lanes; reads nothing after p[n - 1]. 0 <= n <= VEC_LANES. */
WV_INLINE vec vec_load_first(const float *p, int n)
{
    float lanes[4] = {0};
    for (int i = 0; i < n; i++)
        lanes[i] = p[i];
    return vec_load(lanes);
}

WV_INLINE float vec_sum(vec a) { return vaddvq_f32(a); }

/* Returns a · 2^n for a whole number n. shifted: n + 1.5 · 2^23, whose low bits are n. The result must be a normal number.
 * A NaN from arithmetic has low bits 0 and gives NaN. */
WV_INLINE vec vec_times_exp2(vec a, vec shifted)
{
    uint32x4_t e = vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23);
    return vreinterpretq_f32_u32(vaddq_u32(e, vreinterpretq_u32_f32(a)));
}

/* Returns e and sets *mantissa, in [√½, √2), so that x = mantissa · 2^e. x is finite and > 0. */
WV_INLINE vec vec_split(vec x, vec *mantissa)
{
    int32x4_t bits = vreinterpretq_s32_f32(x);
    int32x4_t e = vshrq_n_s32(vsubq_s32(bits, vdupq_n_s32(0x3f3504f3)), 23);
    *mantissa = vreinterpretq_f32_s32(vsubq_s32(bits, vshlq_n_s32(e, 23)));
    return vcvtq_f32_s32(e);
}

WV_INLINE vec vec_abs(vec x) { return vabsq_f32(x); }
/* Returns -x in lanes where the sign bit of `sign` is 0, x where it is 1. */
WV_INLINE vec vec_oppose(vec x, vec sign)
{
    uint32x4_t bit = vbicq_u32(vdupq_n_u32(0x80000000u), vreinterpretq_u32_f32(sign));
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x), bit));
}

/* Lane i of the result is the sum of a[i]. */
WV_INLINE vec vec_sums(const vec a[4]) { return vpaddq_f32(vpaddq_f32(a[0], a[1]), vpaddq_f32(a[2], a[3])); }

#include "isa/unpacked.h"
