/* Tested: the vector functions and the block step for AVX-512, if this processor supports it. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"
#include "train/kernels.h"

#if WV_X86
#include <immintrin.h>
#include "isa/region.h"
WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#include "isa/vec_avx512.h"
#include "vec.inc.h"

#include "step.inc.h"
WV_REGION_END
#endif

int main(void)
{
#if WV_X86
    if (wv_cpu_has(WV_AVX512)) {
        vector_functions();
        steps();
    }
#endif
    return finish();
}
