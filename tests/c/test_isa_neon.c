/* Tested: the vector functions and the parts of a block step for NEON, if this processor supports it. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"
#include "train/kernels.h"

#if WV_ARM
#include <arm_neon.h>
#include "isa/region.h"
#include "isa/vec_neon.h"
#include "tests_of_isa.inc.h"
#endif

int main(void)
{
#if WV_ARM
    if (wv_cpu_has(WV_NEON))
        run_tests_of_isa();
#endif
    return finish();
}
