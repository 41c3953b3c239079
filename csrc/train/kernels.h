/* What worker.c and the kernels of each ISA share: the state of one worker. */
#ifndef WILDVEC_KERNELS_H
#define WILDVEC_KERNELS_H

#include <math.h>
#include <string.h>

#include "bits.h"
#include "isa/region.h"
#include "permutation.h"
#include "train/train.h"

/* The rows of one matrix as one worker sees them: shared rows, or private copies of some rows. Private rows are copied
 * from the start, row private_ids[s] to slot s. In a round every row is private, and copied at its first use. */
struct wv_rows {
    const struct wv_matrix *matrix;
    float *shared;    /* (n, stride) */
    float *copies;    /* (n_private, stride); in a round (n_copied, stride), with space for round_rows */
    float *base;      /* (n_private, stride) the value of each copy at its last merge; in a round NULL */
    int32_t *copy_of; /* round: (n) 1 + the position of the copy of row i, 0: no copy; else NULL */
    int32_t *copied;  /* round: (n_copied) the row of each copy */
    int32_t *uses;    /* round: (n_copied) how often each copy was used */
    int64_t stride;
    int32_t n_private, n_copied;
};

enum { WV_MAX_TIERS = 32 }; /* merge tiers of private rows, whose slots are int32 */

/* Weights are written in runs of this many lanes, for any m. */
enum { WV_TILE_LANES = 8 };

/* One block step: m hidden rows × n target rows. Pair (i, j) of hidden row i and target j is at [j * m + i]. */
struct wv_block {
    float *const *hidden;      /* (m) */
    float *const *hidden_grad; /* (m) rows to which the gradients of the hidden rows are added */
    float **targets;           /* (n) all different */
    float *weights;            /* (n, m) and WV_PAD zeros; see the loss of the objective */
    float *values;             /* (n, m) cells: the values that scores approach */
    /* Rows that are composed to hidden rows: (n_context). The first hidden row is made of the rows before first_end,
     * the second one, if there is one, of the rows from second_start on. n_context is 0 where no row is composed.
     * (Skip-gram uses the array for hidden rows that are not consecutive.) */
    float **context;
    int first_end, second_start;
    int m, n, n_context;
    int n_trained;  /* centres, cells or bags that are complete when this block is trained */
    int n_examples; /* their examples: positive pairs (skip-gram), else the same number */
    int64_t first_token,
        end_token; /* positions in the chunk that windows may use from now on, and those they have reached */
};

/* Blocks are made some steps before they are trained, so that their rows can be prefetched. */
enum { WV_AHEAD = 4, WV_RING = 8 };

/* Loops over short arrays of pointers, weights and ids run in steps of eight or four, so that branch prediction of their
 * ends succeeds. The arrays have space for this many more elements, which are read and written but never used. */
enum { WV_OVERRUN = WV_PATH_PADDING };

/* This many noise words are drawn together. */
enum { WV_DRAWS = 8 * WV_OVERRUN };

/* One centre, or two neighbours that share their width and (except with Huffman paths) noise words, and the positions
 * low … end around. */
struct wv_window {
    int64_t low, end, centre, sentence_start;
    int32_t n_centres, width;
};

/* Noise words. They are drawn and searched for repeats for WV_DRAWS windows at once; each window takes the draws from one
 * position later on. Windows that do not share draws are searched one by one. Each centre of CBOW with paths counts as a
 * window, and so does each pair of the classic update. */
struct wv_noise {
    int32_t *words;            /* (n) current draws */
    float **rows;              /* (n) their output rows; not used in rounds */
    int64_t n, n_past, first;  /* n_past draws came before; the first of these windows begins at words[first] */
    int32_t *positions;        /* (n_noise) offsets of a window's draws from its first one */
    int32_t n_noise;           /* noise words of a window */
    int32_t n_windows, window; /* searched together; index of the next one */
    int32_t n_own;             /* draws of these windows that later windows do not take */
    int32_t *repeated;         /* (n_windows) whether some words of the window may be equal */
    int32_t *of_window;        /* (n_noise) in rounds: the words of the current window */
};

