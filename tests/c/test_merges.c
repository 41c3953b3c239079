/* Merges of private rows and of rounds, and deltas, on every ISA of this processor. Checked: which rows are merged, how
 * changes are scaled, that frozen rows keep their bits, that the result of a round does not depend on threads. */
#include "world.h"

/* The number of private rows first … last that a worker has changed since their merge. Only this worker merges. */
static int64_t n_changed(const struct wv_rows *view, int64_t first, int64_t last)
{
    int64_t n = 0;
    for (int64_t slot = first; slot < last && slot < view->n_private; slot++) {
        const size_t at = (size_t)(slot * view->stride), bytes = (size_t)view->stride * sizeof(float);
        const float *shared = view->shared + row_of_slot(view->matrix, (int32_t)slot) * view->stride;
        CHECK(memcmp(shared, view->base + at, bytes) == 0);
        n += memcmp(view->copies + at, view->base + at, bytes) != 0;
    }
    return n;
}

static void the_hottest_rows_are_merged_most_often(void)
{
    for (int o = 0; o < N_WINDOWED; o++) {
        struct problem p = small(o);
        p.n_private = p.n_words;
        p.scattered = o % 2;
        p.lengths = LONG;
        p.merge_every = 1; /* so that the last block of a chunk is followed by a merge */
        struct world world;
        start(&world, &p, WV_SCALAR);
        struct wv_worker *worker = new_worker(&world);
        int64_t second[WV_MAX_MATRICES] = {0}, later[WV_MAX_MATRICES] = {0}, examples = 0;
        wv_merge(worker);
        for (int64_t c = 0; c < world.n_chunks; c++) {
            const int64_t *chunk = world.chunks + 2 * c;
            worker->kernels->train_chunk[p.objective](worker, chunk[0], chunk[1], (uint64_t)c, 0.05f, &examples);
            const int64_t k = worker->n_merges, n_rows = k % 2 ? 5 : k % 4 ? 10 : k % 8 ? 20 : 23;
            for (int m = 0; m < world.task.n_matrices; m++) {
                CHECK(n_changed(&worker->views[m], 0, n_rows) == 0);
                second[m] += n_rows == 5 ? n_changed(&worker->views[m], 5, 10) : 0;
                later[m] += n_changed(&worker->views[m], n_rows, p.n_private);
            }
        }
        for (int m = 0; m < world.task.n_matrices; m++)
            CHECK((second[m] && later[m]) || !worker->views[m].shared);
        wv_worker_free(worker);
        end(&world);
    }
}

enum { N_SCALED = 20 };

/* The effective steps of n uses of a row (merge.inc.h), in doubles. */
static double effective_steps_of(const struct wv_matrix *matrix, double rate, double n)
{
    return n / (1 + rate * (double)matrix->curvature * n);
}

/* Checks the shared rows of a matrix after their private copies were moved by 1 and merged. */
static void check_moved(const struct wv_rows *view, const float *before, int others)
{
    const struct wv_matrix *matrix = view->matrix;
    for (int32_t slot = 0; slot < view->n_private; slot++) {
        const int64_t row = row_of_slot(matrix, slot);
        const double n = (double)matrix->uses[slot] * (slot < 5 ? 10 : slot < 10 ? 40 : 90);
        const double scale =
            effective_steps_of(matrix, 0.05, others * n) / (others * effective_steps_of(matrix, 0.05, n));
        const size_t bytes = (size_t)view->stride * sizeof(float);
        const float *shared = view->shared + row * view->stride;
        double largest = 0;
        for (int32_t k = 0; k < view->stride; k++) {
            const double moved = (double)(shared[k] - before[row * view->stride + k]);
            const double error = fabs(moved - (k < matrix->width ? scale : 1)); /* sums of squares: unscaled */
            largest = error > largest ? error : largest;
        }
        CHECK(largest < 1e-5);
        CHECK(memcmp(view->copies + slot * view->stride, shared, bytes) == 0);
        CHECK(memcmp(view->base + slot * view->stride, shared, bytes) == 0);
    }
}

