/* The kernels of propagation for AVX2. */
#include "cpu.h"
#include "graph/propagate_kernels.h"
#include "isa/region.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if WV_X86
#include <immintrin.h>

WV_REGION_BEGIN("avx2,fma")
#include "isa/vec_avx2.h"
#include "graph/propagate.inc.h"
WV_REGION_END

const struct wv_propagate_kernels wv_propagate_avx2 = {propagate, gram, multiply, scale};
#endif
