/* The training kernels in plain C: the specification of the others. */
#include "train/kernels.h"

#include <math.h>

#include "isa/region.h"
#include "isa/vec_scalar.h"
#include "train/objective/kernels.inc.h"
const struct wv_kernels wv_kernels_scalar = KERNELS;
