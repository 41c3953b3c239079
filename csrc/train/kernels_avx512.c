/* The training kernels for AVX-512. */
#include "train/kernels.h"

#if WV_X86
#include <immintrin.h>
#include "isa/region.h"
WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,prfchw")
#include "isa/vec_avx512.h"
#include "train/objective/table.inc.h"
const struct wv_kernels wv_kernels_avx512 = TRAIN_KERNELS;
WV_REGION_END
#endif
