/* Training, as Cython sees it. In: encoded text, matrices, settings. Out: changed matrices, the loss.
 * Threads, progress and the order of leases are not here: they are Python's (wildvec/train.py). */
#ifndef WILDVEC_TRAIN_H
#define WILDVEC_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"
#include "sampler.h"
#include "status.h"

enum { WV_PAD = 16 }; /* rows of training matrices are padded to whole cache lines of floats */
/* Hidden rows of a block at most: what 16 registers hold together with their gradients. All ISAs keep to it, so that
 * all take the same steps. */
enum { WV_TILE = 6 };

/* Behind the last Huffman path, so many nodes and codes more may be read. */
enum { WV_PATH_PADDING = 8 };

enum wv_objective { WV_SKIPGRAM = 0, WV_CBOW = 1 };

/* What all workers of one training share; only `stop` changes while they run. A pointer may be NULL where its
 * part is not in use: keep (no subsampling), output_rows and noise (no negatives), node_rows and paths (no
 * hierarchical softmax). */
struct wv_task {
    const int32_t *ids;           /* the tokens of all sentences, one after the other */
    const int64_t *sentences;     /* sentence s is ids[sentences[s] … sentences[s + 1]) */
    const uint32_t *keep;         /* (n_words) a token is kept if a 32-bit draw is <= keep[word] */
    float *input_rows;            /* (n_words, dim) */
    float *output_rows;           /* (n_words, dim) */
    float *node_rows;             /* (n_words - 1, dim) inner nodes of the Huffman tree */
    const struct wv_alias *noise; /* (n_words) */
    const int64_t *path_offsets;  /* (n_words + 1) */
    const int32_t *path_nodes;    /* (path_offsets[n_words] + WV_PATH_PADDING) */
    const uint8_t *path_codes;    /* (the same) 1 turns right */
    int64_t max_chunk;            /* tokens in the longest chunk */
    uint64_t seed;
    int32_t n_words;
    int32_t dim;  /* floats in a row, padding included: a multiple of WV_PAD */
    int32_t size; /* those that are used; the others are 0 */
    int32_t window;
    int32_t negative;
    int32_t max_path;
    int64_t share;         /* in rounds: the most tokens that a worker gets in one; else 0 */
    int32_t n_hot;         /* private rows of each worker; 0 with one worker, and in rounds */
    int32_t n_hottest;     /* of these, those merged every time; later ones wait longer */
    int32_t merge_every;   /* centres that a worker may train before it merges */
    int32_t n_workers;     /* that train side by side: what private rows of more than two bring back is scaled */
    const float *hot_uses; /* (3, n_hot) how often a centre uses each private row: as input, output row, node */
    int32_t shrink_windows;
    int32_t cbow_mean;
    int32_t one_pair_at_a_time; /* the classic update: fresh negatives for every pair */
    enum wv_objective objective;
    enum wv_isa isa;
    int32_t stop; /* set from another thread: leave as soon as a window is done */
};

struct wv_worker; /* one thread's scratch and private rows */

/* What a worker takes. Of the arrays only whether they are there counts, not what they hold. */
size_t wv_worker_bytes(const struct wv_task *task);
enum wv_status wv_worker_new(const struct wv_task *task, struct wv_worker **worker);
void wv_worker_free(struct wv_worker *worker);

/* Trains n_chunks chunks, numbered from first_chunk: chunk c holds the sentences chunks[2c] … chunks[2c + 1] and is
 * trained at rates[c] (both counted from first_chunk). losses[c] gets its loss, the sum over all pairs in nats, each
 * taken before the pair's update, and examples the number of positive pairs (skip-gram) or centres (CBOW) of all.
 * At rate 0 the loss is measured and every row keeps its value. Hot rows are the worker's own until it merges them. In
 * rounds the chunks hold at most `share` tokens, and what one changed is lost if the next begins without wv_merge_round. */
enum wv_status wv_train(struct wv_worker *worker, int64_t epoch, int64_t first_chunk, int64_t n_chunks,
                        const int64_t *chunks, const float *rates, double *losses, int64_t *examples);

/* Brings the worker's hot rows and the shared ones together: before its first wv_train, until when they are 0, after its
 * last one, and whenever others than workers may read or change the matrices in between. In rounds there are none. */
void wv_merge(struct wv_worker *worker);

/* Ends a round, in which each of the workers called wv_train once and changed its copies of rows alone: adds to every
 * row what they changed, in the order of `workers`, so that the bits do not depend on which was first. rate: the
 * round's. n_parts threads call this, each with a part of its own, and all return before the next round begins. */
void wv_merge_round(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate);

/* Asks all workers of the task to leave within one window (stop = 1), or lets them train again (0). */
void wv_stop(struct wv_task *task, int32_t stop);

/* Rows first … last of a matrix with `size` used and `dim` padded columns: uniform in ±1 / size, drawn by
 * (seed, row); padding 0. */
void wv_init_rows(float *rows, int64_t first, int64_t last, int32_t size, int32_t dim, uint64_t seed);

/* The Huffman tree of n words: see huffman.c. */
enum wv_status wv_huffman(const int64_t *counts, const int32_t *order, int32_t n, int64_t *offsets, int32_t *nodes,
                          uint8_t *codes);

/* How many different draws of noise the first n_windows windows of a chunk take, in the block update. */
int64_t wv_noise_draws(int32_t negative, int64_t n_windows);

/* For benchmarks: n_steps block steps of m × n rows of dim floats that lie in cache, in places drawn by `seed`;
 * m <= WV_TILE. */
enum wv_status wv_bench_step(enum wv_isa isa, int32_t m, int32_t n, int32_t dim, int64_t n_steps, uint64_t seed);
/* n_steps rounds of independent multiply-adds; answers the floating-point operations done. */
double wv_bench_fma(enum wv_isa isa, int64_t n_steps);

#endif
