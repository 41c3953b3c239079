/* The search on AVX-512. */
#include "cpu.h"
#include "isa/region.h"
#include "topk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if WV_X86
#include <immintrin.h>

WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#include "isa/vec_avx512.h"
#include "topk.inc.h"
WV_REGION_END

const struct wv_search_kernels wv_search_avx512 = {GROUP, scan, cosines};
#endif
