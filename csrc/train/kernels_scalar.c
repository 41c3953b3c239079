/* The training kernels in plain C: the specification for all other ISAs. */
#include "train/kernels.h"

#include "isa/region.h"
#include "isa/vec_scalar.h"
#include "train/objective/table.inc.h"
const struct wv_kernels wv_kernels_scalar = TRAIN_KERNELS;