/* Moves all private rows by 1, merges them and checks how far the shared rows moved. */
static void check_scales(struct wv_worker *worker, int others)
{
    const struct wv_task *task = worker->task;
    float *before[WV_MAX_MATRICES];
    wv_merge(worker);
    for (int m = 0; m < task->n_matrices; m++) {
        const struct wv_rows *view = &worker->views[m];
        const size_t n_floats = (size_t)(view->matrix->n * view->stride);
        before[m] = malloc(n_floats * sizeof(float) + 1);
        if (n_floats)
            memcpy(before[m], view->shared, n_floats * sizeof(float));
        for (int64_t k = 0; k < view->n_private * view->stride; k++)
            view->copies[k] += 1;
    }
    worker->rate = 0.05f;
    worker->n_trained = 100;
    worker->merged_at[0] = 90; /* slots 0 … 4 */
    worker->merged_at[1] = 60; /* 5 … 9 */
    worker->merged_at[2] = 10; /* 10 … 19 */
    wv_merge(worker);
    for (int m = 0; m < task->n_matrices; m++) {
        check_moved(&worker->views[m], before[m], others);
        free(before[m]);
    }
    CHECK(worker->merged_at[0] == 100 && worker->merged_at[1] == 100 && worker->merged_at[2] == 100);
}

static void changes_of_many_workers_are_scaled(void)
{
    for (int isa = 0; isa < WV_N_ISAS; isa++)
        for (int o = 0; wv_cpu_has((enum wv_isa)isa) && o < N_OBJECTIVES; o++)
            for (int n_workers = 1; n_workers <= 8; n_workers++) {
                struct problem p = small(o);
                p.n_private = N_SCALED;
                p.scattered = n_workers % 2;
                p.lengths = LONG;
                struct world world;
                start(&world, &p, (enum wv_isa)isa);
                world.task.n_workers = n_workers;
                struct wv_worker *worker = new_worker(&world);
                const int has_two = n_workers == 2 && wv_make_of(p.objective) == WV_make_skipgram;
                check_scales(worker, has_two ? 2 : n_workers > 1 ? n_workers - 1 : 1);
                wv_worker_free(worker);
                end(&world);
            }
}

enum { N_THREADS = 4 };

struct rounds {
    struct world world;
    struct wv_worker *workers[N_THREADS];
    struct {
        struct result result;
        enum wv_status status;
    } of[N_THREADS];
};

static void train_a_part(void *argument, int thread)
{
    struct rounds *rounds = argument;
    const int64_t first = rounds->world.n_chunks * thread / N_THREADS;
    const int64_t last = rounds->world.n_chunks * (thread + 1) / N_THREADS;
    rounds->of[thread].status |=
        train_chunks(&rounds->world, rounds->workers[thread], 0, first, last, &rounds->of[thread].result);
}

static void merge_a_part(void *argument, int thread)
{
    struct rounds *rounds = argument;
    wv_merge_round(rounds->workers, N_THREADS, thread, N_THREADS, 0.01f);
}

/* Rounds of N_THREADS workers, on as many threads or on one thread. */
static struct result train_rounds(struct rounds *rounds, int on_threads)
{
    struct result total = {0};
    for (int t = 0; t < N_THREADS; t++)
        rounds->workers[t] = new_worker(&rounds->world);
    for (int round = 0; round < 3; round++) {
        for (int t = 0; !on_threads && t < N_THREADS; t++)
            train_a_part(rounds, t);
        if (on_threads) {
            run_threads(N_THREADS, train_a_part, rounds);
            run_threads(N_THREADS, merge_a_part, rounds);
        } else
            wv_merge_round(rounds->workers, N_THREADS, 0, 1, 0.01f);
    }
    for (int t = 0; t < N_THREADS; t++) {
        wv_worker_free(rounds->workers[t]);
        CHECK(rounds->of[t].status == WV_OK);
        total.loss += rounds->of[t].result.loss;
        total.examples += rounds->of[t].result.examples;
    }
    return total;
}

static void rounds_do_not_depend_on_threads(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int o = 0; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o++) {
            struct problem p = small(o);
            struct rounds threads = {.workers = {NULL}}, alone = {.workers = {NULL}};
            struct world before;
            p.lengths = LONG;
            p.round_tokens = 1000;
            start(&threads.world, &p, (enum wv_isa)i);
            start(&alone.world, &p, (enum wv_isa)i);
            start(&before, &p, (enum wv_isa)i);
            const struct result a = train_rounds(&threads, 1), b = train_rounds(&alone, 0);
            CHECK(a.examples == b.examples && a.loss == b.loss);
            CHECK(a.examples >= (trains_units(&p) ? 30 : 100));
            CHECK(same_bits(&threads.world, &alone.world) && padding_is_zero(&threads.world));
            check_frozen(&before, &threads.world);
            end(&threads.world);
            end(&alone.world);
            end(&before);
        }
}

