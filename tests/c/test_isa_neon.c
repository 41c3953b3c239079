/* Tested: the vector functions and the block step for NEON, if this processor supports it. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"
#include "train/kernels.h"

#if WV_ARM
#include <arm_neon.h>
#include "isa/region.h"
#include "isa/vec_neon.h"
#include "vec.inc.h"

#include "step.inc.h"
#endif

int main(void)
{
#if WV_ARM
    if (wv_cpu_has(WV_NEON)) {
        vector_functions();
        steps();
    }
#endif
    return finish();
}
