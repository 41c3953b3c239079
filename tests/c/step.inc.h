/* The block step of one ISA. Checked: scores, logistic loss and the fast update against doubles, for all numbers of hidden
 * rows and targets that tiles consist of. Included once in the region of each ISA (see test_isa_*.c), before the tests of the
 * losses and of the general update. Functions for tokens of parts and for inference are tested through whole chunks only. */
#pragma GCC diagnostic ignored "-Wunused-function"

#include "train/objective/rows.inc.h"

#include "train/objective/score.inc.h"

#include "train/objective/loss_logistic.inc.h"
#include "train/objective/loss_squares.inc.h"
#include "train/objective/loss_softmax.inc.h"

#include "train/objective/update.inc.h"
#include "train/objective/update_by_rule.inc.h"

#include "train/objective/compose.inc.h"

enum { MAX_N = 40, MAX_WIDTH = 80 };

/* A block, each array in its own memory, so that AddressSanitizer finds accesses behind it. */
struct fixture {
    struct wv_block block;
    struct wv_scratch scratch;
    struct wv_prefetch_queue queue;
    struct wv_loss loss;
    float *hidden[WV_TILE], *queued[1];
    double expected_loss;
};

/* A number in [-1, 1), drawn as the values of new rows are. */
static float some_number(uint64_t i)
{
    float number;
    wv_init_rows(&number, 0, 1, 1, 1, 1, i);
    return number;
}

/* A row of `size` numbers, padded. */
static float *new_row(int size, int width, uint64_t seed)
{
    float *row = calloc((size_t)width, sizeof *row);
    for (int k = 0; k < size; k++)
        row[k] = some_number(100 * seed + (uint64_t)k);
    return row;
}

static void reset_loss(struct wv_loss *loss)
{
    *loss = (struct wv_loss){.sum = 0};
    for (int k = 0; k < WV_PAD; k++)
        loss->mantissa[k] = 1;
}

static void set_up(struct fixture *fixture, int m, int n, int size, int width)
{
    static const float weights[] = {1, -1, -2, 0, -1, 2, -1, -2, -1, -4, 0};
    const struct wv_task task = {.max_targets = n};
    const size_t most = wv_max_scores(&task);
    struct wv_block *block = &fixture->block;
    *fixture = (struct fixture){.expected_loss = 0};
    block->m = m;
    block->n = n;
    block->targets = calloc((size_t)n + 1, sizeof *block->targets);
    block->weights = calloc((size_t)(m * n + WV_PAD), sizeof *block->weights);
    fixture->scratch.scores = calloc(most, sizeof(float));
    fixture->scratch.gradients = calloc(most, sizeof(float));
    for (int i = 0; i < m; i++)
        fixture->hidden[i] = new_row(size, width, (uint64_t)i);
    for (int j = 0; j < n; j++)
        block->targets[j] = new_row(size, width, (uint64_t)(10 + j));
    for (int p = 0; p < m * n; p++)
        block->weights[p] = weights[(p + n) % (int)(sizeof weights / sizeof *weights)];
    block->hidden = block->hidden_grad = fixture->hidden;
    fixture->queue.rows = fixture->queued;
    reset_loss(&fixture->loss);
}

static void tear_down(struct fixture *fixture)
{
    for (int i = 0; i < fixture->block.m; i++)
        free(fixture->hidden[i]);
    for (int j = 0; j < fixture->block.n; j++)
        free(fixture->block.targets[j]);
    free(fixture->block.targets);
    free(fixture->block.weights);
    free(fixture->scratch.scores);
    free(fixture->scratch.gradients);
}

