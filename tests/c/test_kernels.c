/* In: small corpora of pseudo-random words. Checked, on every instruction set that this processor has: training
 * agrees with the scalar kernels, however it is cut into leases and spread over threads. The arrays given end where
 * the sanitizers would see one element too many (a worker's own lie in one block). That the scalar kernels are right
 * is not checked here (see tests/test_kernels.py, which has them beside numpy). */
#include "train/kernels.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "harness.h"

enum { INPUT, OUTPUT, NODES, N_MATRICES };

struct problem {
    enum wv_objective objective;
    int32_t negative, hs, pair, sum; /* pair: one pair at a time; sum: CBOW without the mean */
    int32_t dim, window, fixed;      /* fixed: windows are not shrunk, no word is subsampled */
    int32_t n_words, n_hot, n_hottest, merge_every;
    const int32_t *lengths; /* of sentences, ended by -1 */
    int64_t per_chunk;      /* sentences of a chunk */
    int64_t share;          /* not 0: in rounds */
    float rate;
};

/* What one training is made of; `memory` holds it all. */
struct world {
    struct wv_task task;
    float *rows[N_MATRICES];
    size_t n_floats[N_MATRICES];
    int64_t n_chunks, *chunks; /* (n_chunks, 2) sentences */
    float *rates;
    void *memory[16];
    int n_memory;
};

static const int32_t SHORT[] = {0, 30, 1, 2, 17, 0, 3, 50, 1, 0, 2, -1};
static const int32_t LONG[] = {40, 7, 61, 33, 20, 55, 1, 48, 36, 29, 44, 60, 18, 52, 0, 41, -1};

static const struct problem OBJECTIVES[] = {
    {.negative = 5},
    {.hs = 1},
    {.negative = 5, .hs = 1},
    {.negative = 5, .pair = 1},
    {.hs = 1, .pair = 1},
    {.negative = 3, .hs = 1, .pair = 1},
    {.objective = WV_CBOW, .negative = 5},
    {.objective = WV_CBOW, .hs = 1},
    {.objective = WV_CBOW, .negative = 5, .hs = 1, .sum = 1},
    {.objective = WV_CBOW, .negative = 5, .pair = 1},
};
enum { N_OBJECTIVES = sizeof OBJECTIVES / sizeof *OBJECTIVES };

/* An objective with all that it leaves open. */
static struct problem small(int objective)
{
    struct problem p = OBJECTIVES[objective];
    p.dim = 32;
    p.window = 4;
    p.n_words = 23;
    p.lengths = SHORT;
    p.per_chunk = 2;
    p.rate = 0.05f;
    p.n_hottest = 5;
    p.merge_every = 25;
    return p;
}

static void *hold(struct world *world, size_t n, size_t size)
{
    void *piece = malloc(n ? n * size : 1);
    if (!piece)
        abort();
    world->memory[world->n_memory++] = piece;
    return piece;
}

static double weight_of(int32_t word)
{
    return 1 / (1.0 + word);
}

static void make_text(struct world *world, const struct problem *p)
{
    struct wv_task *task = &world->task;
    int64_t n_sentences = 0;
    while (p->lengths[n_sentences] >= 0)
        n_sentences++;
    int64_t *sentences = hold(world, (size_t)n_sentences + 1, sizeof *sentences);
    sentences[0] = 0;
    for (int64_t s = 0; s < n_sentences; s++)
        sentences[s + 1] = sentences[s] + p->lengths[s];
    const int64_t n = sentences[n_sentences];
    int32_t *ids = hold(world, (size_t)n, sizeof *ids);
    for (int64_t t = 0; t < n; t++)
        ids[t] = wv_alias_draw(task->noise, p->n_words, wv_draw(1, (uint64_t)t));
    world->n_chunks = (n_sentences + p->per_chunk - 1) / p->per_chunk;
    world->chunks = hold(world, 2 * (size_t)world->n_chunks, sizeof *world->chunks);
    world->rates = hold(world, (size_t)world->n_chunks, sizeof *world->rates);
    for (int64_t c = 0; c < world->n_chunks; c++) {
        const int64_t first = c * p->per_chunk;
        const int64_t last = first + p->per_chunk < n_sentences ? first + p->per_chunk : n_sentences;
        const int64_t tokens = sentences[last] - sentences[first];
        world->chunks[2 * c] = first;
        world->chunks[2 * c + 1] = last;
        task->max_chunk = tokens > task->max_chunk ? tokens : task->max_chunk;
        world->rates[c] = p->rate * (1 - 0.05f * (float)c);
    }
    task->ids = ids;
    task->sentences = sentences;
}

