/* Users and items with pairs, for tests of objectives that train them. In: an objective. Out: a task for wv_worker_new. */
#ifndef WILDVEC_TEST_PAIR_WORLD_H
#define WILDVEC_TEST_PAIR_WORLD_H

#include "train/kernels.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum { USERS = 9, ITEMS = 31, PAIRS = 70, N_THREADS = 4, EPOCHS = 4 };

struct world {
    struct wv_task task;
    int32_t users[PAIRS], items[PAIRS];
    int64_t offsets[USERS + 1];
    float *rows[3]; /* the third one, of a projection, and features: NULL where a test does not set them */
    float *features;
};

/* Rows on no boundary, with two columns behind their values. */
static inline float *new_rows(int64_t n, int32_t size, int32_t width, uint64_t seed)
{
    float *rows = (float *)malloc(((size_t)(n * width) + 1) * sizeof *rows);
    if (!rows)
        abort();
    wv_init_rows(rows + 1, 0, n, size, width, width, seed);
    for (int64_t r = 0; r < n; r++) {
        for (int32_t k = 0; k < size; k++)
            rows[1 + r * width + k] *= (float)size / 2;
        rows[1 + r * width + size] = 0.5f; /* the sum of squared gradients */
    }
    return rows;
}

/* User u has about PAIRS / USERS items, which rise. */
static inline void make_pairs(struct world *world)
{
    int64_t n = 0;
    for (int32_t u = 0; u < USERS; u++) {
        world->offsets[u] = n;
        for (int32_t i = u % 3; n < (int64_t)(u + 1) * PAIRS / USERS; i += 1 + (u + i) % 3) {
            world->users[n] = u;
            world->items[n++] = i;
        }
    }
    world->offsets[USERS] = n;
    CHECK(n == PAIRS && world->items[PAIRS - 1] < ITEMS);
}

/* The caller sets what the objective needs. */
static inline void start_pairs(struct world *world, enum wv_objective objective, enum wv_isa isa, int32_t size)
{
    const int32_t width = (size + 2 + WV_PAD - 1) / WV_PAD * WV_PAD;
    *world =
        (struct world){.task = {.objective = objective, .isa = isa, .seed = 3, .n_workers = 1, .n_matrices = 2}};
    make_pairs(world);
    struct wv_task *task = &world->task;
    task->max_chunk = PAIRS;
    task->max_targets = task->merge_every = task->n_hottest = 1;
    const struct wv_ragged own = {world->items, world->offsets};
    task->pairs = (struct wv_pairs){world->users, world->items, own, PAIRS, PAIRS};
    for (int m = 0; m < 2; m++) {
        const int64_t n = m == WV_ITEMS ? ITEMS : USERS;
        world->rows[m] = new_rows(n, size, width, (uint64_t)m);
        task->matrices[m] = (struct wv_matrix){
            .rows = world->rows[m] + 1, .n = n, .size = size, .width = width, .stride = width, .l2 = 0.02f};
    }
}

static inline void end(struct world *world)
{
    for (int m = 0; m < 3; m++)
        free(world->rows[m]);
    free(world->features);
}

struct result {
    enum wv_status status;
    double loss;
    int64_t examples;
};

static inline struct result train(struct wv_worker *worker, int64_t epoch, float rate)
{
    const int64_t chunk[2] = {0, PAIRS};
    struct result result;
    result.status = wv_train(worker, epoch, 0, 1, chunk, &rate, &result.loss, &result.examples);
    return result;
}

static inline struct wv_worker *new_worker(const struct world *world)
{
    struct wv_worker *worker = NULL;
    if (wv_worker_new(&world->task, &worker) != WV_OK)
        abort();
    return worker;
}

static inline struct result train_alone(const struct world *world, float rate)
{
    struct wv_worker *worker = new_worker(world);
    const struct result result = train(worker, 0, rate);
    wv_worker_free(worker);
    CHECK(result.status == WV_OK);
    return result;
}

/* What threads share that train the same rows: see train_some_epochs. */
struct shared_world {
    struct world world;
    int64_t examples[N_THREADS];
};

static inline void train_some_epochs(void *argument, int thread)
{
    struct shared_world *shared = argument;
    struct wv_worker *worker = new_worker(&shared->world);
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++)
        shared->examples[thread] += train(worker, epoch, 0.01f).examples;
    wv_worker_free(worker);
}

static inline double distance(const struct world *a, const struct world *b)
{
    double largest = 0;
    for (int m = 0; m < a->task.n_matrices; m++) {
        const struct wv_matrix *of = &a->task.matrices[m];
        for (int64_t k = 0; k < of->n * of->stride; k++)
            largest = fmax(largest, fabs((double)of->rows[k] - (double)b->task.matrices[m].rows[k]));
    }
    return largest;
}

#endif
