/* The kernels of a search for AVX-512. */
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
#include "score.inc.h"
#include "scan.inc.h"
#include "tile.inc.h"
WV_REGION_END

const struct wv_search_kernels wv_search_avx512 = {GROUP,    sizeof(float), wv_pack_floats,
                                                   scan_few, scan_many,     cosines};
#endif