static void make_paths(struct world *world, int32_t n)
{
    struct wv_task *task = &world->task;
    int64_t *counts = hold(world, (size_t)n, sizeof *counts);
    int32_t *order = hold(world, (size_t)n, sizeof *order);
    int64_t *offsets = hold(world, (size_t)n + 1, sizeof *offsets);
    for (int32_t i = 0; i < n; i++) {
        counts[i] = (int64_t)(1000 * weight_of(i));
        order[i] = i;
    }
    CHECK(wv_huffman(counts, order, n, offsets, NULL, NULL) == WV_OK);
    int32_t *nodes = hold(world, (size_t)offsets[n] + WV_PATH_PADDING, sizeof *nodes);
    uint8_t *codes = hold(world, (size_t)offsets[n] + WV_PATH_PADDING, sizeof *codes);
    CHECK(wv_huffman(counts, order, n, offsets, nodes, codes) == WV_OK);
    for (int32_t i = 0; i < n; i++)
        if (offsets[i + 1] - offsets[i] > task->max_path)
            task->max_path = (int32_t)(offsets[i + 1] - offsets[i]);
    task->path_offsets = offsets;
    task->path_nodes = nodes;
    task->path_codes = codes;
}

/* Columns of padding: more than a vector of all but the widest ISA. */
enum { PADDING = 9 };

/* n rows within ±0.5. They lie on no boundary: kernels may not ask for one. */
static float *make_rows(struct world *world, int matrix, int64_t n, int32_t dim)
{
    const size_t n_floats = (size_t)n * (size_t)dim;
    float *rows = (float *)hold(world, n_floats + 1, sizeof *rows) + 1;
    wv_init_rows(rows, 0, n, dim - PADDING, dim, (uint64_t)matrix);
    for (size_t k = 0; k < n_floats; k++)
        rows[k] *= (float)(dim - PADDING);
    world->rows[matrix] = rows;
    world->n_floats[matrix] = n_floats;
    return rows;
}

static void start(struct world *world, const struct problem *p, enum wv_isa isa)
{
    struct wv_task *task = &world->task;
    struct wv_alias *noise;
    *world = (struct world){
        .task = {
            .isa = isa, .objective = p->objective, .n_words = p->n_words, .dim = p->dim, .size = p->dim - PADDING}};
    noise = hold(world, (size_t)p->n_words, sizeof *noise);
    double *weights = hold(world, (size_t)p->n_words, sizeof *weights);
    uint32_t *keep = hold(world, (size_t)p->n_words, sizeof *keep);
    for (int32_t i = 0; i < p->n_words; i++) {
        weights[i] = weight_of(i);
        keep[i] = 0xb0000000u + 0x01000000u * (uint32_t)i;
    }
    CHECK(wv_alias_build(weights, p->n_words, noise) == WV_OK);
    task->noise = noise;
    make_text(world, p);
    task->keep = p->fixed ? NULL : keep;
    task->seed = 11;
    task->window = p->window;
    task->shrink_windows = !p->fixed;
    task->negative = p->negative;
    task->n_hot = p->n_hot;
    task->n_hottest = p->n_hottest;
    task->merge_every = p->merge_every;
    task->n_workers = 1;
    float *uses = hold(world, 3 * (size_t)p->n_hot, sizeof *uses);
    for (int32_t i = 0; i < 3 * p->n_hot; i++)
        uses[i] = 0.01f * (float)(1 + i);
    task->hot_uses = uses;
    task->share = p->share;
    task->cbow_mean = !p->sum;
    task->one_pair_at_a_time = p->pair;
    task->input_rows = make_rows(world, INPUT, p->n_words, p->dim);
    if (p->negative)
        task->output_rows = make_rows(world, OUTPUT, p->n_words, p->dim);
    if (p->hs) {
        make_paths(world, p->n_words);
        task->node_rows = make_rows(world, NODES, p->n_words - 1, p->dim);
    }
}

