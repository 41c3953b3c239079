/* In: the block step of one ISA. Checked: each of its parts against doubles, for all numbers of rows and targets that tiles
 * are made of. Included once in the region of each ISA (see test_isa_*.c). */
#include "train/objective/rows.inc.h"

#include "train/objective/dot.inc.h"
#include "train/objective/update.inc.h"

#include "train/objective/step.inc.h"

enum { MOST_N = 23, MOST_DIM = 80 };

/* What a step needs, in pieces of their own, so that AddressSanitizer sees what is read or written behind them. */
struct bench {
    struct wv_block block;
    struct wv_desk desk;
    struct wv_asks asks;
    struct wv_loss loss;
    float *hidden[WV_TILE], *none_asked[1];
    double expected_loss;
};

/* Numbers in [-1, 1), drawn as those of new rows are. */
static float some_number(uint64_t i)
{
    float number;
    wv_init_rows(&number, 0, 1, 1, 1, i);
    return number;
}

/* A row of `size` numbers, padded. */
static float *new_row(int size, int dim, uint64_t seed)
{
    float *row = calloc((size_t)dim, sizeof *row);
    for (int k = 0; k < size; k++)
        row[k] = some_number(100 * seed + (uint64_t)k);
    return row;
}

static void set_up(struct bench *bench, int m, int n, int size, int dim)
{
    static const float weights[] = {1, -1, -2, 0, -1, 2, -1, -2, -1, -4, 0};
    const struct wv_task task = {.negative = n};
    const size_t most = wv_max_scores(&task);
    struct wv_block *block = &bench->block;
    *bench = (struct bench){.expected_loss = 0};
    block->m = m;
    block->n = n;
    block->targets = calloc((size_t)n + 1, sizeof *block->targets);
    block->weights = calloc((size_t)(m * n + WV_PAD), sizeof *block->weights);
    bench->desk.scores = calloc(most, sizeof(float));
    bench->desk.gradients = calloc(most, sizeof(float));
    for (int i = 0; i < m; i++)
        bench->hidden[i] = new_row(size, dim, (uint64_t)i);
    for (int j = 0; j < n; j++)
        block->targets[j] = new_row(size, dim, (uint64_t)(10 + j));
    for (int p = 0; p < m * n; p++)
        block->weights[p] = weights[(p + n) % (int)(sizeof weights / sizeof *weights)];
    block->hidden = block->hidden_grad = bench->hidden;
    bench->asks.rows = bench->none_asked;
    for (int k = 0; k < WV_PAD; k++)
        bench->loss.mantissa[k] = 1;
}

static void tear_down(struct bench *bench)
{
    for (int i = 0; i < bench->block.m; i++)
        free(bench->hidden[i]);
    for (int j = 0; j < bench->block.n; j++)
        free(bench->block.targets[j]);
    free(bench->block.targets);
    free(bench->block.weights);
    free(bench->desk.scores);
    free(bench->desk.gradients);
}