static double dot_in_doubles(const float *a, const float *b, int size)
{
    double sum = 0;
    for (int k = 0; k < size; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

/* Checks the score and the gradient of a pair; adds its loss to the expected loss. */
static void check_pair(struct fixture *fixture, int p, double score)
{
    const double weight = (double)fixture->block.weights[p], opposed = weight > 0 ? -score : score;
    const double expected = 0.5 * weight / (1 + exp(-opposed));
    CHECK_NEAR(fixture->scratch.scores[p], score, 1e-5);
    CHECK_NEAR(fixture->scratch.gradients[p], expected, 1e-6);
    fixture->expected_loss += fabs(weight) * log1p(exp(opposed));
}

static void check_step(int m, int n, int size)
{
    const int width = (size + WV_PAD - 1) / WV_PAD * WV_PAD,
              in_vectors = (size + VEC_LANES - 1) / VEC_LANES * VEC_LANES;
    struct fixture fixture;
    double target[MAX_N][MAX_WIDTH], hidden[WV_TILE][MAX_WIDTH];
    set_up(&fixture, m, n, size, width);
    score(&fixture.block, &fixture.scratch, size);
    logistic(&fixture.block, &fixture.scratch, &fixture.loss, 0.5f);
    add_product_to_sum(&fixture.loss);
    for (int i = 0; i < m; i++) {
        for (int k = 0; k < size; k++)
            hidden[i][k] = (double)fixture.hidden[i][k];
    }
    for (int j = 0; j < n; j++) {
        for (int k = 0; k < size; k++)
            target[j][k] = (double)fixture.block.targets[j][k];
        for (int i = 0; i < m; i++) {
            const int p = j * m + i;
            const double gradient = (double)fixture.scratch.gradients[p];
            check_pair(&fixture, p, dot_in_doubles(fixture.hidden[i], fixture.block.targets[j], size));
            for (int k = 0; k < size; k++) {
                hidden[i][k] += gradient * (double)fixture.block.targets[j][k];
                target[j][k] += gradient * (double)fixture.hidden[i][k];
            }
        }
    }
    CHECK_NEAR(fixture.loss.sum, fixture.expected_loss, 1e-5 * (1 + fixture.expected_loss));
    update(&fixture.block, &fixture.queue, &fixture.scratch, in_vectors);
    for (int k = 0; k < size; k++) {
        for (int i = 0; i < m; i++)
            CHECK_NEAR(fixture.hidden[i][k], hidden[i][k], 1e-5);
        for (int j = 0; j < n; j++)
            CHECK_NEAR(fixture.block.targets[j][k], target[j][k], 1e-5);
    }
    tear_down(&fixture);
}

static void every_tile_matches_doubles(void)
{
    enum { MAX_TILES = 23 };
    static const int sizes[] = {1, 7, 16, 20, 28, 48, MAX_WIDTH};
    for (int m = 1; m <= WV_TILE; m++) {
        for (int n = 0; n <= MAX_TILES; n++)
            check_step(m, n, sizes[(m + n) % (int)(sizeof sizes / sizeof *sizes)]);
    }
}

/* Losses of pairs whose z is near `around`, with weights up to `heaviest`, after losses that left an exponent. */
static void check_logistic_sum(float around, float heaviest, float exponent)
{
    enum { M = 6, N = 7, N_STEPS = 300 };
    struct fixture fixture;
    set_up(&fixture, M, N, 1, WV_PAD);
    for (int k = 0; k < VEC_LANES; k++)
        fixture.loss.exponent[k] = exponent;
    for (int p = 0; p < M * N; p++) {
        if (fabsf(fixture.block.weights[p]) > heaviest)
            fixture.block.weights[p] = -1;
    }
    double expected = 0;
    for (int step = 0; step < N_STEPS; step++) {
        for (int p = 0; p < M * N; p++) {
            const float weight = fixture.block.weights[p], z = around + some_number((uint64_t)(step * M * N + p));
            fixture.scratch.scores[p] = weight > 0 ? z : -z;
            expected += (double)fabsf(weight) * log1p(exp(-(double)z));
        }
        logistic(&fixture.block, &fixture.scratch, &fixture.loss, 0.0f);
        CHECK(fixture.loss.exponent[0] < 65536 + 128);
    }
    add_product_to_sum(&fixture.loss);
    const double before = log(2) * (double)exponent * VEC_LANES, rounding = 6e-8 * (N_STEPS * M * N + before);
    CHECK_NEAR(fixture.loss.sum - before, expected, 1e-5 * expected + rounding);
    tear_down(&fixture);
}

static void logistic_losses_of_any_size_are_summed(void)
{
    static const float around[] = {-80, -19.5f, -9.7f, -5, 0, 3, 12};
    for (int k = 0; k < (int)(sizeof around / sizeof *around); k++) {
        for (float heaviest = 1; heaviest <= 4; heaviest *= 2)
            check_logistic_sum(around[k], heaviest, 0);
    }
    check_logistic_sum(-9, 2, 65530.0f);
}

static void steps(void)
{
    every_tile_matches_doubles();
    logistic_losses_of_any_size_are_summed();
}