static void end(struct world *world)
{
    while (world->n_memory)
        free(world->memory[--world->n_memory]);
}

static struct wv_worker *new_worker(const struct world *world)
{
    struct wv_worker *worker = NULL;
    if (wv_worker_new(&world->task, &worker) != WV_OK)
        abort();
    return worker;
}

struct result {
    double loss;
    int64_t examples;
};

/* Trains the chunks first … last of an epoch. */
static enum wv_status lease(struct world *world, struct wv_worker *worker, int64_t epoch, int64_t first,
                            int64_t last, struct result *total)
{
    double losses[64] = {0}; /* those of chunks behind a stop stay 0 */
    int64_t examples;
    if (last - first > 64)
        abort();
    wv_merge(worker);
    enum wv_status status = wv_train(worker, epoch, first, last - first, world->chunks + 2 * first,
                                     world->rates + first, losses, &examples);
    wv_merge(worker);
    for (int64_t c = 0; c < last - first; c++)
        total->loss += losses[c];
    total->examples += examples;
    return status;
}

static struct result train_all(struct world *world)
{
    struct result total = {0};
    struct wv_worker *worker = new_worker(world);
    CHECK(lease(world, worker, 3, 0, world->n_chunks, &total) == WV_OK);
    wv_worker_free(worker);
    return total;
}

/* The largest difference between any two floats of the worlds; NaN if one is none. */
static double distance(const struct world *a, const struct world *b)
{
    double largest = 0;
    for (int m = 0; m < N_MATRICES; m++)
        for (size_t k = 0; k < a->n_floats[m]; k++) {
            const double difference = fabs((double)a->rows[m][k] - (double)b->rows[m][k]);
            if (!(difference <= largest))
                largest = difference;
        }
    return largest;
}

static int padding_is_zero(const struct world *world)
{
    const size_t dim = (size_t)world->task.dim;
    for (int m = 0; m < N_MATRICES; m++)
        for (size_t k = 0; k < world->n_floats[m]; k++)
            if (k % dim >= dim - PADDING && world->rows[m][k] != 0)
                return 0;
    return 1;
}

static int same_bits(const struct world *a, const struct world *b)
{
    for (int m = 0; m < N_MATRICES; m++)
        if (a->n_floats[m] && memcmp(a->rows[m], b->rows[m], a->n_floats[m] * sizeof(float)) != 0)
            return 0;
    return 1;
}

static void check_same(const struct world *a, struct result of_a, const struct world *b, struct result of_b)
{
    CHECK(of_a.examples == of_b.examples);
    CHECK_NEAR(of_a.loss, of_b.loss, 1e-5 * (1 + fabs(of_b.loss)));
    CHECK_NEAR(distance(a, b), 0, 3e-5);
    CHECK(padding_is_zero(a));
}

