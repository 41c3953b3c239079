/* The kernels of a search for AVX2. */
#include "cpu.h"
#include "isa/region.h"
#include "topk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if WV_X86
#include <immintrin.h>

WV_REGION_BEGIN("avx2,fma")
#include "isa/vec_avx2.h"
#include "score.inc.h"
#include "scan.inc.h"
#include "tile.inc.h"
WV_REGION_END

const struct wv_search_kernels wv_search_avx2 = {GROUP,    sizeof(float), wv_pack_floats,
                                                 scan_few, scan_many,     cosines};
#endif
