/* The training kernels of one ISA. Included once in the region of each ISA, after its vector header. */
#include "isa/math.inc.h"
#include "train/objective/rows.inc.h"
#include "train/objective/merge.inc.h"
#include "train/objective/score.inc.h"
#include "train/objective/loss_logistic.inc.h"
#include "train/objective/loss_squares.inc.h"
#include "train/objective/loss_softmax.inc.h"
#include "train/objective/update.inc.h"
#include "train/objective/update_by_rule.inc.h"
#include "train/objective/compose.inc.h"
#include "train/objective/subwords.inc.h"
#include "train/objective/noise.inc.h"
#include "train/objective/read_tokens.inc.h"
#include "train/objective/read_walks.inc.h"
#include "train/objective/read_edges.inc.h"
#include "train/objective/path.inc.h"
#include "train/objective/targets.inc.h"
#include "train/objective/prefetch.inc.h"
#include "train/objective/make_skipgram.inc.h"
#include "train/objective/make_edges.inc.h"
#include "train/objective/read_documents.inc.h"
#include "train/objective/make_cbow.inc.h"
#include "train/objective/make_dbow_words.inc.h"
#include "train/objective/read_cells.inc.h"
#include "train/objective/make_cells.inc.h"
#include "train/objective/read_bags.inc.h"
#include "train/objective/make_bags.inc.h"
#include "train/objective/run.inc.h"
#include "train/objective/step_glove.inc.h"
#include "train/objective/glove_units.inc.h"
#include "train/objective/bag_rows.inc.h"
#include "train/objective/step_supervised.inc.h"
#include "train/objective/predict_bags.inc.h"
#include "train/objective/step_fm.inc.h"
#include "train/objective/dbow_streams.inc.h"
#include "train/objective/dbow_negatives.inc.h"
#include "train/objective/dbow_update.inc.h"
#include "train/objective/step_dbow.inc.h"
#include "train/objective/step_dm_concat.inc.h"
#include "train/objective/pairs.inc.h"
#include "train/objective/multiply.inc.h"
#include "train/objective/contrast_pairs.inc.h"
#include "train/objective/contrast_loss.inc.h"
#include "train/objective/contrast_gradients.inc.h"
#include "train/objective/contrast_update.inc.h"
#include "train/objective/step_contrast.inc.h"
#include "train/objective/triplets.inc.h"
#include "train/objective/triplet_rows.inc.h"
#include "train/objective/step_bpr.inc.h"

#define TRAIN_CHUNK(name, read, make, loss)                                                                        \
    static double train_##name(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,    \
                               int64_t *examples)                                                                  \
    {                                                                                                              \
        return run_chunk(worker, first, last, key, rate, examples, read, make, loss);                              \
    }
WV_OBJECTIVES(TRAIN_CHUNK)
#undef TRAIN_CHUNK

#define TABLE_ENTRY(name, read, make, loss) train_##name,
#define OWN_STEP_ENTRY(name) train_##name,
#define TRAIN_KERNELS {{WV_OBJECTIVES(TABLE_ENTRY) WV_OWN_STEPS(OWN_STEP_ENTRY)}, merge, merge_round, predict_bags}
