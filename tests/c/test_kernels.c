/* Training with one worker or several threads, on every ISA of this processor. Checked: it agrees with the scalar kernels,
 * however it is cut into work units and divided among threads. tests/training/test_kernels.py compares the scalar kernels
 * with numpy; merges and rounds are in test_merges.c. */
#include <time.h>

#include "world.h"

/* Every ISA, and private rows on every ISA, against the scalar kernels. */
static void check_isas(const struct problem *p, int64_t least_examples)
{
    struct world scalar;
    start(&scalar, p, WV_SCALAR);
    struct result expected = train_all(&scalar);
    CHECK(expected.examples >= (trains_units(p) ? 1 : least_examples));
    for (int i = 0; i < WV_N_ISAS; i++) {
        struct problem same = *p;
        for (int32_t n = 0; wv_cpu_has((enum wv_isa)i) && n <= p->n_words + 5; n += p->n_words / 2 + 3) {
            struct world world;
            same.n_private = n;
            same.scattered = n > p->n_words / 2 + 3;
            start(&world, &same, (enum wv_isa)i);
            struct result result = train_all(&world);
            check_same(&world, result, &scalar, expected);
            end(&world);
        }
    }
    end(&scalar);
}

static void every_isa_agrees(void)
{
    for (int o = 0; o < N_OBJECTIVES; o++) {
        struct problem p = small(o);
        check_isas(&p, 20);
    }
}

static void rate_0_measures_the_loss_and_changes_no_row(void)
{
    for (int o = 0; o < N_OBJECTIVES; o++)
        for (int i = 0; i < WV_N_ISAS; i++)
            for (int32_t n_private = 0; wv_cpu_has((enum wv_isa)i) && n_private <= 12; n_private += 12) {
                struct problem p = small(o);
                struct world world, untouched;
                p.rate = 0;
                p.n_private = n_private;
                start(&world, &p, (enum wv_isa)i);
                start(&untouched, &p, (enum wv_isa)i);
                const struct result first = train_all(&world), again = train_all(&world);
                CHECK(first.examples >= (trains_units(&p) ? 1 : 20));
                CHECK(first.loss > 0 && first.loss == again.loss);
                CHECK(same_bits(&world, &untouched));
                end(&world);
                end(&untouched);
            }
}

static void every_size_agrees(void)
{
    static const int objectives[] = {2, 6, 10, 11, 13, 16};
    for (int32_t dim = WV_PAD; dim <= 112; dim += WV_PAD) {
        for (size_t k = 0; k < sizeof objectives / sizeof *objectives; k++) {
            struct problem p = small(objectives[k]);
            p.dim = dim;
            check_isas(&p, 20);
        }
    }
}

/* Few words: a row is twice in a tile, and in two tiles of one block. */
static void every_window_agrees(void)
{
    static const int32_t windows[] = {1, 2, 3, 5, 6, 7, 9, 12, 13, 20};
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
        for (int o = 0; o < N_WINDOWED; o += 2) {
            struct problem p = small(o);
            p.window = windows[w];
            p.rate = 0.1f / (float)p.window; /* the rows of large blocks would become very large */
            p.fixed = 1;
            p.n_words = 5;
            p.dim = 16;
            check_isas(&p, 50);
        }
    }
}

/* A chunk of more windows than there are draws of noise in memory, and nodes far from the root. */
static void a_long_chunk_agrees(void)
{
    static const int32_t one[] = {1300, -1};
    for (int o = 0; o < N_PLAIN; o++) {
        struct problem p = small(o);
        p.lengths = one;
        p.n_words = 150;
        p.window = 1;
        p.dim = 16;
        p.rate = 0.01f;
        p.fixed = 1;
        check_isas(&p, 1200);
    }
}

/* All negatives are the centre, and its path is empty. */
static void a_vocabulary_of_one_word_agrees(void)
{
    for (int o = 0; o < N_OBJECTIVES; o++) {
        struct problem p = small(o);
        p.n_words = 1;
        check_isas(&p, 20);
    }
}

