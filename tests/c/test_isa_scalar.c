/* Tested: the vector functions and the block step in plain C. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"
#include "train/kernels.h"

#include "isa/region.h"
#include "isa/vec_scalar.h"
#include "vec.inc.h"

#include "step.inc.h"

int main(void)
{
    vector_functions();
    steps();
    return finish();
}
