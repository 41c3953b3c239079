/* The kernels of a search in plain C. */
#include "cpu.h"
#include "isa/region.h"
#include "topk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "isa/vec_scalar.h"
#include "score.inc.h"
#include "scan.inc.h"
#include "tile.inc.h"

const struct wv_search_kernels wv_search_scalar = {GROUP,    sizeof(float), wv_pack_floats,
                                                   scan_few, scan_many,     cosines};
