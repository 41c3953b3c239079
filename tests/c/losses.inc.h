/* The losses of one ISA: gradients and loss against doubles, NaN, accesses behind the arrays. Included after step.inc.h. */

enum { MAX_PAIRS = WV_TILE * MAX_N };

/* A loss: the weights that it takes, its gradients (at rate 1) and its loss in doubles. In: scores, weights and values in the
 * fixture. */
struct loss_case {
    void (*loss)(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss, float rate);
    float (*weight)(int i, int j, int n);
    double (*expect)(const struct fixture *fixture, double *gradients);
    int max_m;
};

/* always_inline functions have no address */
static void call_logistic(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss,
                          float rate)
{
    logistic(block, scratch, loss, rate);
}
static void call_weighted_logistic(const struct wv_block *block, struct wv_scratch *scratch, struct wv_loss *loss,
                                   float rate)
{
    weighted_logistic(block, scratch, loss, rate);
}
/* Positive, negative and no pairs, some with a multiplicity. */
static float weight_of_signs(int i, int j, int n)
{
    static const float weights[] = {1, -1, -2, 0, -1, 2, -3};
    (void)n;
    return weights[(3 * i + j) % 7];
}

static float weight_of_fractions(int i, int j, int n)
{
    return 0.37f * weight_of_signs(i, j, n);
}

static float weight_of_squares(int i, int j, int n)
{
    (void)n;
    return 0.5f * (float)((i + 2 * j) % 4);
}

/* Half of the probability to the first target, half to the last one. */
static float weight_of_softmax(int i, int j, int n)
{
    (void)i;
    return 0.5f * (float)((j == 0) + (j == n - 1));
}