static void too_little_text_trains_nothing(void)
{
    static const int32_t texts[][4] = {{-1}, {0, -1}, {1, -1}, {0, 1, 1, -1}};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        for (int o = 0; o < N_OBJECTIVES; o++) {
            struct problem p = small(o);
            struct world world, before;
            if (!has_windows(&p) && t > 1)
                continue; /* one item is an example */
            p.lengths = texts[t];
            start(&world, &p, WV_SCALAR);
            start(&before, &p, WV_SCALAR);
            struct result result = train_all(&world);
            CHECK(result.examples == 0 && result.loss == 0 && same_bits(&world, &before));
            end(&world);
            end(&before);
        }
    }
}

/* Two workers take turns. Without private rows the bits are those of one work unit. */
static void check_cut(enum wv_isa isa, const struct problem *p, int64_t cut)
{
    struct world whole, parts;
    struct result total = {0};
    start(&whole, p, isa);
    start(&parts, p, isa);
    struct result expected = train_all(&whole);
    struct wv_worker *first = new_worker(&parts), *second = new_worker(&parts);
    CHECK(train_chunks(&parts, first, 3, 0, cut, &total) == WV_OK);
    CHECK(train_chunks(&parts, second, 3, cut, parts.n_chunks - 1, &total) == WV_OK);
    CHECK(train_chunks(&parts, first, 3, parts.n_chunks - 1, parts.n_chunks, &total) == WV_OK);
    check_same(&parts, total, &whole, expected);
    CHECK(p->n_private || same_bits(&parts, &whole));
    wv_worker_free(first);
    wv_worker_free(second);
    end(&whole);
    end(&parts);
}

static void a_work_unit_may_end_after_any_chunk(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int o = 0; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o++)
            for (int32_t n_private = 0; n_private <= 7; n_private += 7) {
                struct problem p = small(o);
                p.n_private = n_private;
                p.scattered = o % 2;
                check_cut((enum wv_isa)i, &p, (o + i) % 6);
            }
}

static void rows_that_are_not_finite_are_reported(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        for (int o = 0; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o++) {
            struct problem p = small(o);
            struct world world;
            struct result result = {0};
            p.rate = 5e-6f;
            start(&world, &p, (enum wv_isa)i);
            struct wv_worker *worker = new_worker(&world);
            const int hidden = p.objective == WV_dbow ? WV_DOCUMENTS : WV_INPUT; /* rows of hidden rows */
            const struct wv_matrix *input = &world.task.matrices[hidden];
            for (size_t k = 0; k < world.n_floats[hidden]; k++)
                input->rows[k] *= 1000; /* scores far beyond the range of exp */
            CHECK(train_chunks(&world, worker, 0, 0, world.n_chunks, &result) == WV_OK);
            for (int64_t r = 0; r < input->n; r += 3)
                input->rows[r * input->stride] = (float)NAN;
            CHECK(train_chunks(&world, worker, 1, 0, world.n_chunks, &result) == WV_NOT_FINITE);
            wv_worker_free(worker);
            end(&world);
        }
    }
}

enum { N_THREADS = 4, N_EPOCHS = 2 };

/* A world that threads share, and the results of each. */
struct shared_world {
    struct world world;
    int64_t examples;    /* of all chunks, where the number is always the same */
    double example_loss; /* of each example, where it is always the same */
    struct {
        struct result result;
        enum wv_status status;
        int stopped, miscounted;
        int32_t has_begun;
    } of[N_THREADS];
};

static void train_every_fourth_chunk(void *argument, int thread)
{
    struct shared_world *shared = argument;
    struct world *world = &shared->world;
    struct wv_worker *worker = new_worker(world);
    for (int64_t epoch = 0; epoch < N_EPOCHS; epoch++)
        for (int64_t c = thread; c < world->n_chunks; c += N_THREADS)
            shared->of[thread].status |= train_chunks(world, worker, epoch, c, c + 1, &shared->of[thread].result);
    wv_worker_free(worker);
}

