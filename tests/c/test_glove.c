/* GloVe: the step on all ISAs against the scalar one, chunks without common rows on several threads, the order of cells. Arrays
 * end where they should, so that the sanitizers find accesses behind them. The arithmetic is compared with numpy in Python. */
#include "train/kernels.h"
#include "train/order.h"

#include <pthread.h>

#include "harness.h"
#include "rng.h"

enum { N_ROWS = 12, N_COLUMNS = 30, N_UNITS = 16, SIZE = 37, WIDTH = 48, N_FLOATS = WIDTH * (N_ROWS + N_COLUMNS) };

struct glove_world {
    struct wv_task task;
    float *rows, *counts;
    int32_t *ids, *unit_rows;
    int64_t *offsets;
};

static float uniform(uint64_t key, int64_t i)
{
    return (float)(wv_draw(key, (uint64_t)i) >> 40) / 16777216.0f;
}

/* Unit u has u % 14 columns. Units of the first half use the first halves of rows and columns, the others the second ones. */
static void make_units(struct glove_world *world)
{
    world->offsets = malloc((N_UNITS + 1) * sizeof *world->offsets);
    world->unit_rows = malloc(N_UNITS * sizeof *world->unit_rows);
    world->offsets[0] = 0;
    for (int u = 0; u < N_UNITS; u++)
        world->offsets[u + 1] = world->offsets[u] + u % 14;
    const int64_t n = world->offsets[N_UNITS];
    world->ids = malloc((size_t)n * sizeof *world->ids);
    world->counts = malloc((size_t)n * sizeof *world->counts);
    for (int u = 0; u < N_UNITS; u++) {
        const int half = u >= N_UNITS / 2;
        world->unit_rows[u] = half * N_ROWS / 2 + u * 5 % (N_ROWS / 2);
        for (int64_t k = world->offsets[u]; k < world->offsets[u + 1]; k++) {
            world->ids[k] = half * N_COLUMNS / 2 + (int32_t)((k - world->offsets[u]) * 4 + u) % (N_COLUMNS / 2);
            world->counts[k] = 0.01f + 30 * uniform(7, k);
        }
    }
}

static struct glove_world make_world(enum wv_isa isa)
{
    struct glove_world world = {.task = {.isa = isa, .objective = WV_glove, .n_matrices = 2, .n_workers = 1}};
    struct wv_task *task = &world.task;
    make_units(&world);
    world.rows = calloc(N_FLOATS, sizeof *world.rows);
    for (int r = 0; r < N_ROWS + N_COLUMNS; r++) {
        for (int k = 0; k < SIZE + 3; k++)
            world.rows[r * WIDTH + k] = uniform(3, r * WIDTH + k) - (k < SIZE ? 0.5f : 0);
    }
    task->matrices[WV_INPUT] =
        (struct wv_matrix){.rows = world.rows, .n = N_ROWS, .size = SIZE, .width = WIDTH, .stride = WIDTH};
    task->matrices[WV_OUTPUT] = task->matrices[WV_INPUT];
    task->matrices[WV_OUTPUT].rows += N_ROWS * WIDTH;
    task->matrices[WV_OUTPUT].n = N_COLUMNS;
    task->items = (struct wv_ragged){world.ids, world.offsets};
    task->values = world.counts;
    task->unit_rows = world.unit_rows;
    task->x_max = 10;
    task->exponent = 0.75f;
    task->max_targets = 1;
    task->max_chunk = world.offsets[N_UNITS];
    return world;
}

static void free_world(struct glove_world *world)
{
    free(world->rows);
    free(world->counts);
    free(world->ids);
    free(world->unit_rows);
    free(world->offsets);
}

struct part {
    struct glove_world *world;
    int64_t chunk[2];
    double loss;
    int64_t examples;
    int n_failed;
};

static void *train_part(void *argument)
{
    struct part *part = argument;
    struct wv_worker *worker = NULL;
    const float rate = 0.1f;
    part->n_failed = wv_worker_new(&part->world->task, &worker) != WV_OK;
    for (int epoch = 0; epoch < 3 && !part->n_failed; epoch++)
        part->n_failed += wv_train(worker, epoch, 0, 1, part->chunk, &rate, &part->loss, &part->examples) != WV_OK;
    wv_worker_free(worker);
    return NULL;
}

static double largest_difference(const float *a, const float *b)
{
    double largest = 0;
    for (int k = 0; k < N_FLOATS; k++) { /* with fmax, gcc 12 for aarch64 fails with an internal error */
        const double difference = fabs((double)a[k] - (double)b[k]);
        if (!(difference <= largest))
            largest = difference;
    }
    return largest;
}