static double log_of_1_and_exp(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double expect_logistic(const struct fixture *fixture, double *gradients)
{
    double loss = 0;
    for (int p = 0; p < fixture->block.m * fixture->block.n; p++) {
        const double weight = (double)fixture->block.weights[p], score = (double)fixture->scratch.scores[p];
        const double z = weight > 0 ? score : -score;
        gradients[p] = weight / (1 + exp(z));
        loss += fabs(weight) * log_of_1_and_exp(-z);
    }
    return loss;
}

static double expect_squares(const struct fixture *fixture, double *gradients)
{
    double loss = 0;
    for (int p = 0; p < fixture->block.m * fixture->block.n; p++) {
        const double error = (double)fixture->block.values[p] - (double)fixture->scratch.scores[p];
        gradients[p] = (double)fixture->block.weights[p] * error;
        loss += gradients[p] * error / 2;
    }
    return loss;
}

static double expect_softmax(const struct fixture *fixture, double *gradients)
{
    double total = 0, loss = 0;
    for (int j = 0; j < fixture->block.n; j++)
        total += exp((double)fixture->scratch.scores[j]);
    for (int j = 0; j < fixture->block.n; j++) {
        const double weight = (double)fixture->block.weights[j],
                     log_p = (double)fixture->scratch.scores[j] - log(total);
        gradients[j] = weight - exp(log_p);
        loss -= weight * log_p;
    }
    return loss;
}

static const struct loss_case LOSSES[] = {
    {call_logistic, weight_of_signs, expect_logistic, WV_TILE},
    {call_weighted_logistic, weight_of_fractions, expect_logistic, WV_TILE},
    {squares, weight_of_squares, expect_squares, WV_TILE},
    {softmax, weight_of_softmax, expect_softmax, 1},
};

/* Scores within ±scale. Arrays as long as a worker has them at least: WV_PAD elements behind the pairs. There the weights are
 * 0, and scores and values are those of an earlier block, here large numbers. */
static void set_up_loss(struct fixture *fixture, const struct loss_case *of, int m, int n, float scale)
{
    const size_t capacity = (size_t)(m * n + WV_PAD);
    *fixture = (struct fixture){.block = {.m = m, .n = n}};
    fixture->block.weights = calloc(capacity, sizeof(float));
    fixture->block.values = calloc(capacity, sizeof(float));
    fixture->scratch.scores = calloc(capacity, sizeof(float));
    fixture->scratch.gradients = calloc(capacity, sizeof(float));
    for (int p = 0; p < m * n + WV_PAD; p++) {
        const int is_pair = p < m * n;
        fixture->block.weights[p] = is_pair ? of->weight(p % m, p / m, n) : 0;
        fixture->block.values[p] = is_pair ? some_number((uint64_t)(1000 + p)) : -1e9f;
        fixture->scratch.scores[p] = is_pair ? scale * some_number((uint64_t)(31 * n + p)) : 1e9f;
    }
    reset_loss(&fixture->loss);
}

static void tear_down_loss(struct fixture *fixture)
{
    free(fixture->block.weights);
    free(fixture->block.values);
    free(fixture->scratch.scores);
    free(fixture->scratch.gradients);
}

static void check_loss(const struct loss_case *of, int m, int n, float scale)
{
    struct fixture fixture;
    double gradients[MAX_PAIRS], largest = 0;
    set_up_loss(&fixture, of, m, n, scale);
    const double expected = of->expect(&fixture, gradients);
    of->loss(&fixture.block, &fixture.scratch, &fixture.loss, 0.5f);
    add_product_to_sum(&fixture.loss);
    CHECK_NEAR(fixture.loss.sum, expected, 2e-6 * (1 + expected));
    for (int p = 0; p < m * n; p++) {
        const double error = fabs((double)fixture.scratch.gradients[p] - 0.5 * gradients[p]);
        largest = fmax(largest, error / fmax(1, fabs(gradients[p])));
    }
    CHECK(largest < 2e-6);
    tear_down_loss(&fixture);
}

static void losses_match_doubles(void)
{
    for (size_t k = 0; k < sizeof LOSSES / sizeof *LOSSES; k++) {
        for (int m = 1; m <= LOSSES[k].max_m; m++) {
            for (int n = 1; n <= MAX_N; n++) {
                check_loss(&LOSSES[k], m, n, 0.01f);
                check_loss(&LOSSES[k], m, n, 3);
                check_loss(&LOSSES[k], m, n, 40);
            }
        }
    }
}

/* NaN in any score of a pair makes the loss NaN. */
static void nan_scores_give_a_nan_loss(void)
{
    for (size_t k = 0; k < sizeof LOSSES / sizeof *LOSSES; k++) {
        const struct loss_case *of = &LOSSES[k];
        for (int m = 1; m <= of->max_m; m += 2) {
            for (int n = 1; n <= MAX_N; n += 3) {
                int n_missed = 0;
                for (int p = 0; p < m * n; p++) {
                    struct fixture fixture;
                    set_up_loss(&fixture, of, m, n, p % 2 ? 3 : 40);
                    fixture.scratch.scores[p] = (float)NAN;
                    of->loss(&fixture.block, &fixture.scratch, &fixture.loss, 0.5f);
                    add_product_to_sum(&fixture.loss);
                    n_missed += !isnan(fixture.loss.sum);
                    tear_down_loss(&fixture);
                }
                CHECK(n_missed == 0);
            }
        }
    }
}

/* Probabilities that are too small for a float, and scores at which 10^4 is lost in rounding. */
static void softmax_of_very_different_scores_is_exact(void)
{
    static const float greatest[] = {100, 1e4f, 1e8f, 1e13f, 1e30f, -1e13f};
    for (size_t k = 0; k < sizeof greatest / sizeof *greatest; k++) {
        for (int n = 1; n <= MAX_N; n += 4) {
            struct fixture fixture;
            set_up_loss(&fixture, &LOSSES[3], 1, n, 0);
            for (int j = 0; j < n; j++)
                fixture.scratch.scores[j] = greatest[k];
            softmax(&fixture.block, &fixture.scratch, &fixture.loss, 1);
            CHECK_NEAR(fixture.loss.sum, log(n), 1e-5);
            for (int j = 0; j < n; j++)
                CHECK_NEAR(fixture.scratch.gradients[j], fixture.block.weights[j] - 1 / (float)n, 1e-6);
            tear_down_loss(&fixture);
        }
    }
}

static void losses(void)
{
    losses_match_doubles();
    nan_scores_give_a_nan_loss();
    softmax_of_very_different_scores_is_exact();
}