/* Every ISA, and private rows on every ISA, against the scalar kernels. */
static void check_isas(const struct problem *p, int64_t least_examples)
{
    struct world scalar;
    start(&scalar, p, WV_SCALAR);
    struct result expected = train_all(&scalar);
    CHECK(expected.examples >= least_examples);
    for (int i = 0; i < WV_N_ISAS; i++) {
        for (int32_t n_hot = 0; wv_cpu_has((enum wv_isa)i) && n_hot <= p->n_words + 5;
             n_hot += p->n_words / 2 + 3) {
            struct problem same = *p;
            struct world world;
            same.n_hot = n_hot;
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
            for (int32_t n_hot = 0; wv_cpu_has((enum wv_isa)i) && n_hot <= 12; n_hot += 12) {
                struct problem p = small(o);
                struct world world, untouched;
                p.rate = 0;
                p.n_hot = n_hot;
                start(&world, &p, (enum wv_isa)i);
                start(&untouched, &p, (enum wv_isa)i);
                const struct result first = train_all(&world), again = train_all(&world);
                CHECK(first.examples >= 20 && first.loss > 0 && first.loss == again.loss);
                CHECK(same_bits(&world, &untouched));
                end(&world);
                end(&untouched);
            }
}

static void every_size_agrees(void)
{
    for (int32_t dim = WV_PAD; dim <= 112; dim += WV_PAD) {
        struct problem skipgram = small(2), cbow = small(6);
        skipgram.dim = cbow.dim = dim;
        check_isas(&skipgram, 20);
        check_isas(&cbow, 20);
    }
}

/* Few words: rows stand twice in a tile, and in two tiles of one block. */
static void every_window_agrees(void)
{
    static const int32_t windows[] = {1, 2, 3, 5, 6, 7, 9, 12, 13, 20};
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
        for (int o = 0; o < N_OBJECTIVES; o += 2) {
            struct problem p = small(o);
            p.window = windows[w];
            p.rate = 0.1f / (float)p.window; /* rows of large blocks would grow beyond measure */
            p.fixed = 1;
            p.n_words = 5;
            p.dim = 16;
            check_isas(&p, 50);
        }
    }
}

/* A chunk of more windows than noise words are kept, and nodes far from the root. */
static void a_long_chunk_agrees(void)
{
    static const int32_t one[] = {1300, -1};
    for (int o = 0; o < N_OBJECTIVES; o++) {
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

/* All negatives are the centre itself, and its path is empty. */
static void one_word_is_a_vocabulary(void)
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
        struct problem p = small(t % 2 ? 2 : 8);
        struct world world, before;
        p.lengths = texts[t];
        start(&world, &p, WV_SCALAR);
        start(&before, &p, WV_SCALAR);
        struct result result = train_all(&world);
        CHECK(result.examples == 0 && result.loss == 0 && same_bits(&world, &before));
        end(&world);
        end(&before);
    }
}

/* Two workers, by turns: without private rows the bits are those of one lease. */
static void check_cut(enum wv_isa isa, const struct problem *p, int64_t cut)
{
    struct world whole, parts;
    struct result total = {0};
    start(&whole, p, isa);
    start(&parts, p, isa);
    struct result expected = train_all(&whole);
    struct wv_worker *first = new_worker(&parts), *second = new_worker(&parts);
    CHECK(lease(&parts, first, 3, 0, cut, &total) == WV_OK);
    CHECK(lease(&parts, second, 3, cut, parts.n_chunks - 1, &total) == WV_OK);
    CHECK(lease(&parts, first, 3, parts.n_chunks - 1, parts.n_chunks, &total) == WV_OK);
    check_same(&parts, total, &whole, expected);
    CHECK(p->n_hot || same_bits(&parts, &whole));
    wv_worker_free(first);
    wv_worker_free(second);
    end(&whole);
    end(&parts);
}

static void a_lease_may_end_after_any_chunk(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int64_t cut = 0; wv_cpu_has((enum wv_isa)i) && cut < 6; cut++)
            for (int32_t n_hot = 0; n_hot <= 7; n_hot += 7) {
                struct problem p = small((int)cut + i);
                p.n_hot = n_hot;
                check_cut((enum wv_isa)i, &p, cut);
            }
}

static void what_is_not_finite_is_reported(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        for (int o = 0; o < N_OBJECTIVES; o++) {
            struct problem p = small(o);
            struct world world;
            struct result result = {0};
            p.rate = 5e-6f;
            start(&world, &p, (enum wv_isa)i);
            struct wv_worker *worker = new_worker(&world);
            for (size_t k = 0; k < world.n_floats[INPUT]; k++)
                world.rows[INPUT][k] *= 1000; /* scores far beyond the range of exp */
            CHECK(lease(&world, worker, 0, 0, world.n_chunks, &result) == WV_OK);
            world.rows[INPUT][0] = (float)NAN;
            CHECK(lease(&world, worker, 1, 0, world.n_chunks, &result) == WV_NOT_FINITE);
            wv_worker_free(worker);
            end(&world);
        }
    }
}

