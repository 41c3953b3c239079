/* BPR and WARP: all instruction sets agree, threads share rows, a stop ends training. The arithmetic is checked by
 * tests/training/test_triplets_kernel.py; here the sanitizers see the C code. */
#include "train/kernels.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum { USERS = 9, ITEMS = 31, PAIRS = 70, N_THREADS = 4 };

struct world {
    struct wv_task task;
    int32_t users[PAIRS], items[PAIRS];
    int64_t offsets[USERS + 1];
    float *rows[2];
};

/* Rows on no boundary, with two columns behind their values. */
static float *new_rows(int64_t n, int32_t size, int32_t width, uint64_t seed)
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
static void make_pairs(struct world *world)
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

static void start(struct world *world, enum wv_objective objective, enum wv_isa isa, int32_t candidates,
                  int32_t size)
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
    task->triplets = (struct wv_triplets){.candidates = candidates, .has_bias = 1, .margin = 0.5f};
    for (int m = 0; m < 2; m++) {
        const int64_t n = m == WV_ITEMS ? ITEMS : USERS;
        world->rows[m] = new_rows(n, size, width, (uint64_t)m);
        task->matrices[m] = (struct wv_matrix){
            .rows = world->rows[m] + 1, .n = n, .size = size, .width = width, .stride = width, .l2 = 0.02f};
    }
}

static void end(struct world *world)
{
    free(world->rows[0]);
    free(world->rows[1]);
}

struct result {
    enum wv_status status;
    double loss;
    int64_t examples;
};

static struct result train(struct wv_worker *worker, int64_t epoch, float rate)
{
    const int64_t chunk[2] = {0, PAIRS};
    struct result result;
    result.status = wv_train(worker, epoch, 0, 1, chunk, &rate, &result.loss, &result.examples);
    return result;
}

static struct wv_worker *new_worker(const struct world *world)
{
    struct wv_worker *worker = NULL;
    if (wv_worker_new(&world->task, &worker) != WV_OK)
        abort();
    return worker;
}

static struct result train_alone(const struct world *world, float rate)
{
    struct wv_worker *worker = new_worker(world);
    const struct result result = train(worker, 0, rate);
    wv_worker_free(worker);
    CHECK(result.status == WV_OK);
    return result;
}

static double distance(const struct world *a, const struct world *b)
{
    double largest = 0;
    for (int m = 0; m < 2; m++) {
        const struct wv_matrix *of = &a->task.matrices[m];
        for (int64_t k = 0; k < of->n * of->stride; k++)
            largest = fmax(largest, fabs((double)of->rows[k] - (double)b->task.matrices[m].rows[k]));
    }
    return largest;
}

static void check_isas(enum wv_objective objective, int32_t candidates, int32_t size)
{
    struct world expected;
    start(&expected, objective, WV_SCALAR, candidates, size);
    const struct result of_scalar = train_alone(&expected, 0.1f);
    CHECK(of_scalar.examples == PAIRS && of_scalar.loss > 0);
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct world world;
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        start(&world, objective, (enum wv_isa)i, candidates, size);
        const struct result result = train_alone(&world, 0.1f);
        CHECK(result.examples == PAIRS);
        CHECK_NEAR(result.loss, of_scalar.loss, 1e-4 * of_scalar.loss);
        CHECK_NEAR(distance(&world, &expected), 0, 1e-4);
        end(&world);
    }
    end(&expected);
}

static void every_isa_agrees(void)
{
    for (int32_t size = 1; size <= 35; size += 2) {
        check_isas(WV_bpr, 1, size);
        check_isas(WV_bpr, 11, size);
        check_isas(WV_warp, 20, size);
    }
}

static void rate_0_changes_no_row(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct world world, before;
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        start(&world, WV_warp, (enum wv_isa)i, 20, 20);
        start(&before, WV_warp, (enum wv_isa)i, 20, 20);
        CHECK(train_alone(&world, 0).loss > 0);
        CHECK_NEAR(distance(&world, &before), 0, 0);
        end(&world);
        end(&before);
    }
}

struct shared_world {
    struct world world;
    int64_t examples[N_THREADS];
};

static void train_some_epochs(void *argument, int thread)
{
    struct shared_world *shared = argument;
    struct wv_worker *worker = new_worker(&shared->world);
    for (int64_t epoch = 0; epoch < 5; epoch++)
        shared->examples[thread] += train(worker, epoch, 0.01f).examples;
    wv_worker_free(worker);
}

static void threads_share_rows(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct shared_world shared = {.examples = {0}};
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        start(&shared.world, i % 2 ? WV_warp : WV_bpr, (enum wv_isa)i, 12, 20);
        run_threads(N_THREADS, train_some_epochs, &shared);
        for (int t = 0; t < N_THREADS; t++)
            CHECK(shared.examples[t] == 5 * PAIRS);
        end(&shared.world);
    }
}

static void a_stopped_task_trains_nothing(void)
{
    struct world world;
    start(&world, WV_bpr, WV_SCALAR, 1, 8);
    wv_stop(&world.task, 1);
    CHECK(train_alone(&world, 0.1f).examples == 0);
    wv_stop(&world.task, 0);
    CHECK(train_alone(&world, 0.1f).examples == PAIRS);
    end(&world);
}

int main(void)
{
    every_isa_agrees();
    rate_0_changes_no_row();
    threads_share_rows();
    a_stopped_task_trains_nothing();
    return finish();
}