static void test_all_isas_agree(void)
{
    struct glove_world scalar = make_world(WV_SCALAR);
    struct part whole = {.world = &scalar, .chunk = {0, N_UNITS}};
    train_part(&whole);
    CHECK(!whole.n_failed && whole.examples == scalar.offsets[N_UNITS]);
    for (int isa = 0; isa < WV_N_ISAS; isa++) {
        if (!wv_cpu_has((enum wv_isa)isa))
            continue;
        struct glove_world world = make_world((enum wv_isa)isa);
        struct part part = {.world = &world, .chunk = {0, N_UNITS}};
        train_part(&part);
        CHECK(!part.n_failed);
        CHECK_NEAR(part.loss, whole.loss, 1e-4 * whole.loss);
        CHECK_NEAR(largest_difference(world.rows, scalar.rows), 0, 2e-5);
        free_world(&world);
    }
    free_world(&scalar);
}

static void test_chunks_without_common_rows_may_be_trained_at_once(void)
{
    struct glove_world one = make_world(WV_SCALAR), two = make_world(WV_SCALAR);
    struct part first = {.world = &one, .chunk = {0, N_UNITS / 2}},
                second = {.world = &one, .chunk = {N_UNITS / 2, N_UNITS}};
    train_part(&first);
    train_part(&second);
    struct part parts[2] = {first, second};
    pthread_t threads[2];
    for (int t = 0; t < 2; t++) {
        parts[t].world = &two;
        CHECK(pthread_create(&threads[t], NULL, train_part, &parts[t]) == 0);
    }
    for (int t = 0; t < 2; t++)
        pthread_join(threads[t], NULL);
    CHECK(!first.n_failed && !second.n_failed && !parts[0].n_failed && !parts[1].n_failed);
    CHECK(memcmp(one.rows, two.rows, N_FLOATS * sizeof(float)) == 0);
    free_world(&one);
    free_world(&two);
}

/* A full matrix of 9 rows, strips of columns 0 to 3 and 4 to 8; about a third of the cells is held out. */
static void test_each_cell_is_ordered_once(void)
{
    enum { N = 9, N_CELLS = N * N };
    int64_t offsets[N + 1], strip_ends[2] = {4, N}, cells[3] = {0}, units[3] = {0}, next_cell[3], next_unit[3];
    int32_t columns[N_CELLS], rows[N];
    float values[N_CELLS];
    int seen[N_CELLS] = {0};
    for (int i = 0; i <= N; i++)
        offsets[i] = i * N;
    for (int k = 0; k < N_CELLS; k++)
        columns[k] = k % N, values[k] = (float)k, rows[k / N] = k / N;
    const struct wv_cell_matrix matrix = {offsets, columns, values, strip_ends, 2, 1u << 30, 5};
    wv_count_parts(&matrix, rows, N, cells, units);
    CHECK(cells[0] + cells[1] + cells[2] == N_CELLS && cells[2] > 5 && cells[2] < 40);
    for (int p = 0; p < 3; p++) {
        next_cell[p] = p ? next_cell[p - 1] + cells[p - 1] : 0;
        next_unit[p] = p ? next_unit[p - 1] + units[p - 1] : 0;
    }
    const int64_t n_units = next_unit[2] + units[2];
    struct wv_ordered_cells to = {malloc(N_CELLS * sizeof(int32_t)), malloc(N_CELLS * sizeof(float)),
                                  malloc((size_t)n_units * sizeof(int64_t)),
                                  malloc((size_t)n_units * sizeof(int32_t))};
    wv_order_cells(&matrix, rows, N, next_cell, next_unit, &to);
    CHECK(next_cell[2] == N_CELLS && next_unit[2] == n_units);
    for (int64_t u = 0; u < n_units; u++) {
        const int64_t end = u + 1 < n_units ? to.unit_offsets[u + 1] : N_CELLS;
        for (int64_t k = to.unit_offsets[u]; k < end; k++) {
            CHECK(to.values[k] == (float)(to.unit_rows[u] * N + to.columns[k]));
            seen[(int)to.values[k]]++;
        }
    }
    for (int k = 0; k < N_CELLS; k++)
        CHECK(seen[k] == 1);
    free(to.columns);
    free(to.values);
    free(to.unit_offsets);
    free(to.unit_rows);
}

int main(void)
{
    test_all_isas_agree();
    test_chunks_without_common_rows_may_be_trained_at_once();
    test_each_cell_is_ordered_once();
    return finish();
}