enum { N_THREADS = 4, N_EPOCHS = 2 };

/* A world that threads share, and what each of them got. */
struct crew {
    struct world world;
    struct wv_worker *workers[N_THREADS]; /* of rounds */
    int64_t lease_examples;               /* of a whole lease, where that is always the same */
    double example_loss;                  /* the same of an example */
    struct {
        struct result result;
        enum wv_status status;
        int stopped, miscounted;
        int32_t has_begun;
    } of[N_THREADS];
};

static void take_every_fourth_chunk(void *shared, int thread)
{
    struct crew *crew = shared;
    struct wv_worker *worker = new_worker(&crew->world);
    for (int64_t epoch = 0; epoch < N_EPOCHS; epoch++)
        for (int64_t c = thread; c < crew->world.n_chunks; c += N_THREADS)
            crew->of[thread].status |= lease(&crew->world, worker, epoch, c, c + 1, &crew->of[thread].result);
    wv_worker_free(worker);
}

/* Draws depend on no thread, so as many examples are trained as by one; rows are as good, if not the same. */
static void check_threads(enum wv_isa isa, const struct problem *p)
{
    struct crew crew = {.lease_examples = 0};
    struct world alone;
    struct result expected = {0}, total = {0};
    start(&crew.world, p, isa);
    start(&alone, p, isa);
    run_threads(N_THREADS, take_every_fourth_chunk, &crew);
    for (int t = 0; t < N_THREADS; t++) {
        CHECK(crew.of[t].status == WV_OK);
        total.loss += crew.of[t].result.loss;
        total.examples += crew.of[t].result.examples;
    }
    struct wv_worker *worker = new_worker(&alone);
    for (int64_t epoch = 0; epoch < N_EPOCHS; epoch++)
        CHECK(lease(&alone, worker, epoch, 0, alone.n_chunks, &expected) == WV_OK);
    wv_worker_free(worker);
    CHECK(total.examples == expected.examples);
    CHECK_NEAR(total.loss, expected.loss, 0.1 * expected.loss);
    CHECK(isfinite(distance(&crew.world, &alone)) && padding_is_zero(&crew.world));
    end(&crew.world);
    end(&alone);
}

static void threads_share_rows(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int o = 0; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o += 2)
            for (int32_t n_hot = 0; n_hot <= 24; n_hot += 12) {
                struct problem p = small(o);
                p.lengths = LONG;
                p.rate = 0.001f; /* small: the loss must not hang on which thread came first */
                p.n_hot = n_hot;
                check_threads((enum wv_isa)i, &p);
            }
}

/* How many of the private rows first … last a worker has changed since they were merged. */
static int64_t n_changed(const struct wv_rows *view, int64_t first, int64_t last)
{
    int64_t n = 0;
    for (int64_t r = first; r < last && r < view->n_private; r++) {
        const size_t at = (size_t)(r * view->stride), bytes = (size_t)view->stride * sizeof(float);
        /* Only this worker merges. */
        CHECK(memcmp(view->shared + at, view->base + at, bytes) == 0);
        n += memcmp(view->copies + at, view->base + at, bytes) != 0;
    }
    return n;
}

/* How far n uses carry a row, by the constants of merge.inc.h. */
static double reach_of(const struct wv_task *task, int matrix, double n)
{
    const double contexts = task->objective == WV_CBOW ? 1 : task->window + 1;
    const double targets = (task->negative ? 1 + task->negative : 0) + task->max_path / 2;
    return n / (1 + 0.05 * contexts * (matrix == WV_INPUT ? 0.14 * targets : 0.33) * n);
}

enum { N_SCALED = 20 };