/* One worker changes its copies as it would change the shared rows. */
static void a_round_of_one_worker_is_plain_training(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int o = 0; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o++) {
            struct problem p = small(o);
            struct world plain, round, before;
            struct result result = {0};
            start(&plain, &p, (enum wv_isa)i);
            start(&before, &p, (enum wv_isa)i);
            p.round_tokens = 1000;
            start(&round, &p, (enum wv_isa)i);
            const struct result expected = train_all(&plain);
            struct wv_worker *worker = new_worker(&round);
            CHECK(train_chunks(&round, worker, 3, 0, round.n_chunks, &result) == WV_OK);
            CHECK(same_bits(&round, &before)); /* until the merge */
            wv_merge_round(&worker, 1, 0, 1, p.rate);
            check_same(&round, result, &plain, expected);
            check_frozen(&before, &round);
            wv_worker_free(worker);
            end(&plain);
            end(&round);
            end(&before);
        }
}

/* With one worker private rows are merged unscaled, and the result is that of plain training, frozen rows included. */
static void private_rows_that_are_frozen_keep_their_bits(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int o = N_PLAIN; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o++)
            for (int scattered = 0; scattered < 2; scattered++) {
                struct problem p = small(o);
                struct world world, before;
                p.n_private = 14;
                p.scattered = scattered;
                p.merge_every = 3;
                start(&world, &p, (enum wv_isa)i);
                start(&before, &p, (enum wv_isa)i);
                train_all(&world);
                check_frozen(&before, &world);
                end(&world);
                end(&before);
            }
}

struct deltas {
    int64_t n;
    int32_t *ids;
    float *rows;
};

static struct deltas export_of(const struct wv_worker *worker, int m)
{
    struct deltas deltas = {.n = wv_export_deltas(worker, m, NULL, NULL)};
    deltas.ids = malloc((size_t)deltas.n * sizeof *deltas.ids + 1);
    deltas.rows = malloc((size_t)(deltas.n * worker->views[m].stride) * sizeof *deltas.rows + 1);
    CHECK(wv_export_deltas(worker, m, deltas.ids, deltas.rows) == deltas.n);
    return deltas;
}

static void free_deltas(struct deltas *deltas)
{
    free(deltas->ids);
    free(deltas->rows);
}

static void deltas_of_one_worker_are_its_merge(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int o = 0; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o++) {
            struct problem p = small(o);
            struct world merged, applied, before;
            struct result result = {0};
            p.round_tokens = 1000;
            start(&merged, &p, (enum wv_isa)i);
            start(&applied, &p, (enum wv_isa)i);
            start(&before, &p, (enum wv_isa)i);
            struct wv_worker *worker = new_worker(&merged);
            CHECK(train_chunks(&merged, worker, 3, 0, merged.n_chunks, &result) == WV_OK);
            for (int m = 0; m < merged.task.n_matrices; m++) {
                struct deltas deltas = export_of(worker, m);
                CHECK(deltas.n || !merged.task.matrices[m].n);
                wv_apply_deltas(&applied.task.matrices[m], deltas.ids, deltas.rows, deltas.n, 2);
                wv_apply_deltas(&applied.task.matrices[m], deltas.ids, deltas.rows, deltas.n, -1);
                free_deltas(&deltas);
            }
            wv_merge_round(&worker, 1, 0, 1, p.rate);
            CHECK_NEAR(distance(&merged, &applied), 0, 1e-6);
            CHECK(wv_export_deltas(worker, WV_INPUT, NULL, NULL) == 0);
            check_frozen(&before, &applied);
            wv_worker_free(worker);
            end(&merged);
            end(&applied);
            end(&before);
        }
}

/* How often a worker used a row in the round. */
static double uses_in_round(const struct wv_rows *view, int32_t id)
{
    return view->copy_of[id] ? view->uses[view->copy_of[id] - 1] : 0;
}

/* The scales of the rows of a matrix in the merge of two workers. */
static void expect_scales(struct wv_worker *const workers[2], int m, double rate, double *scales)
{
    const struct wv_rows *a = &workers[0]->views[m], *b = &workers[1]->views[m];
    for (int32_t id = 0; id < a->matrix->n; id++) {
        const double of_a = uses_in_round(a, id), of_b = uses_in_round(b, id);
        scales[id] =
            of_a + of_b == 0
                ? 1
                : effective_steps_of(a->matrix, rate, of_a + of_b) /
                      (effective_steps_of(a->matrix, rate, of_a) + effective_steps_of(a->matrix, rate, of_b));
    }
}

