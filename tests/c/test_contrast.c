/* Pairs that share their negatives: all instruction sets agree, threads share rows, rounds, a stop ends training. The arithmetic is
 * checked by tests/training/test_shared_negatives.py; here the sanitizers see the C code. */
#include "pair_world.h"

static const enum wv_objective LOSSES[] = {WV_ccl, WV_bsl, WV_bpr_shared};

static void start(struct world *world, enum wv_objective objective, enum wv_isa isa, int32_t negatives,
                  int32_t size)
{
    start_pairs(world, objective, isa, size);
    world->task.contrast = (struct wv_contrast){
        .block = 32, .n_negatives = negatives, .margin = 0.1f, .weight = 3, .temperature = 0.4f};
    for (int m = 0; m < 2; m++)
        world->task.matrices[m].round_rows = world->task.matrices[m].n;
}

/* Gives the items features, which fill their memory exactly. */
static void add_features(struct world *world, int32_t n_features)
{
    struct wv_task *task = &world->task;
    struct wv_matrix *projection = &task->matrices[WV_NODES];
    if (!n_features)
        return;
    world->features = (float *)malloc((size_t)(ITEMS * n_features) * sizeof(float));
    if (!world->features)
        abort();
    wv_init_rows(world->features, 0, ITEMS, n_features, n_features, n_features, 7);
    *projection = task->matrices[WV_ITEMS];
    world->rows[2] = new_rows(n_features, projection->size, projection->width, 9);
    projection->rows = world->rows[2] + 1;
    projection->n = projection->round_rows = n_features;
    task->contrast.features = world->features;
    task->contrast.n_features = n_features;
    task->n_matrices = 3;
}

static void check_isas(enum wv_objective objective, int32_t negatives, int32_t size, int32_t n_features)
{
    struct world expected;
    start(&expected, objective, WV_SCALAR, negatives, size);
    add_features(&expected, n_features);
    const struct result of_scalar = train_alone(&expected, 0.02f);
    CHECK(of_scalar.examples == PAIRS && of_scalar.loss == of_scalar.loss);
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct world world;
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        start(&world, objective, (enum wv_isa)i, negatives, size);
        add_features(&world, n_features);
        const struct result result = train_alone(&world, 0.02f);
        CHECK(result.examples == PAIRS);
        CHECK_NEAR(result.loss, of_scalar.loss, 1e-3 * (1 + fabs(of_scalar.loss)));
        CHECK_NEAR(distance(&world, &expected), 0, 2e-3);
        end(&world);
    }
    end(&expected);
}

static void every_isa_agrees(void)
{
    for (int32_t size = 3; size <= 67; size += 4) {
        for (int k = 0; k < 3; k++) {
            check_isas(LOSSES[k], 7, size, 0);
            check_isas(LOSSES[k], ITEMS, size, 0);
            check_isas(LOSSES[k], 9, size, 1 + size / 3);
        }
    }
}

static void rate_0_changes_no_row(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct world world, before;
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        start(&world, WV_bsl, (enum wv_isa)i, 20, 20);
        start(&before, WV_bsl, (enum wv_isa)i, 20, 20);
        CHECK(train_alone(&world, 0).examples == PAIRS);
        CHECK_NEAR(distance(&world, &before), 0, 0);
        end(&world);
        end(&before);
    }
}

/* In a round, workers change copies; the merge adds the changes of both. */
static void a_round_is_merged(int32_t n_features)
{
    struct world world, before;
    start(&world, WV_ccl, WV_SCALAR, 20, 20);
    start(&before, WV_ccl, WV_SCALAR, 20, 20);
    add_features(&world, n_features);
    add_features(&before, n_features);
    world.task.round_tokens = PAIRS;
    struct wv_worker *workers[2] = {new_worker(&world), new_worker(&world)};
    for (int w = 0; w < 2; w++)
        CHECK(train(workers[w], w, 0.05f).examples == PAIRS);
    CHECK_NEAR(distance(&world, &before), 0, 0);
    wv_merge_round(workers, 2, 0, 1, 0.05f);
    CHECK(distance(&world, &before) > 0.01);
    for (int w = 0; w < 2; w++)
        wv_worker_free(workers[w]);
    end(&world);
    end(&before);
}

static void threads_share_rows(int32_t n_features)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct shared_world shared = {.examples = {0}};
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        start(&shared.world, LOSSES[i % 3], (enum wv_isa)i, 12, 20);
        add_features(&shared.world, n_features);
        run_threads(N_THREADS, train_some_epochs, &shared);
        for (int t = 0; t < N_THREADS; t++)
            CHECK(shared.examples[t] == EPOCHS * PAIRS);
        end(&shared.world);
    }
}

static void a_stopped_task_trains_nothing(void)
{
    struct world world;
    start(&world, WV_bsl, WV_SCALAR, 5, 8);
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
    a_round_is_merged(0);
    a_round_is_merged(6);
    threads_share_rows(0);
    threads_share_rows(6);
    a_stopped_task_trains_nothing();
    return finish();
}