/* The items of a chunk, and the position of the next block. */
struct wv_chunk {
    /* tokens that subsampling kept */
    int32_t *words; /* (n) */
    float **input;  /* (n) the input row of each token */
    float **output; /* (n) its output row, with negative sampling */
    int64_t *ends;  /* the end of each sentence in words */
    int64_t n, n_sentences;
    int64_t next_centre, sentence; /* the next centre and its sentence */
    struct wv_window window;
    /* documents */
    int64_t *units;  /* (n_sentences) the unit of each sentence */
    int64_t tags_of; /* the sentence whose tags follow; -1: none */
    float **tags;    /* (n_tags) the document rows of the current sentence */
    float **rows;    /* (n_rows) input and document rows of the window */
    int n_tags, n_rows;
    int64_t next_row;  /* position of the window's next block: its first row, or in CBOW its first centre */
    int n_pairs;       /* skip-gram: positive pairs of the window */
    float *members[2]; /* (window) for each of two centres: 1 where a row is in its context, else 0 */
    uint64_t width_key, noise_key;
    struct wv_noise noise;
    float **targets;   /* (n_targets) output rows of the current centre or centres */
    float *weights[2]; /* (n_targets) of their pairs with the context of the first centre and of the second one */
    int n_targets, n_common; /* the first n_common are not prefetched */
    /* cells and bags */
    int32_t *of_bag; /* (n_targets) the labels that are targets of a bag, or the nodes of a block of edges */
    int64_t unit, last_unit; /* the next unit and the end of the chunk */
    int64_t first_cell,
        next_cell; /* positions of the chunk's first item and of the next cell in the items of the task */
};

/* Rows of the tokens first … end of the chunk, which are composed of parts (objective/subwords.inc.h). The row of position p is in
 * slot p % n_slots: its value, and behind it the value that it was composed with. */
struct wv_tokens {
    float *rows;     /* (n_slots, stride) */
    float **parts;   /* (max_parts) rows of the parts of one token */
    int64_t n_slots; /* a power of 2 */
    int64_t stride;  /* 2 * width */
    int64_t first, end;
};

/* Rows to prefetch, in the order of their use: of blocks that are made, and of windows to come. Rows before `first` have been
 * prefetched. */
struct wv_prefetch_queue {
    float **rows; /* (capacity) */
    int first, last, capacity;
};

/* How the general update changes one row: row += rate * step, where step is the gradient minus decay * row, with AdaGrad
 * divided by the root of the sum of its squares, which is stored adagrad_at floats behind the row (0: SGD). */
struct wv_row_rule {
    float rate, decay;
    int adagrad_at;
};

/* Working memory of a block step. */
struct wv_scratch {
    float *scores;             /* (n, m), and space for whole vectors */
    float *gradients;          /* (n, m) of the scores, times the learning rate; the same space */
    float *hidden[2];          /* (width) composed hidden rows */
    float *hidden_grad[2];     /* (width) their gradients */
    struct wv_row_rule *rules; /* (n) of the targets, in the general update */
    float *first_lanes;        /* factorization machine: `width` ones, then as many zeros */
};

/* Working memory of a block of pairs that share their negatives. m: pairs, n: negatives, rounded up to whole vectors. */
struct wv_contrast_scratch {
    float *users, *users_across;               /* (m, width), (width, m): values of the users' rows */
    float *items, *negatives;                  /* (m, width), (n, width) */
    float *scores;                             /* (n, m) of negatives, later their weights in the gradient */
    float *user_grads, *negative_grads;        /* (m, width), (n, width) */
    float *positive, *positive_weights, *sums; /* (m) score and weight of each pair, its loss */
    float grad_factor;                         /* the gradients are multiplied by it */
    float *change;                             /* (width) of a row */
    float **user_rows, **item_rows, **negative_rows;
    int32_t *user_ids, *item_ids, *negative_ids;
    /* Items with features (objective/contrast_features.inc.h). Rows of positives come first, then those of negatives. */
    float *features;         /* (m + n, n_features rounded up) */
    float *item_grads;       /* (m + n, width) of composed rows */
    float *inverse_lengths;  /* (m + n) of composed rows */
    float *projection;       /* (n_features, width) */
    float *projection_grads; /* (n_features, width) */
    float **projection_rows;
    int32_t *projection_ids; /* 0, 1, … */
    /* The current negatives: a bit for the low bits of each id, and chains of positions in negative_ids. */
    uint64_t *bits;        /* (WV_ITEM_BITS / 64) */
    int32_t *heads, *next; /* (WV_ITEM_CHAINS), (n): 1 + a position, 0: none */
    int32_t n;
};
enum { WV_ITEM_BITS = 1 << 16, WV_ITEM_CHAINS = 1 << 10 };

