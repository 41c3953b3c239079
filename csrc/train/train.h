/* Training, as Cython sees it. In: inputs as flat arrays, matrices, settings. Out: changed matrices, the loss.
 * Threads, progress and the order of work units are in Python (wildvec/training). */
#ifndef WILDVEC_TRAIN_H
#define WILDVEC_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"
#include "graph/walks.h"
#include "sampler.h"
#include "status.h"
#include "train/objectives.h"

enum { WV_PAD = 16 }; /* rows of training matrices are padded to whole cache lines of floats */
/* Hidden rows of a block at most: 16 vector registers hold so many rows together with their gradients. All ISAs use
 * this limit, so that all take the same steps. */
enum { WV_TILE = 6 };

/* Cells of a block at most: targets of one hidden row. */
enum { WV_CELLS_OF_BLOCK = 16 };

/* The kernels may read so many nodes and codes behind the last Huffman path. */
enum { WV_PATH_PADDING = 8 };

enum { WV_MAX_MATRICES = 4 };
enum {
    WV_INPUT,
    WV_OUTPUT,
    WV_NODES,
    WV_DOCUMENTS
}; /* positions in wv_task.matrices; a matrix that an objective does not use has no rows */

/* The losses of the objective supervised (step_supervised.inc.h). */
enum wv_bag_loss { WV_BAG_SOFTMAX, WV_BAG_OVA, WV_BAG_PATHS, WV_BAG_NOISE, WV_N_BAG_LOSSES };

/* One weight matrix. Row i begins at rows + i * stride and has `size` values, then zeros up to `width`. With AdaGrad,
 * stride is 2 * width, and the sums of squared gradients follow in the second half of the row. */
struct wv_matrix {
    float *rows;                /* (n, stride) */
    const float *row_rate;      /* (n) factor of the learning rate for each row, 0 freezes it; NULL: 1 for all */
    const int32_t *slot_of;     /* (n) slot of a row's private copy, -1: none; NULL: row i < n_private has slot i */
    const int32_t *private_ids; /* (n_private) the row of each slot; NULL where slot_of is NULL */
    const float *uses;          /* (n_private) how often one example uses the row of each slot, on average */
    int64_t n;
    int64_t round_rows; /* deterministic rounds: most rows that one worker touches in a round */
    int32_t size, width, stride;
    int32_t n_private; /* rows of which each worker has a private copy; 0 with one worker and in rounds */
    float curvature;   /* scales merged changes, see merge.inc.h */
    float l2;          /* each use of a row also moves it by -rate * l2 * row */
};

/* Lists of ids: list r is ids[offsets[r] … offsets[r + 1]). */
struct wv_ragged {
    const int32_t *ids;
    const int64_t *offsets;
};

/* Factorization machine (objective/step_fm.inc.h): what belongs to units, to input rows and to outputs. */
struct wv_fm {
    const int32_t *labels;      /* (units) the class of each unit; NULL: regression */
    const float *targets;       /* (units, outputs) the values of each unit; NULL: classification */
    const float *pair_weights;  /* (outputs, width) constants a_k; 0 behind the coordinates of input rows */
    const int32_t *row_sizes;   /* (input rows) coordinates of each row, less than the size of the matrix */
    const float *row_decay;     /* (input rows) L2 penalty of one use of each row */
    const int32_t *masked_rows; /* (input rows) the row that stands for a masked item of each row */
    uint32_t mask;              /* an item is masked if a 32-bit draw is below it */
};

/* Pairs of users (rows of the matrix WV_USERS) and items (rows of WV_ITEMS). Units are pairs in an order that is drawn for each
 * epoch (objective/pairs.inc.h). */
struct wv_pairs {
    const int32_t *users, *items; /* (n) */
    struct wv_ragged own;         /* items of each user, rising, which are never negatives of the user */
    int64_t n, n_trained;         /* units n_trained … n are held out */
};
enum { WV_ITEMS = WV_INPUT, WV_USERS = WV_OUTPUT };

/* Objectives whose pairs share their negatives (objective/step_contrast.inc.h). A block is some pairs and n_negatives items. */
struct wv_contrast {
    const struct wv_alias *sampling; /* (items) distribution of negatives; NULL: uniform */
    const float *features;           /* (items, n_features) of items; the matrix WV_NODES has n_features rows */
    int32_t n_features;              /* 0: none */
    int32_t block, n_negatives;      /* block: a multiple of WV_PAD */
    float margin;                    /* ccl */
    float weight;                    /* ccl, bsl: of the negatives in the loss */
    float temperature;               /* bsl */
};

