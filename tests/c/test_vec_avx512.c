/* The vector vocabulary on AVX-512, where this processor has it. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"

#if WV_X86
#include <immintrin.h>
#include "isa/region.h"
WV_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#include "isa/vec_avx512.h"
#include "vec.inc.h"
WV_REGION_END
#else
static void vocabulary(void)
{
}
#endif

int main(void)
{
    if (wv_cpu_has(WV_AVX512))
        vocabulary();
    return finish();
}
