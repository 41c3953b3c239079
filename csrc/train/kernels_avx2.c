/* The training kernels for AVX2. */
#include "train/kernels.h"

#if WV_X86
#include <immintrin.h>
#include "isa/region.h"
WV_REGION_BEGIN("avx2,fma")
#include "isa/vec_avx2.h"
#include "train/objective/table.inc.h"
const struct wv_kernels wv_kernels_avx2 = TRAIN_KERNELS;
WV_REGION_END
#endif
