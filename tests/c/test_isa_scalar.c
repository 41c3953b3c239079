/* Tested: the vector functions and the parts of a block step in plain C. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"
#include "train/kernels.h"

#include "isa/region.h"
#include "isa/vec_scalar.h"
#include "tests_of_isa.inc.h"

int main(void)
{
    run_tests_of_isa();
    return finish();
}