/* Moves all private rows by 1, merges them and checks how far the shared ones went. */
static void check_scales(struct wv_worker *worker, int others)
{
    const struct wv_task *task = worker->task;
    float before[WV_N_MATRICES][N_SCALED], before_last[WV_N_MATRICES][N_SCALED]; /* first and last column */
    wv_merge(worker);
    for (int m = 0; m < WV_N_MATRICES; m++) {
        const struct wv_rows *view = &worker->matrices[m];
        for (int32_t i = 0; i < view->n_private; i++) {
            before[m][i] = view->shared[i * view->stride];
            before_last[m][i] = view->shared[i * view->stride + task->size - 1];
        }
        for (int64_t k = 0; k < view->n_private * view->stride; k++)
            view->copies[k] += 1;
    }
    worker->rate = 0.05f;
    worker->n_centres = 100;
    worker->merged_at[0] = 90; /* rows 0 … 4 */
    worker->merged_at[1] = 60; /* 5 … 9 */
    worker->merged_at[2] = 10; /* 10 … 19 */
    wv_merge(worker);
    for (int m = 0; m < WV_N_MATRICES; m++) {
        const struct wv_rows *view = &worker->matrices[m];
        for (int32_t i = 0; i < view->n_private; i++) {
            const double n = task->hot_uses[m * task->n_hot + i] * (i < 5 ? 10 : i < 10 ? 40 : 90);
            const double scale = reach_of(task, m, others * n) / (others * reach_of(task, m, n));
            CHECK(fabs(view->shared[i * view->stride] - before[m][i] - scale) < 1e-5);
            CHECK(fabs(view->shared[i * view->stride + task->size - 1] - before_last[m][i] - scale) < 1e-5);
            const size_t at = (size_t)(i * view->stride), bytes = (size_t)view->stride * sizeof(float);
            CHECK(memcmp(view->copies + at, view->shared + at, bytes) == 0);
            CHECK(memcmp(view->base + at, view->shared + at, bytes) == 0);
        }
    }
    CHECK(worker->merged_at[0] == 100 && worker->merged_at[1] == 100 && worker->merged_at[2] == 100);
}

static void changes_of_many_workers_are_scaled(void)
{
    for (int isa = 0; isa < WV_N_ISAS; isa++)
        for (int o = 0; wv_cpu_has((enum wv_isa)isa) && o < N_OBJECTIVES; o++)
            for (int n_workers = 1; n_workers <= 8; n_workers++) {
                struct problem p = small(o);
                p.n_hot = N_SCALED;
                struct world world;
                start(&world, &p, (enum wv_isa)isa);
                world.task.n_workers = n_workers;
                struct wv_worker *worker = new_worker(&world);
                check_scales(worker, n_workers > 1 ? n_workers - 1 : 1);
                wv_worker_free(worker);
                end(&world);
            }
}

static void the_hottest_rows_are_merged_most_often(void)
{
    for (int o = 0; o < N_OBJECTIVES; o++) {
        struct problem p = small(o);
        p.n_hot = p.n_words;
        p.lengths = LONG;
        p.merge_every = 1; /* so that the last block of a chunk is followed by a merge */
        struct world world;
        start(&world, &p, WV_SCALAR);
        struct wv_worker *worker = new_worker(&world);
        int64_t second[WV_N_MATRICES] = {0}, later[WV_N_MATRICES] = {0}, examples = 0;
        wv_merge(worker);
        for (int64_t c = 0; c < world.n_chunks; c++) {
            const int64_t *chunk = world.chunks + 2 * c;
            worker->kernels->train_chunk(worker, chunk[0], chunk[1], (uint64_t)c, 0.05f, &examples);
            const int64_t k = worker->n_merges, n_rows = k % 2 ? 5 : k % 4 ? 10 : k % 8 ? 20 : 23;
            for (int m = 0; m < WV_N_MATRICES; m++) {
                CHECK(n_changed(&worker->matrices[m], 0, n_rows) == 0);
                second[m] += n_rows == 5 ? n_changed(&worker->matrices[m], 5, 10) : 0;
                later[m] += n_changed(&worker->matrices[m], n_rows, p.n_hot);
            }
        }
        for (int m = 0; m < WV_N_MATRICES; m++)
            CHECK((second[m] && later[m]) || !worker->matrices[m].shared);
        wv_worker_free(worker);
        end(&world);
    }
}

