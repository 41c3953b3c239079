/* BPR and WARP: all instruction sets agree, threads share rows, a stop ends training. The arithmetic is checked by
 * tests/training/test_triplets_kernel.py; here the sanitizers see the C code. */
#include "pair_world.h"

static void start(struct world *world, enum wv_objective objective, enum wv_isa isa, int32_t candidates,
                  int32_t size)
{
    start_pairs(world, objective, isa, size);
    world->task.triplets = (struct wv_triplets){.candidates = candidates, .has_bias = 1, .margin = 0.5f};
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

static void threads_share_rows(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct shared_world shared = {.examples = {0}};
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        start(&shared.world, i % 2 ? WV_warp : WV_bpr, (enum wv_isa)i, 12, 20);
        run_threads(N_THREADS, train_some_epochs, &shared);
        for (int t = 0; t < N_THREADS; t++)
            CHECK(shared.examples[t] == EPOCHS * PAIRS);
        end(&shared.world);
    }
}

/* All items are nearly the same row. The gradient of a user is then nearly 0, and so is what G receives. */
static void nearly_equal_items_move_a_user_little(enum wv_objective objective)
{
    enum { SIZE = 16, STRIDE = 32 };
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct world world;
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        start(&world, objective, (enum wv_isa)i, 1, SIZE);
        for (int m = 0; m < 2; m++)
            world.task.matrices[m].l2 = 0;
        for (int r = 0; r < ITEMS; r++) {
            float *item = world.task.matrices[WV_ITEMS].rows + r * STRIDE;
            for (int k = 0; k < SIZE; k++)
                item[k] = 6 + (float)((r + k) % 5) * 1e-6f;
        }
        for (int r = 0; r < USERS; r++)
            world.task.matrices[WV_USERS].rows[r * STRIDE + SIZE] = 1e-8f;
        train_alone(&world, 0.1f);
        for (int r = 0; r < USERS; r++) {
            const float *user = world.task.matrices[WV_USERS].rows + r * STRIDE;
            for (int k = 0; k < SIZE; k++)
                CHECK(fabsf(user[k]) < 10);
            CHECK(user[SIZE] >= 1e-8f && user[SIZE] < 1);
        }
        end(&world);
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
    nearly_equal_items_move_a_user_little(WV_bpr);
    nearly_equal_items_move_a_user_little(WV_warp);
    a_stopped_task_trains_nothing();
    return finish();
}
