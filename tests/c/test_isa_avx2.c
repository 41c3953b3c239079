/* Tested: the vector functions and the parts of a block step for AVX2, if this processor supports it. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"
#include "train/kernels.h"

#if WV_X86
#include <immintrin.h>
#include "isa/region.h"
WV_REGION_BEGIN("avx2,fma")
#include "isa/vec_avx2.h"
#include "tests_of_isa.inc.h"
WV_REGION_END
#endif

int main(void)
{
#if WV_X86
    if (wv_cpu_has(WV_AVX2))
        run_tests_of_isa();
#endif
    return finish();
}
