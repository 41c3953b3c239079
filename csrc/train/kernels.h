/* What the training room shares between worker.c and the kernels of each ISA. */
#ifndef WILDVEC_KERNELS_H
#define WILDVEC_KERNELS_H

#include <string.h>

#include "train/train.h"

/* The rows of one matrix as one worker sees them. */
struct wv_rows {
    float *shared; /* (n, stride) */
    float *hot;    /* (n_hot, stride) private copies of the first rows */
    float *base;   /* (n_hot, stride) what those were at the last merge */
    int64_t stride;
    int32_t n_hot;
};

/* One block step: m hidden rows × n targets. */
struct wv_block {
    float **hidden;       /* (m) */
    float **hidden_grad;  /* (m) rows to which the gradients of the hidden rows are added */
    float **targets;      /* (n) all different */
    const float *weights; /* (n, m) > 0: a positive pair, < 0: a negative one, 0: no pair */
    float *own_weights;   /* room for them where no ready pattern fits */
    float **context;      /* (n_context) CBOW: the rows that the hidden row is made of */
    int m, n, n_context;
    int n_centres;  /* centres that are done when the block is */
    int n_examples; /* positive pairs (skip-gram) or centres (CBOW) */
};

/* Blocks are made a few steps before they are trained, so that their rows can be prefetched. */
enum { WV_AHEAD = 3, WV_RING = 4 };

/* The noise words of so many blocks are drawn together; pointers are copied so many at a time. */
enum { WV_DRAW_BLOCKS = 64, WV_OVERRUN = 8 };

/* The positions low … end, the centre among them. */
struct wv_window {
    int64_t low, centre, end;
};

/* The tokens of a chunk that subsampling left, and where the reading of them stands. */
struct wv_chunk {
    int32_t *words; /* (n) */
    float **input;  /* (n) each token's input row */
    float **output; /* (n) and its output row */
    int64_t *ends;  /* where each sentence ends in words */
    int64_t n, n_sentences;
    int64_t next_centre, sentence; /* the next centre and its sentence */
    struct wv_window window;
    int64_t pair; /* one pair at a time: the next position of the window */
    uint64_t width_key, noise_key;
    uint64_t n_drawn; /* blocks that got negatives */
};

struct wv_worker {
    const struct wv_task *task;
    const struct wv_kernels *kernels;
    struct wv_rows input, output, nodes;
    struct wv_chunk chunk;
    struct wv_block ring[WV_RING];
    int32_t *noise;      /* (WV_DRAW_BLOCKS, negative) */
    float *signs;        /* (n) of the targets of a block */
    float *patterns;     /* the usual weights of a block, by its number of hidden rows */
    float *partial;      /* dot products before their lanes are summed */
    float *scores;       /* (m · n), then the gradients */
    float *old;          /* (n, dim) targets before the step, and */
    float *delta;        /* (m, dim) gradients of hidden rows, for blocks of several tiles */
    float *hidden;       /* (dim) CBOW: the hidden row */
    float *gradient;     /* (dim) and its gradient */
    int64_t since_merge; /* centres trained since private rows were merged */
    void *memory;
};

struct wv_kernels {
    /* Trains the sentences first … last with the chunk's key; answers the loss, adds to examples. */
    double (*train_chunk)(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                          int64_t *examples);
    void (*merge)(struct wv_worker *worker);
    void (*bench_step)(struct wv_worker *worker, int64_t n_steps);
    double (*bench_fma)(int64_t n_steps);
    int flops_per_fma_step; /* what one step of bench_fma does */
};

extern const struct wv_kernels wv_kernels_scalar, wv_kernels_avx2, wv_kernels_avx512, wv_kernels_neon;

static inline size_t wv_max_rows(const struct wv_task *task)
{
    return 2 * (size_t)task->window;
}

static inline size_t wv_max_targets(const struct wv_task *task)
{
    return 1 + (size_t)task->negative + (size_t)task->max_path;
}

/* The most scores that a block can have, rounded up to whole vectors. */
static inline size_t wv_max_scores(const struct wv_task *task)
{
    return (wv_max_rows(task) * wv_max_targets(task) + WV_PAD - 1) / WV_PAD * WV_PAD;
}

/* The weights of m hidden rows with a centre and negatives that all differ. */
static inline float *wv_pattern(const struct wv_worker *worker, int m)
{
    return worker->patterns + (size_t)m * wv_max_scores(worker->task);
}

#if defined(_MSC_VER) && !defined(__clang__)
#define WV_LOAD_RELAXED(p) (*(const volatile int32_t *)(p))
#define WV_STORE_RELAXED(p, value) (*(volatile int32_t *)(p) = (value))
#else
#define WV_LOAD_RELAXED(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define WV_STORE_RELAXED(p, value) __atomic_store_n((p), (value), __ATOMIC_RELAXED)
#endif

#endif
