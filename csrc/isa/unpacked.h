/* For instruction sets where rows do not share vectors. (On AVX2, two rows per vector made training 11% slower; on NEON it
 * was not measured.) */
enum { VEC_PACK = 1 };

/* Returns VEC_LANES / VEC_PACK floats of each of VEC_PACK rows. */
WV_INLINE vec vec_load_packed(float *const *rows, int at) { return vec_load(rows[0] + at); }
/* Returns VEC_LANES / VEC_PACK floats, VEC_PACK times. */
WV_INLINE vec vec_load_repeated(const float *p) { return vec_load(p); }
/* Lane VEC_PACK · i + r of the result is the sum of part r of a[i]. */
WV_INLINE vec vec_sums_packed(const vec *a) { return vec_sums(a); }