/* Draws do not depend on threads, so the number of examples is that of one thread; the loss is about the same. */
static void check_threads(enum wv_isa isa, const struct problem *p)
{
    struct shared_world shared = {.examples = 0};
    struct world alone, before;
    struct result expected = {0}, total = {0};
    start(&shared.world, p, isa);
    start(&alone, p, isa);
    start(&before, p, isa);
    run_threads(N_THREADS, train_every_fourth_chunk, &shared);
    for (int t = 0; t < N_THREADS; t++) {
        CHECK(shared.of[t].status == WV_OK);
        total.loss += shared.of[t].result.loss;
        total.examples += shared.of[t].result.examples;
    }
    struct wv_worker *worker = new_worker(&alone);
    for (int64_t epoch = 0; epoch < N_EPOCHS; epoch++)
        CHECK(train_chunks(&alone, worker, epoch, 0, alone.n_chunks, &expected) == WV_OK);
    wv_worker_free(worker);
    CHECK(total.examples == expected.examples);
    CHECK_NEAR(total.loss, expected.loss, 0.1 * expected.loss);
    CHECK(isfinite(distance(&shared.world, &alone)) && padding_is_zero(&shared.world));
    check_frozen(&before, &shared.world);
    end(&shared.world);
    end(&alone);
    end(&before);
}

static void threads_share_rows(void)
{
    static const int objectives[] = {0, 2, 4, 6, 8, 10, 11, 12, 13, 14, 15, 16, 17};
    for (int i = 0; i < WV_N_ISAS; i++)
        for (size_t o = 0; wv_cpu_has((enum wv_isa)i) && o < sizeof objectives / sizeof *objectives; o++)
            for (int32_t n_private = 0; n_private <= 24; n_private += 12) {
                struct problem p = small(objectives[o]);
                p.lengths = LONG;
                p.rate = 0.001f; /* small: the loss must not depend on which thread is first */
                p.n_private = n_private;
                p.scattered = n_private == 12;
                check_threads((enum wv_isa)i, &p);
            }
}

static void train_until_stopped(void *argument, int thread)
{
    struct shared_world *shared = argument;
    if (thread == 0) {
        const struct timespec a_while = {.tv_nsec = 5000000};
        for (int t = 1; t < N_THREADS; t++)
            while (!WV_LOAD_RELAXED(&shared->of[t].has_begun))
                nanosleep(&a_while, NULL);
        wv_stop(&shared->world.task, 1);
        return;
    }
    struct wv_worker *worker = new_worker(&shared->world);
    for (int64_t epoch = 0; epoch < 100000 && !shared->of[thread].stopped; epoch++) {
        struct result result = {0};
        shared->of[thread].status |=
            train_chunks(&shared->world, worker, epoch, 0, shared->world.n_chunks, &result);
        shared->of[thread].stopped = result.examples < shared->examples;
        shared->of[thread].miscounted |=
            shared->example_loss && fabs(result.loss - (double)result.examples * shared->example_loss) > 0.1;
        WV_STORE_RELAXED(&shared->of[thread].has_begun, 1);
    }
    wv_worker_free(worker);
}

static void another_thread_may_stop_workers(void)
{
    static const int objectives[] = {6, 2, 10, 16};
    for (int k = 0; k < 4; k++) {
        struct problem p = small(objectives[k]);
        struct shared_world shared = {.examples = 0};
        p.n_private = k % 2 ? 9 : 0;
        p.lengths = LONG;
        p.rate = 1e-4f;
        p.fixed = 1; /* every epoch has the same number of examples */
        enum wv_isa isa = WV_SCALAR;
        CHECK(wv_choose_isa(NULL, &isa) == WV_OK);
        start(&shared.world, &p, isa);
        shared.examples = train_all(&shared.world).examples;
        run_threads(N_THREADS, train_until_stopped, &shared);
        for (int t = 1; t < N_THREADS; t++)
            CHECK(shared.of[t].status == WV_OK && shared.of[t].stopped);
        CHECK(train_all(&shared.world).examples == 0);
        wv_stop(&shared.world.task, 0);
        CHECK(train_all(&shared.world).examples == shared.examples);
        end(&shared.world);
    }
}