/* Triplets that are made together (objective/triplets.inc.h), with the current group of negatives of each. */
enum { WV_TRIPLETS = 16, WV_GROUP = WV_OVERRUN };
struct wv_triplet_batch {
    int32_t users[WV_TRIPLETS], items[WV_TRIPLETS], negatives[WV_TRIPLETS * WV_GROUP];
    float *user_rows[WV_TRIPLETS], *item_rows[WV_TRIPLETS], *negative_rows[WV_TRIPLETS * WV_GROUP];
    int n_negatives[WV_TRIPLETS];                     /* in the group */
    uint64_t keys[WV_TRIPLETS], n_draws[WV_TRIPLETS]; /* of random draws of each pair */
    int n;
};

/* The loss. log Π (1 + e^-z) of many pairs is kept as a product, split into mantissa and exponent so that it stays in
 * range; other losses are added to `sum` at once. */
struct wv_loss {
    float exponent[WV_PAD]; /* of 2, by lane */
    float mantissa[WV_PAD];
    double sum;
};

struct wv_worker {
    const struct wv_task *task;
    const struct wv_kernels *kernels;
    struct wv_rows views[WV_MAX_MATRICES];
    struct wv_chunk chunk;
    struct wv_tokens tokens;
    struct wv_block ring[WV_RING];
    struct wv_prefetch_queue queue;
    struct wv_scratch scratch;
    struct wv_loss loss;
    struct wv_triplet_batch *triplets; /* (3) that follow each other */
    struct wv_contrast_scratch contrast;
    uint64_t epoch_key;              /* of the current epoch: the key of draws that do not depend on chunks */
    int32_t n_private;               /* of the matrix that has most */
    int is_plain;                    /* SGD with one rate for all rows, targets trained, no L2: the fast update */
    int64_t n_trained;               /* examples so far (centres, cells, bags) */
    int64_t n_merges;                /* calls of merge_hottest */
    int64_t merged_at[WV_MAX_TIERS]; /* n_trained at the last merge of each tier */
    float rate;                      /* of the current chunk; in a merge, of the last one */
    void *memory; /* one block that holds all of the above, on cache lines that no other worker uses */
};

typedef double wv_train_chunk(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                              int64_t *examples);

struct wv_kernels {
    /* Trains the units first … last with the chunk's key; returns the loss, adds to examples. */
    wv_train_chunk *train_chunk[WV_N_OBJECTIVES];
    void (*merge)(struct wv_worker *worker, int64_t n_slots);
    void (*merge_round)(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate);
    void (*predict_bags)(const struct wv_bag_model *model, const struct wv_bags *bags, int64_t first, int64_t last,
                         struct wv_block *block, struct wv_scratch *scratch, float *means, float *probabilities);
};

const struct wv_kernels *wv_kernels_of(enum wv_isa isa);

extern const struct wv_kernels wv_kernels_scalar, wv_kernels_avx2, wv_kernels_avx512, wv_kernels_neon;

/* Most scores of a block, rounded up to whole vectors, with space for one more vector. */
static inline size_t wv_max_scores(const struct wv_task *task)
{
    return (WV_TILE * (size_t)task->max_targets + 2 * WV_PAD - 1) / WV_PAD * WV_PAD;
}

#endif