static void train_a_share(void *shared, int thread)
{
    struct crew *crew = shared;
    const int64_t first = crew->world.n_chunks * thread / N_THREADS;
    const int64_t last = crew->world.n_chunks * (thread + 1) / N_THREADS;
    crew->of[thread].status |= lease(&crew->world, crew->workers[thread], 0, first, last, &crew->of[thread].result);
}

static void merge_a_part(void *shared, int thread)
{
    struct crew *crew = shared;
    wv_merge_round(crew->workers, N_THREADS, thread, N_THREADS, 0.01f);
}

/* Rounds of N_THREADS workers, on as many threads at once or on one after the other. */
static struct result train_rounds(struct crew *crew, int at_once)
{
    struct result total = {0};
    for (int t = 0; t < N_THREADS; t++)
        crew->workers[t] = new_worker(&crew->world);
    for (int round = 0; round < 3; round++) {
        for (int t = 0; !at_once && t < N_THREADS; t++)
            train_a_share(crew, t);
        if (at_once) {
            run_threads(N_THREADS, train_a_share, crew);
            run_threads(N_THREADS, merge_a_part, crew);
        } else
            wv_merge_round(crew->workers, N_THREADS, 0, 1, 0.01f);
    }
    for (int t = 0; t < N_THREADS; t++) {
        wv_worker_free(crew->workers[t]);
        CHECK(crew->of[t].status == WV_OK);
        total.loss += crew->of[t].result.loss;
        total.examples += crew->of[t].result.examples;
    }
    return total;
}

static void rounds_do_not_depend_on_threads(void)
{
    for (int i = 0; i < WV_N_ISAS; i++)
        for (int o = 0; wv_cpu_has((enum wv_isa)i) && o < N_OBJECTIVES; o++) {
            struct problem p = small(o);
            struct crew threads = {.lease_examples = 0}, alone = {.lease_examples = 0};
            p.lengths = LONG;
            p.share = 1000;
            start(&threads.world, &p, (enum wv_isa)i);
            start(&alone.world, &p, (enum wv_isa)i);
            const struct result a = train_rounds(&threads, 1), b = train_rounds(&alone, 0);
            CHECK(a.examples == b.examples && a.examples >= 100 && a.loss == b.loss);
            CHECK(same_bits(&threads.world, &alone.world) && padding_is_zero(&threads.world));
            end(&threads.world);
            end(&alone.world);
        }
}

static void train_until_stopped(void *shared, int thread)
{
    struct crew *crew = shared;
    if (thread == 0) {
        const struct timespec a_while = {.tv_nsec = 5000000};
        for (int t = 1; t < N_THREADS; t++)
            while (!WV_LOAD_RELAXED(&crew->of[t].has_begun))
                nanosleep(&a_while, NULL);
        wv_stop(&crew->world.task, 1);
        return;
    }
    struct wv_worker *worker = new_worker(&crew->world);
    for (int64_t epoch = 0; epoch < 100000 && !crew->of[thread].stopped; epoch++) {
        struct result result = {0};
        crew->of[thread].status |= lease(&crew->world, worker, epoch, 0, crew->world.n_chunks, &result);
        crew->of[thread].stopped = result.examples < crew->lease_examples;
        crew->of[thread].miscounted |=
            crew->example_loss && fabs(result.loss - (double)result.examples * crew->example_loss) > 0.1;
        WV_STORE_RELAXED(&crew->of[thread].has_begun, 1);
    }
    wv_worker_free(worker);
}

static void another_thread_may_stop_them(void)
{
    for (int32_t n_hot = 0; n_hot <= 9; n_hot += 9) {
        struct problem p = small(n_hot ? 2 : 6);
        struct crew crew = {.lease_examples = 0};
        p.n_hot = n_hot;
        p.lengths = LONG;
        p.rate = 1e-4f;
        p.fixed = 1; /* all leases train as many examples */
        enum wv_isa isa = WV_SCALAR;
        CHECK(wv_choose_isa(NULL, &isa) == WV_OK);
        start(&crew.world, &p, isa);
        crew.lease_examples = train_all(&crew.world).examples;
        run_threads(N_THREADS, train_until_stopped, &crew);
        for (int t = 1; t < N_THREADS; t++)
            CHECK(crew.of[t].status == WV_OK && crew.of[t].stopped);
        CHECK(train_all(&crew.world).examples == 0);
        wv_stop(&crew.world.task, 0);
        CHECK(train_all(&crew.world).examples == crew.lease_examples);
        end(&crew.world);
    }
}

