/* The kernels of a search for NEON. */
#include "cpu.h"
#include "isa/region.h"
#include "topk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if WV_ARM
#include <arm_neon.h>

#include "isa/vec_neon.h"
#include "score.inc.h"
#include "scan.inc.h"
#include "tile.inc.h"

const struct wv_search_kernels wv_search_neon = {GROUP,    sizeof(float), wv_pack_floats,
                                                 scan_few, scan_many,     cosines};
#endif