/* Pairs of a user and an item that have negatives of their own (objective/step_bpr.inc.h). */
struct wv_triplets {
    const struct wv_alias *sampling; /* (items) distribution of negatives; NULL: uniform */
    int32_t candidates;              /* draws of each pair; warp: most draws */
    int32_t has_bias;                /* items have a bias */
    float margin;                    /* warp */
};

/* What all workers of one training share. Only `stop` changes while they run. A pointer is NULL where its part is
 * not in use. */
struct wv_task {
    struct wv_matrix matrices[WV_MAX_MATRICES];
    struct wv_ragged
        items; /* one list per unit: tokens of a sentence, columns of a row of cells, features of a bag */
    struct wv_ragged labels; /* bags: the labels of each */
    struct wv_ragged
        parts; /* tokens: the input rows of each id (subwords), and WV_PATH_PADDING more; else item i is row i */
    struct wv_ragged tags;    /* documents: the document rows of each */
    const float *values;      /* cells: (n_cells) the value of each; glove: its weighted count x > 0 */
    const float *weights;     /* cells: (n_cells) its weight in the loss */
    const int32_t *unit_rows; /* glove: (units) the input row of each unit; its items are columns, all different */
    struct wv_pairs pairs;
    struct wv_triplets triplets;
    struct wv_contrast contrast;
    struct wv_fm fm;       /* factorization machine; `values`: x of each item */
    float x_max, exponent; /* glove: a cell has the weight min(1, (x / x_max)^exponent) */
    struct wv_walks walks; /* random walks, drawn in training; node i has input row i */
    const struct wv_alias
        *sources; /* edges: (nodes) distribution of first nodes; `walks` has the graph, and edges as walks */
    const uint32_t *keep; /* (input rows) a token is kept if a 32-bit draw is <= keep[id]; NULL: no subsampling */
    const struct wv_alias *noise; /* (output rows) distribution of negatives */
    struct wv_ragged paths;    /* hierarchical softmax: nodes from the root to each id, and WV_PATH_PADDING more */
    const uint8_t *path_codes; /* (as paths.ids) 1: the path turns right */
    int64_t max_chunk;         /* items in the longest chunk */
    int64_t round_tokens;      /* deterministic rounds: most items that a worker gets in a round; else 0 */
    uint64_t seed;
    int32_t n_matrices;
    int32_t max_targets; /* target rows of a block at most */
    int32_t max_context; /* rows that are composed to one or two hidden rows at most; 0: none are */
    int32_t max_parts;   /* of one id */
    int32_t window;
    int32_t negative; /* noise words of one example */
    int32_t n_noise;  /* noise words of a window: `negative`, or more if two centres share some (wv_shared_noise) */
    int32_t max_path;
    int32_t max_tags;    /* documents: most tags of one */
    int32_t concat_tags; /* PV-DM with concatenation: tags of each document; others are skipped */
    int32_t null_word;   /* the same: input row for positions outside the document */
    int32_t order;       /* edges: 1, 2, or 3: both, with first-order rows in the matrix WV_DOCUMENTS */
    int32_t train_words; /* documents: words of the context are input rows too */
    int32_t infers;      /* documents: only their rows change, and a unit's draws do not depend on other units */
    int32_t n_hottest;   /* private rows (of each matrix) that are merged every time; later tiers wait longer */
    int32_t merge_every; /* examples that a worker may train before it merges private rows */
    int32_t n_workers;   /* that train at the same time */
    int32_t shrink_windows;
    int32_t shuffle_items;      /* the kept tokens of a unit are shuffled: a unit is a set, not a sequence */
    int32_t average_hidden;     /* composed hidden rows are means; else sums */
    int32_t average_grad;       /* their gradient is divided by the number of rows */
    int32_t freeze_targets;     /* target rows do not change (inference) */
    int32_t one_pair_at_a_time; /* the classic update of word2vec.c: new negatives for each pair */
    enum wv_bag_loss bag_loss;
    enum wv_objective objective;
    enum wv_isa isa;
    int32_t stop; /* set from another thread: return after the current window */
};

