/* The kernels of propagation for NEON. */
#include "cpu.h"
#include "graph/propagate_kernels.h"
#include "isa/region.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if WV_ARM
#include <arm_neon.h>

#include "isa/vec_neon.h"
#include "graph/propagate.inc.h"

const struct wv_propagate_kernels wv_propagate_neon = {propagate, gram, multiply, scale};
#endif
