/* The vector vocabulary in plain C. */
#include "cpu.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"

#include "isa/region.h"
#include "isa/vec_scalar.h"
#include "vec.inc.h"

int main(void)
{
    vocabulary();
    return finish();
}