struct wv_worker; /* scratch memory and private rows of one thread */

/* Bytes of a worker. Of arrays only their presence and sizes are read. */
size_t wv_worker_bytes(const struct wv_task *task);
enum wv_status wv_worker_new(const struct wv_task *task, struct wv_worker **worker);
void wv_worker_free(struct wv_worker *worker);

/* Trains n_chunks chunks. Chunk first_chunk + c holds the units chunks[2c] … chunks[2c + 1] and has the learning rate
 * rates[c]. losses[c]: its loss in nats, the sum over all pairs, each taken before the update of the pair.
 * examples: the number of examples of all chunks (skip-gram: positive pairs; CBOW: centres; cells; bags).
 * At rate 0 the loss is measured and every row keeps its value. Private rows belong to the worker until wv_merge. In
 * rounds the chunks hold at most round_tokens items, and the next call discards changes that wv_merge_round did not merge. */
enum wv_status wv_train(struct wv_worker *worker, int64_t epoch, int64_t first_chunk, int64_t n_chunks,
                        const int64_t *chunks, const float *rates, double *losses, int64_t *examples);

/* Merges the worker's private rows with the shared rows. Call it before the first wv_train (private rows are 0 until then),
 * after the last one, and before another thread reads or changes the matrices. Does nothing in rounds. */
void wv_merge(struct wv_worker *worker);

/* Ends a round, in which each worker called wv_train once and changed only its own copies of rows. Adds the changes of all
 * workers to the shared rows, in the order of `workers`, so that the bits do not depend on timing. rate: the round's.
 * n_parts threads call it, each with another part; all must return before the next round begins. */
void wv_merge_round(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate);

/* In a round: the rows of a matrix that the worker has copied, and how much it changed them; none after the merge. With ids
 * NULL it returns only their number. ids: (n); deltas: (n, stride of the matrix). */
int64_t wv_export_deltas(const struct wv_worker *worker, int matrix, int32_t *ids, float *deltas);

/* Adds `factor` times the deltas (n, stride) to the shared rows ids[0 … n). */
void wv_apply_deltas(const struct wv_matrix *matrix, const int32_t *ids, const float *deltas, int64_t n,
                     float factor);

/* Makes all workers of the task return within one window (stop = 1), or allows them to train again (0). */
void wv_stop(struct wv_task *task, int32_t stop);

/* Sets rows first … last of a matrix: `size` values uniform in ±1 / size, drawn by (seed, row), then zeros up to `width`;
 * `stride` floats lie between the beginnings of two rows. */
void wv_init_rows(float *rows, int64_t first, int64_t last, int32_t size, int32_t width, int32_t stride,
                  uint64_t seed);

/* The Huffman tree of n words: see huffman.c. */
enum wv_status wv_huffman(const int64_t *counts, const int32_t *order, int32_t n, int64_t *offsets, int32_t *nodes,
                          uint8_t *codes);

/* How many noise words two skip-gram centres draw together, where each of them has `negative`. */
int32_t wv_shared_noise(int32_t negative);

/* How many different noise draws the first n_windows windows of a chunk use, in the block update, if each has n_noise words. */
int64_t wv_noise_draws(int32_t n_noise, int64_t n_windows);

/* A trained classifier of bags: rows are `stride` floats apart and padded with zeros to whole vectors. */
struct wv_bag_model {
    const float *input;     /* rows of features */
    const float *output;    /* (n_labels) rows of labels, or of the nodes of their tree */
    struct wv_ragged paths; /* WV_BAG_PATHS: nodes from the root to each label */
    const uint8_t *path_codes;
    int64_t n_labels, stride;
    int32_t size;
    enum wv_bag_loss loss;
};

/* Bag b has the rows ids[offsets[b] … offsets[b + 1]) and sizes[b] features, those without rows included. */
struct wv_bags {
    const int32_t *ids;
    const int64_t *offsets, *sizes;
};

/* means: receives (n, stride) means of rows. probabilities: receives (n, n_labels), or NULL. */
enum wv_status wv_predict_bags(const struct wv_bag_model *model, const struct wv_bags *bags, int64_t n,
                               enum wv_isa isa, float *means, float *probabilities);

/* The objective of this name. WV_UNKNOWN_OBJECTIVE: there is none. */
enum wv_status wv_find_objective(const char *name, enum wv_objective *objective);

#endif
