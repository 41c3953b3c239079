/* A shared library of benchmarks, for one ISA. Define BENCH_SCALAR, BENCH_AVX2, BENCH_AVX512 or BENCH_NEON.
 * benchmarks/test_primitives.py compiles it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "train/kernels.h"

#if defined(BENCH_AVX2) || defined(BENCH_AVX512)
#include <immintrin.h>
#elif defined(BENCH_NEON)
#include <arm_neon.h>
#endif

#include "isa/region.h"

#if defined(BENCH_AVX512)
WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,prfchw")
#include "isa/vec_avx512.h"
#elif defined(BENCH_AVX2)
WV_REGION_BEGIN("avx2,fma")
#include "isa/vec_avx2.h"
#elif defined(BENCH_NEON)
#include "isa/vec_neon.h"
#elif defined(BENCH_SCALAR)
#include "isa/vec_scalar.h"
#else
#error "define BENCH_SCALAR, BENCH_AVX2, BENCH_AVX512 or BENCH_NEON"
#endif

#include "isa/math.inc.h"

#include "train/objective/rows.inc.h"

#include "train/objective/score.inc.h"

#include "train/objective/loss_logistic.inc.h"
#include "train/objective/update.inc.h"

#include "bench.inc.h"

int bench_step(int32_t m, int32_t n, int32_t dim, int64_t n_steps, uint64_t seed);
double bench_fma(int64_t n_steps);

int bench_step(int32_t m, int32_t n, int32_t dim, int64_t n_steps, uint64_t seed)
{
    return bench_block(m, n, dim, n_steps, seed);
}

double bench_fma(int64_t n_steps)
{
    return bench_multiply_adds(n_steps);
}

#if defined(BENCH_AVX2) || defined(BENCH_AVX512)
WV_REGION_END
#endif
