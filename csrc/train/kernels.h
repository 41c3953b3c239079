/* What the training room shares between worker.c and the kernels of each ISA. */
#ifndef WILDVEC_KERNELS_H
#define WILDVEC_KERNELS_H

#include <string.h>

#include "train/train.h"

/* The rows of one matrix as one worker sees them: of the first n_private it trains copies of its own. Hot rows have
 * their copies from the start, row i at i. In a round all rows are private, and copied at their first use. */
struct wv_rows {
    float *shared;    /* (n, stride) */
    float *copies;    /* hot: (n_private, stride); round: (n_copied, stride), with room for all that a share uses */
    float *base;      /* hot: (n_private, stride) what each copy was at its last merge */
    int32_t *copy_of; /* round: (n) 1 + the place of row i's copy, 0 where there is none; hot: NULL */
    int32_t *copied;  /* round: (n_copied) the row that each copy is of */
    int32_t *uses;    /* round: (n_copied) how often each was taken */
    int64_t stride;
    int32_t n_private, n_copied;
};

enum { WV_INPUT, WV_OUTPUT, WV_NODES, WV_N_MATRICES };

enum { WV_MOST_OCTAVES = 32 }; /* of private rows, which are numbered by int32 */

/* Weights are written in rows of so many lanes, whatever m is. */
enum { WV_TILE_LANES = 8 };

/* One block step: m hidden rows × n targets. */
struct wv_block {
    float *const *hidden;      /* (m) */
    float *const *hidden_grad; /* (m) rows to which the gradients of the hidden rows are added */
    float **targets;           /* (n) all different */
    float *weights;            /* (n, m) > 0: a positive pair, < 0: a negative one, 0: no pair */
    /* Skip-gram: room for hidden rows that do not lie together. CBOW: (n_context) what the window's hidden rows are made
     * of, the first one of the rows before first_end, the second one, if there is one, of those from second_start on;
     * where there are none to make, also in skip-gram, n_context is 0. */
    float **context;
    int first_end, second_start;
    int m, n, n_context;
    int n_centres;  /* centres that are done when the block is */
    int n_examples; /* their positive pairs (skip-gram), or they themselves (CBOW) */
};

/* Blocks are made a few steps before they are trained, so that their rows can be prefetched. */
enum { WV_AHEAD = 4, WV_RING = 8 };

/* Short arrays of pointers, weights and ids are gone through in eights or fours, so that the processor guesses right
 * how often a loop runs: they have room for so many elements more, which are read and written but never used. */
enum { WV_OVERRUN = WV_PATH_PADDING };

/* So many noise words are drawn together. */
enum { WV_DRAWS = 8 * WV_OVERRUN };

/* One centre, or two neighbours that share their width and, but for Huffman paths, their negatives, and the positions
 * low … end around. */
struct wv_window {
    int64_t low, end, centre;
    int32_t n_centres, width;
};

/* Noise words, drawn and looked at for WV_DRAWS windows at once, each of which takes the draws from one later on. Windows
 * that share none are looked at one by one. Each of CBOW's centres with paths counts as a window, and in the classic
 * update each pair. */
struct wv_noise {
    int32_t *words;            /* (n) draws at hand */
    float **rows;              /* (n) and their output rows, but for rounds */
    int64_t n, n_past, first;  /* n_past draws came before; the first of these windows begins at words[first] */
    int32_t *places;           /* (negative) where a window's draws stand, counted from its first one */
    int32_t n_windows, window; /* looked at together; the next one among them */
    int32_t n_own;             /* of their draws, those that later windows do not take */
    int32_t *repeated;         /* (n_windows) whether some of a window's words may be the same */
    int32_t *of_window;        /* (negative) in rounds: the words of the window at hand */
};