/* Changes of rows are scaled by the effective steps of all uses; sums of squares are added as they are. */
static void check_merge_of_two(struct world *world)
{
    struct wv_worker *workers[2] = {new_worker(world), new_worker(world)};
    struct deltas deltas[2][WV_MAX_MATRICES];
    double *scales[WV_MAX_MATRICES], *expected[WV_MAX_MATRICES];
    struct result result = {0};
    const int64_t half = world->n_chunks / 2;
    const int n_matrices = world->task.n_matrices;
    for (int w = 0; w < 2; w++)
        CHECK(train_chunks(world, workers[w], 0, w ? half : 0, w ? world->n_chunks : half, &result) == WV_OK);
    for (int m = 0; m < n_matrices; m++) {
        const struct wv_matrix *matrix = &world->task.matrices[m];
        scales[m] = calloc((size_t)matrix->n + 1, sizeof **scales);
        expected[m] = calloc(world->n_floats[m] + 1, sizeof **expected);
        expect_scales(workers, m, 0.3, scales[m]);
        for (size_t k = 0; k < world->n_floats[m]; k++)
            expected[m][k] = (double)matrix->rows[k];
        for (int w = 0; w < 2; w++) {
            deltas[w][m] = export_of(workers[w], m);
            for (int64_t k = 0; k < deltas[w][m].n * matrix->stride; k++) {
                const int32_t id = deltas[w][m].ids[k / matrix->stride], at = (int32_t)(k % matrix->stride);
                expected[m][(int64_t)id * matrix->stride + at] +=
                    (at < matrix->width ? scales[m][id] : 1) * (double)deltas[w][m].rows[k];
            }
            free_deltas(&deltas[w][m]);
        }
    }
    wv_merge_round(workers, 2, 0, 1, 0.3f);
    for (int m = 0; m < n_matrices; m++) {
        double largest = 0;
        for (size_t k = 0; k < world->n_floats[m]; k++)
            largest = fmax(largest, fabs((double)world->task.matrices[m].rows[k] - expected[m][k]) /
                                        fmax(1, fabs(expected[m][k])));
        CHECK(largest < 1e-5);
        free(scales[m]);
        free(expected[m]);
    }
    wv_worker_free(workers[0]);
    wv_worker_free(workers[1]);
}

static void rounds_scale_changes_but_not_sums_of_squares(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int o = 0; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o++) {
            struct problem p = small(o);
            struct world world;
            p.lengths = LONG;
            p.round_tokens = 1000;
            start(&world, &p, (enum wv_isa)i);
            check_merge_of_two(&world);
            end(&world);
        }
}

/* A round without a merge leaves no trace: the next one is the same as if it were the first. */
static void a_round_that_is_not_merged_is_discarded(void)
{
    for (int o = 0; o < N_OBJECTIVES; o++) {
        struct problem p = small(o);
        struct world once, twice;
        struct result result = {0};
        p.round_tokens = 1000;
        start(&once, &p, WV_SCALAR);
        start(&twice, &p, WV_SCALAR);
        struct wv_worker *worker = new_worker(&twice), *other = new_worker(&once);
        CHECK(train_chunks(&twice, worker, 1, 0, twice.n_chunks, &result) == WV_OK);
        CHECK(train_chunks(&twice, worker, 2, 0, twice.n_chunks, &result) == WV_OK);
        CHECK(train_chunks(&once, other, 2, 0, once.n_chunks, &result) == WV_OK);
        wv_merge_round(&worker, 1, 0, 1, p.rate);
        wv_merge_round(&other, 1, 0, 1, p.rate);
        CHECK(same_bits(&once, &twice));
        wv_worker_free(worker);
        wv_worker_free(other);
        end(&once);
        end(&twice);
    }
}

int main(void)
{
    the_hottest_rows_are_merged_most_often();
    changes_of_many_workers_are_scaled();
    private_rows_that_are_frozen_keep_their_bits();
    rounds_do_not_depend_on_threads();
    a_round_of_one_worker_is_plain_training();
    deltas_of_one_worker_are_its_merge();
    rounds_scale_changes_but_not_sums_of_squares();
    a_round_that_is_not_merged_is_discarded();
    return finish();
}