/* With two words each path is one node. If the node is a row of zeros that does not change, the loss of every example is
 * log 2. Here windows of skip-gram consist of several blocks, and so do those of CBOW. */
static void a_stop_counts_all_that_was_trained(void)
{
    for (int o = 0; o < N_WINDOWED; o++) {
        struct problem p = small(o);
        struct shared_world shared = {.example_loss = log(2)};
        if (p.negative)
            continue;
        p.n_words = 2;
        p.lengths = LONG;
        p.rate = 0;
        p.fixed = 1;
        start(&shared.world, &p, WV_SCALAR);
        memset(shared.world.task.matrices[WV_NODES].rows, 0, shared.world.n_floats[WV_NODES] * sizeof(float));
        shared.examples = train_all(&shared.world).examples;
        for (int k = 0; k < 5; k++) {
            wv_stop(&shared.world.task, 0);
            run_threads(N_THREADS, train_until_stopped, &shared);
            for (int t = 1; t < N_THREADS; t++) {
                CHECK(shared.of[t].status == WV_OK && shared.of[t].stopped && !shared.of[t].miscounted);
                shared.of[t].stopped = shared.of[t].has_begun = 0;
            }
        }
        end(&shared.world);
    }
}

/* Row r is a function of (seed, r). Only the rows first … last are written, only up to the width. */
static void new_rows_are_drawn_by_seed_and_row(void)
{
    enum { SIZE = 20, WIDTH = 32, STRIDE = 48, N = 9 };
    float all[N * STRIDE], some[N * STRIDE], other[N * STRIDE];
    memset(all, 0xff, sizeof all);
    memset(some, 0xff, sizeof some);
    wv_init_rows(all, 0, N, SIZE, WIDTH, STRIDE, 5);
    wv_init_rows(other, 0, N, SIZE, WIDTH, STRIDE, 6);
    wv_init_rows(some, 3, 5, SIZE, WIDTH, STRIDE, 5);
    CHECK(memcmp(all + 3 * STRIDE, some + 3 * STRIDE, 2 * STRIDE * sizeof *all) == 0);
    CHECK(isnan(some[3 * STRIDE - 1]) && isnan(some[2 * STRIDE]) && isnan(some[5 * STRIDE]));
    double sum = 0, squares = 0;
    for (int k = 0; k < N * STRIDE; k++) {
        const float x = all[k] * SIZE;
        if (k % STRIDE >= WIDTH) {
            CHECK(isnan(x));
            continue;
        }
        CHECK(k % STRIDE < SIZE ? fabsf(x) <= 1 && all[k] != other[k] : x == 0);
        sum += (double)x;
        squares += (double)x * (double)x;
    }
    CHECK_NEAR(sum / (N * SIZE), 0, 0.2);
    CHECK_NEAR(squares / (N * SIZE), 1 / 3.0, 0.08);
}

static void objectives_are_found_by_name(void)
{
    enum wv_objective objective = WV_N_OBJECTIVES;
    CHECK(wv_find_objective("skipgram", &objective) == WV_OK && objective == WV_skipgram);
    CHECK(wv_find_objective("classify", &objective) == WV_OK && objective == WV_classify);
    CHECK(wv_find_objective("", &objective) == WV_UNKNOWN_OBJECTIVE);
    CHECK(wv_find_objective("skip", &objective) == WV_UNKNOWN_OBJECTIVE && objective == WV_classify);
}

int main(void)
{
    every_isa_agrees();
    rate_0_measures_the_loss_and_changes_no_row();
    every_size_agrees();
    every_window_agrees();
    a_long_chunk_agrees();
    a_vocabulary_of_one_word_agrees();
    too_little_text_trains_nothing();
    a_work_unit_may_end_after_any_chunk();
    rows_that_are_not_finite_are_reported();
    threads_share_rows();
    another_thread_may_stop_workers();
    a_stop_counts_all_that_was_trained();
    new_rows_are_drawn_by_seed_and_row();
    objectives_are_found_by_name();
    return finish();
}
