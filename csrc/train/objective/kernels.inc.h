/* The training kernels of one ISA: included once in the region of each, after its vector vocabulary. */
#include "isa/math.inc.h"
#include "train/objective/rows.inc.h"
#include "train/objective/merge.inc.h"
#include "train/objective/dot.inc.h"
#include "train/objective/update.inc.h"
#include "train/objective/step.inc.h"
#include "train/objective/gather.inc.h"
#include "train/objective/noise.inc.h"
#include "train/objective/window.inc.h"
#include "train/objective/path.inc.h"
#include "train/objective/targets.inc.h"
#include "train/objective/asks.inc.h"
#include "train/objective/skipgram.inc.h"
#include "train/objective/cbow.inc.h"
#include "train/objective/chunk.inc.h"
#include "train/objective/bench.inc.h"

#define KERNELS {train_chunk, merge, merge_round, bench_step, bench_fma, 2 * FMA_CHAINS * VEC_LANES}
