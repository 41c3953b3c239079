/* The kernels of propagation in plain C. */
#include "cpu.h"
#include "graph/propagate_kernels.h"
#include "isa/region.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "isa/vec_scalar.h"
#include "graph/propagate.inc.h"

const struct wv_propagate_kernels wv_propagate_scalar = {propagate, gram, multiply, scale};