static double dot_in_doubles(const float *a, const float *b, int size)
{
    double sum = 0;
    for (int k = 0; k < size; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

/* The score and the gradient of a pair; its loss is added to what is expected. */
static void check_pair(struct bench *bench, int p, double score)
{
    const double weight = (double)bench->block.weights[p], opposed = weight > 0 ? -score : score;
    const double expected = 0.5 * weight / (1 + exp(-opposed));
    CHECK_NEAR(bench->desk.scores[p], score, 1e-5);
    CHECK_NEAR(bench->desk.gradients[p], expected, 1e-6);
    bench->expected_loss += fabs(weight) * log1p(exp(opposed));
}

static void check_step(int m, int n, int size)
{
    const int dim = (size + WV_PAD - 1) / WV_PAD * WV_PAD, vectors = (size + VEC_LANES - 1) / VEC_LANES * VEC_LANES;
    struct bench bench;
    double target[MOST_N][MOST_DIM], hidden[WV_TILE][MOST_DIM];
    set_up(&bench, m, n, size, dim);
    score(&bench.block, &bench.desk, size);
    logistic(&bench.block, &bench.desk, &bench.loss, 0.5f);
    settle_loss(&bench.loss);
    for (int i = 0; i < m; i++) {
        for (int k = 0; k < size; k++)
            hidden[i][k] = (double)bench.hidden[i][k];
    }
    for (int j = 0; j < n; j++) {
        for (int k = 0; k < size; k++)
            target[j][k] = (double)bench.block.targets[j][k];
        for (int i = 0; i < m; i++) {
            const int p = j * m + i;
            check_pair(&bench, p, dot_in_doubles(bench.hidden[i], bench.block.targets[j], size));
            for (int k = 0; k < size; k++) {
                hidden[i][k] += (double)bench.desk.gradients[p] * (double)bench.block.targets[j][k];
                target[j][k] += (double)bench.desk.gradients[p] * (double)bench.hidden[i][k];
            }
        }
    }
    CHECK_NEAR(bench.loss.sum, bench.expected_loss, 1e-5 * (1 + bench.expected_loss));
    update(&bench.block, &bench.asks, &bench.desk, vectors);
    for (int k = 0; k < size; k++) {
        for (int i = 0; i < m; i++)
            CHECK_NEAR(bench.hidden[i][k], hidden[i][k], 1e-5);
        for (int j = 0; j < n; j++)
            CHECK_NEAR(bench.block.targets[j][k], target[j][k], 1e-5);
    }
    tear_down(&bench);
}

static void every_tile_is_that_of_doubles(void)
{
    static const int sizes[] = {1, 7, 16, 20, 28, 48, MOST_DIM};
    for (int m = 1; m <= WV_TILE; m++) {
        for (int n = 0; n <= MOST_N; n++)
            check_step(m, n, sizes[(m + n) % (int)(sizeof sizes / sizeof *sizes)]);
    }
}

/* Losses of pairs whose z is about `around`, with weights up to `heaviest`, added to what left an exponent before. */
static void check_losses(float around, float heaviest, float exponent)
{
    enum { M = 6, N = 7, N_STEPS = 300 };
    struct bench bench;
    set_up(&bench, M, N, 1, WV_PAD);
    for (int k = 0; k < VEC_LANES; k++)
        bench.loss.exponent[k] = exponent;
    for (int p = 0; p < M * N; p++) {
        if (fabsf(bench.block.weights[p]) > heaviest)
            bench.block.weights[p] = -1;
    }
    double expected = 0;
    for (int step = 0; step < N_STEPS; step++) {
        for (int p = 0; p < M * N; p++) {
            const float weight = bench.block.weights[p], z = around + some_number((uint64_t)(step * M * N + p));
            bench.desk.scores[p] = weight > 0 ? z : -z;
            expected += (double)fabsf(weight) * log1p(exp(-(double)z));
        }
        logistic(&bench.block, &bench.desk, &bench.loss, 0.0f);
        CHECK(bench.loss.exponent[0] < 65536 + 128);
    }
    settle_loss(&bench.loss);
    const double before = log(2) * (double)exponent * VEC_LANES, rounding = 6e-8 * (N_STEPS * M * N + before);
    CHECK_NEAR(bench.loss.sum - before, expected, 1e-5 * expected + rounding);
    tear_down(&bench);
}

static void losses_of_any_size_add_up(void)
{
    static const float around[] = {-80, -19.5f, -9.7f, -5, 0, 3, 12};
    for (int k = 0; k < (int)(sizeof around / sizeof *around); k++) {
        for (float heaviest = 1; heaviest <= 4; heaviest *= 2)
            check_losses(around[k], heaviest, 0);
    }
    check_losses(-9, 2, 65530.0f);
}

static void steps(void)
{
    every_tile_is_that_of_doubles();
    losses_of_any_size_add_up();
}