/* Of two words each path is one node, and rows of zeros that are not changed make every example's loss log 2. Windows of
 * skip-gram are several blocks here, and so are those of CBOW. */
static void a_stop_leaves_nothing_uncounted(void)
{
    for (int o = 0; o < N_OBJECTIVES; o++) {
        struct problem p = small(o);
        struct crew crew = {.example_loss = log(2)};
        if (p.negative)
            continue;
        p.n_words = 2;
        p.lengths = LONG;
        p.rate = 0;
        p.fixed = 1;
        start(&crew.world, &p, WV_SCALAR);
        memset(crew.world.rows[NODES], 0, crew.world.n_floats[NODES] * sizeof(float));
        crew.lease_examples = train_all(&crew.world).examples;
        for (int k = 0; k < 5; k++) {
            wv_stop(&crew.world.task, 0);
            run_threads(N_THREADS, train_until_stopped, &crew);
            for (int t = 1; t < N_THREADS; t++) {
                CHECK(crew.of[t].status == WV_OK && crew.of[t].stopped && !crew.of[t].miscounted);
                crew.of[t].stopped = crew.of[t].has_begun = 0;
            }
        }
        end(&crew.world);
    }
}

/* Row r is a function of (seed, r); others are left alone. */
static void new_rows_are_drawn_by_seed_and_row(void)
{
    enum { SIZE = 20, DIM = 32, N = 9 };
    float all[N * DIM], some[N * DIM], other[N * DIM];
    memset(some, 0xff, sizeof some);
    wv_init_rows(all, 0, N, SIZE, DIM, 5);
    wv_init_rows(other, 0, N, SIZE, DIM, 6);
    wv_init_rows(some, 3, 5, SIZE, DIM, 5);
    CHECK(memcmp(all + 3 * DIM, some + 3 * DIM, 2 * DIM * sizeof *all) == 0);
    CHECK(isnan(some[3 * DIM - 1]) && isnan(some[5 * DIM]));
    double sum = 0, squares = 0;
    for (int k = 0; k < N * DIM; k++) {
        const float x = all[k] * SIZE;
        CHECK(k % DIM < SIZE ? fabsf(x) <= 1 && all[k] != other[k] : x == 0);
        sum += (double)x;
        squares += (double)x * (double)x;
    }
    CHECK_NEAR(sum / (N * SIZE), 0, 0.2);
    CHECK_NEAR(squares / (N * SIZE), 1 / 3.0, 0.08);
}

static void benchmarks_run(void)
{
    for (int i = 0; i < WV_N_ISAS; i++) {
        if (!wv_cpu_has((enum wv_isa)i))
            continue;
        for (int32_t k = 0; k < 26; k++)
            CHECK(wv_bench_step((enum wv_isa)i, 1 + k % WV_TILE, 1 + k % 7, 16 * (1 + k % 3), 3, 1) == WV_OK);
        CHECK(wv_bench_fma((enum wv_isa)i, 100) >= 2400);
    }
}

int main(void)
{
    every_isa_agrees();
    rate_0_measures_the_loss_and_changes_no_row();
    every_size_agrees();
    every_window_agrees();
    a_long_chunk_agrees();
    one_word_is_a_vocabulary();
    too_little_text_trains_nothing();
    a_lease_may_end_after_any_chunk();
    what_is_not_finite_is_reported();
    threads_share_rows();
    the_hottest_rows_are_merged_most_often();
    changes_of_many_workers_are_scaled();
    rounds_do_not_depend_on_threads();
    another_thread_may_stop_them();
    a_stop_leaves_nothing_uncounted();
    new_rows_are_drawn_by_seed_and_row();
    benchmarks_run();
    return finish();
}