/* The tokens of a chunk that subsampling left, and where the reading of them stands. */
struct wv_chunk {
    int32_t *words; /* (n) */
    float **input;  /* (n) each token's input row */
    float **output; /* (n) and its output row, if there are negatives */
    int64_t *ends;  /* where each sentence ends in words */
    int64_t n, n_sentences;
    int64_t next_centre, sentence; /* the next centre and its sentence */
    struct wv_window window;
    int64_t next_row;  /* the position of the window's next block: its first row, or in CBOW its first centre */
    int n_pairs;       /* skip-gram: how many positive pairs the window has */
    float *members[2]; /* (window) of two centres: 1 where a row is context of the first, of the second, else 0 */
    uint64_t width_key, noise_key;
    struct wv_noise noise;
    float **targets;   /* (n_targets) the output rows of the centres at hand: the window's, or one of them */
    float *weights[2]; /* (n_targets) of their pairs with the context of the first of these and of the second */
    int n_targets, n_common; /* the first n_common need not be asked for */
};

/* Rows to ask for, in the order of need: of blocks made by now, and of windows to come. Those before `first` have been
 * asked for. */
struct wv_asks {
    float **rows; /* (room) */
    int first, last, room;
};

/* Where a block is worked on. */
struct wv_desk {
    float *scores;         /* (n, m), and room for whole vectors */
    float *gradients;      /* (n, m) of the scores, times the rate; the same */
    float *hidden[2];      /* (dim) CBOW: the hidden rows of two centres */
    float *hidden_grad[2]; /* (dim) and their gradients */
};

/* log Π (1 + e^-z) of many pairs as a product that is split so that it stays in range, and what was added besides. */
struct wv_loss {
    float exponent[WV_PAD]; /* of 2, by lane */
    float mantissa[WV_PAD];
    double sum;
};

struct wv_worker {
    const struct wv_task *task;
    const struct wv_kernels *kernels;
    union {
        struct {
            struct wv_rows input, output, nodes;
        };
        struct wv_rows matrices[WV_N_MATRICES];
    };
    struct wv_chunk chunk;
    struct wv_block ring[WV_RING];
    struct wv_asks asks;
    struct wv_desk desk;
    struct wv_loss loss;
    int64_t n_centres; /* trained so far */
    int64_t n_merges;  /* calls of merge_hottest */
    /* n_centres when the first n_hottest private rows were merged, when as many behind them, then twice as many … */
    int64_t merged_at[WV_MOST_OCTAVES];
    float rate;   /* of the chunk; for a merge, that of the last one */
    void *memory; /* in which all this lies, on cache lines of its own */
};

struct wv_kernels {
    /* Trains the sentences first … last with the chunk's key; answers the loss, adds to examples. */
    double (*train_chunk)(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples);
    void (*merge)(struct wv_worker *worker, int64_t n_rows);
    void (*merge_round)(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate);
    void (*bench_step)(struct wv_worker *worker, int64_t n_steps);
    double (*bench_fma)(int64_t n_steps);
    int flops_per_fma_step; /* what one step of bench_fma does */
};

extern const struct wv_kernels wv_kernels_scalar, wv_kernels_avx2, wv_kernels_avx512, wv_kernels_neon;

static inline size_t wv_max_targets(const struct wv_task *task)
{
    return 2 + (size_t)task->negative + (size_t)task->max_path;
}

/* The most scores that a block can have, rounded up to whole vectors, with room for a whole vector behind. */
static inline size_t wv_max_scores(const struct wv_task *task)
{
    return (WV_TILE * wv_max_targets(task) + 2 * WV_PAD - 1) / WV_PAD * WV_PAD;
}

#if defined(_MSC_VER) && !defined(__clang__)
#define WV_LOAD_RELAXED(p) (*(const volatile int32_t *)(p))
#define WV_STORE_RELAXED(p, value) (*(volatile int32_t *)(p) = (value))
#else
#define WV_LOAD_RELAXED(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define WV_STORE_RELAXED(p, value) __atomic_store_n((p), (value), __ATOMIC_RELAXED)
#endif

#endif
