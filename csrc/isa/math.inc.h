/* exp and log of a vector. The results on all instruction sets are equal up to the rounding of FMA (libm differs between
 * systems). The relative error is below 3e-7. The polynomial of log is from Cephes (Moshier). */

/* Returns e^x; x is clamped to [-87, 87]. */
WV_INLINE vec vec_exp(vec x)
{
    const vec shift = vec_set(12582912.0f);                   /* 1.5 · 2^23: adding it rounds to a whole number */
    x = vec_max(vec_set(-87.0f), vec_min(vec_set(87.0f), x)); /* with the operands in this order, NaN stays NaN */
    vec shifted = vec_fma(x, vec_set(1.44269504f), shift);
    vec n = vec_sub(shifted, shift);
    vec r = vec_fma(n, vec_set(-0.693359375f), x);
    r = vec_fma(n, vec_set(2.12194440e-4f), r);
    vec rr = vec_mul(r, r);
    /* (e^r - 1 - r) / r²; minimises the relative error of e^r for |r| <= ln 2 / 2 */
    vec high = vec_fma(vec_set(8.3125010e-3f), r, vec_set(4.1890331e-2f));
    vec low = vec_fma(vec_set(1.6667116e-1f), r, vec_set(4.9999231e-1f));
    vec p = vec_fma(vec_fma(high, rr, low), rr, vec_add(r, vec_set(1.0f)));
    return vec_times_exp2(p, shifted);
}

/* Returns log x for finite x >= 2^-64; NaN for NaN. */
WV_INLINE vec vec_log(vec x)
{
    vec mantissa; /* in [√½, √2), the range of the polynomial */
    vec exponent = vec_split(x, &mantissa);
    vec f = vec_fma(x, vec_zero(), vec_sub(mantissa, vec_set(1.0f))); /* 0 · x: NaN stays NaN */
    vec ff = vec_mul(f, f);
    vec a = vec_fma(vec_set(7.0376836292e-2f), f, vec_set(-1.1514610310e-1f));
    vec b = vec_fma(vec_set(1.1676998740e-1f), f, vec_set(-1.2420140846e-1f));
    vec c = vec_fma(vec_set(1.4249322787e-1f), f, vec_set(-1.6668057665e-1f));
    vec d = vec_fma(vec_set(2.0000714765e-1f), f, vec_set(-2.4999993993e-1f));
    vec ffff = vec_mul(ff, ff);
    vec p = vec_fma(vec_fma(a, ff, b), ffff, vec_fma(c, ff, d));
    p = vec_fma(p, f, vec_set(3.3333331174e-1f));
    vec log_mantissa = vec_fma(vec_mul(p, f), ff, vec_fma(ff, vec_set(-0.5f), f));
    return vec_fma(exponent, vec_set(0.69314718f), log_mantissa);
}
