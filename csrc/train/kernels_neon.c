/* The training kernels for NEON, which every AArch64 processor has. */
#include "train/kernels.h"

#if WV_ARM
#include <arm_neon.h>
#include "isa/region.h"
#include "isa/vec_neon.h"
#include "train/objective/table.inc.h"
const struct wv_kernels wv_kernels_neon = TRAIN_KERNELS;
#endif
