/* Tested: the vector functions and the parts of a block step for AVX-512, if this processor supports it. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"
#include "train/kernels.h"

#if WV_X86
#include <immintrin.h>
#include "isa/region.h"
WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,prfchw")
#include "isa/vec_avx512.h"
#include "tests_of_isa.inc.h"
WV_REGION_END
#endif

int main(void)
{
#if WV_X86
    if (wv_cpu_has(WV_AVX512))
        run_tests_of_isa();
#endif
    return finish();
}
