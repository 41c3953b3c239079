/* The general update and composed rows of one ISA: rates of rows, AdaGrad, L2, frozen targets, private rows, rows that occur
 * twice, against doubles and against the fast update. Included after step.inc.h. */

enum { N_HIDDEN_ROWS = 7, MAX_STRIDE = 2 * MAX_WIDTH, MAX_CONTEXT = 12 };

struct rule_case {
    int has_rates, adagrad, freeze_targets, n_private;
    float l2;
};

static const struct rule_case RULES[] = {
    {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0},    {0, 1, 0, 0, 0}, {0, 0, 0, 0, 0.1f},
    {0, 0, 1, 0, 0}, {1, 1, 0, 3, 0.1f}, {1, 0, 0, 3, 0}, {1, 1, 1, 0, 0.1f},
};
enum { N_RULES = sizeof RULES / sizeof *RULES };

/* A worker without the memory that the update does not use, and the rows that it should have afterwards, by matrix and id. */
struct rule_fixture {
    struct wv_task task;
    struct wv_worker worker;
    struct wv_block block;
    float *hidden[WV_TILE], *targets[MAX_N], *context[MAX_CONTEXT], *queued[1];
    float row_rates[2][MAX_N];
    int32_t private_ids[N_HIDDEN_ROWS], hidden_ids[WV_TILE];
    double expected[2][MAX_N][MAX_STRIDE];
    int size, in_vectors;
};

/* The row of the worker with this id: private_ids holds the last rows, in reverse order. */
static float *row_of_id(const struct rule_fixture *fixture, int m, int id)
{
    const struct wv_rows *view = &fixture->worker.views[m];
    const int slot = (int)view->matrix->n - 1 - id;
    return slot < view->n_private ? view->copies + slot * view->stride : view->shared + id * view->stride;
}

static void set_up_rows(struct rule_fixture *fixture, int m, const struct rule_case *of, int n)
{
    struct wv_matrix *matrix = &fixture->task.matrices[m];
    struct wv_rows *view = &fixture->worker.views[m];
    const int size = fixture->size, width = (size + WV_PAD - 1) / WV_PAD * WV_PAD;
    matrix->n = n;
    matrix->size = size;
    matrix->width = width;
    matrix->stride = of->adagrad ? 2 * width : width;
    matrix->n_private = m == WV_INPUT ? of->n_private : 0;
    matrix->private_ids = matrix->n_private ? fixture->private_ids : NULL;
    matrix->l2 = of->l2;
    matrix->row_rate = of->has_rates ? fixture->row_rates[m] : NULL;
    view->matrix = matrix;
    view->stride = matrix->stride;
    view->n_private = matrix->n_private;
    view->shared = calloc((size_t)(n * matrix->stride), sizeof(float));
    view->copies = calloc((size_t)(matrix->n_private * matrix->stride) + 1, sizeof(float));
    for (int id = 0; id < n; id++) {
        float *row = row_of_id(fixture, m, id);
        fixture->row_rates[m][id] = 0.5f * (float)((id + 1) % 3);
        for (int k = 0; k < size; k++) {
            row[k] = some_number((uint64_t)(5000 * m + 100 * id + k));
            fixture->expected[m][id][k] = (double)row[k];
            if (of->adagrad) {
                row[width + k] = 0.01f * (float)(k % 3);
                fixture->expected[m][id][width + k] = (double)row[width + k];
            }
        }
    }
}

static void set_up_rules(struct rule_fixture *fixture, const struct rule_case *of, int m, int n, int size)
{
    const size_t most = (size_t)(WV_TILE * n + WV_PAD), width = (size_t)(size + WV_PAD);
    memset(fixture, 0, sizeof *fixture);
    fixture->size = size;
    fixture->in_vectors = (size + VEC_LANES - 1) / VEC_LANES * VEC_LANES;
    fixture->task.n_matrices = 2;
    fixture->task.freeze_targets = of->freeze_targets;
    fixture->worker.task = &fixture->task;
    fixture->worker.rate = 0.25f;
    for (int slot = 0; slot < N_HIDDEN_ROWS; slot++)
        fixture->private_ids[slot] = N_HIDDEN_ROWS - 1 - slot;
    set_up_rows(fixture, WV_INPUT, of, N_HIDDEN_ROWS);
    set_up_rows(fixture, WV_OUTPUT, of, n);
    fixture->worker.scratch.gradients = calloc(most, sizeof(float));
    fixture->worker.scratch.rules = calloc((size_t)n, sizeof(struct wv_row_rule));
    for (int c = 0; c < 2; c++) {
        fixture->worker.scratch.hidden[c] = calloc(width, sizeof(float));
        fixture->worker.scratch.hidden_grad[c] = calloc(width, sizeof(float));
    }
    for (int p = 0; p < m * n; p++)
        fixture->worker.scratch.gradients[p] = some_number((uint64_t)(9000 + p));
    for (int i = 0; i < m; i++) { /* the last of six is the first one again */
        fixture->hidden_ids[i] = 2 * i % 5;
        fixture->hidden[i] = row_of_id(fixture, WV_INPUT, fixture->hidden_ids[i]);
    }
    for (int j = 0; j < n; j++)
        fixture->targets[j] = row_of_id(fixture, WV_OUTPUT, j);
    fixture->block = (struct wv_block){.m = m, .n = n, .targets = fixture->targets, .context = fixture->context};
    fixture->block.hidden = fixture->block.hidden_grad = fixture->hidden;
}

static void tear_down_rules(struct rule_fixture *fixture)
{
    for (int m = 0; m < 2; m++) {
        free(fixture->worker.views[m].shared);
        free(fixture->worker.views[m].copies);
        free(fixture->worker.scratch.hidden[m]);
        free(fixture->worker.scratch.hidden_grad[m]);
    }
    free(fixture->worker.scratch.gradients);
    free(fixture->worker.scratch.rules);
}

/* One value of a row by its rule. */
static void train_in_doubles(struct rule_fixture *fixture, int m, int id, int k, double gradient)
{
    const struct wv_matrix *matrix = &fixture->task.matrices[m];
    double *row = fixture->expected[m][id], *squares = row + matrix->width;
    const double rate = 0.25 * (matrix->row_rate ? (double)matrix->row_rate[id] : 1);
    if (rate == 0)
        return;
    gradient -= (double)matrix->l2 * row[k];
    if (matrix->stride > matrix->width) {
        squares[k] += gradient * gradient;
        gradient /= sqrt(squares[k]);
    }
    row[k] += rate * gradient;
}

/* The whole step for value k of each row; all gradients are those before the step. */
static void update_in_doubles(struct rule_fixture *fixture, int k)
{
    const int m = fixture->block.m, n = fixture->block.n;
    const float *gradients = fixture->worker.scratch.gradients;
    double hidden[WV_TILE] = {0}, of_hidden[WV_TILE] = {0};
    for (int i = 0; i < m; i++)
        hidden[i] = fixture->expected[WV_INPUT][fixture->hidden_ids[i]][k];
    for (int j = 0; j < n; j++) {
        const double target = fixture->expected[WV_OUTPUT][j][k];
        double of_target = 0;
        for (int i = 0; i < m; i++) {
            of_hidden[i] += (double)gradients[j * m + i] * target;
            of_target += (double)gradients[j * m + i] * hidden[i];
        }
        if (!fixture->task.freeze_targets)
            train_in_doubles(fixture, WV_OUTPUT, j, k, of_target);
    }
    for (int i = 0; i < m; i++)
        train_in_doubles(fixture, WV_INPUT, fixture->hidden_ids[i], k, of_hidden[i]);
}

/* All rows, with padding, against the expected ones. */
static void check_rows(const struct rule_fixture *fixture)
{
    double largest = 0;
    for (int m = 0; m < 2; m++) {
        const struct wv_matrix *matrix = &fixture->task.matrices[m];
        for (int id = 0; id < matrix->n; id++) {
            const float *row = row_of_id(fixture, m, id);
            for (int k = 0; k < matrix->stride; k++) {
                const double expected = fixture->expected[m][id][k], error = fabs((double)row[k] - expected);
                largest = fmax(largest, error / fmax(1, fabs(expected)));
                if (k % matrix->width >= fixture->size || (matrix->row_rate && matrix->row_rate[id] == 0))
                    CHECK((double)row[k] == expected);
            }
        }
    }
    CHECK(largest < 2e-5);
}

static void the_general_update_matches_doubles(void)
{
    static const int sizes[] = {1, 7, 16, 20, 48, MAX_WIDTH}, targets[] = {1, 2, 5, 13, MAX_N};
    static struct rule_fixture fixture; /* too large for the stack of some systems */
    for (int r = 0; r < N_RULES; r++) {
        for (int m = 1; m <= WV_TILE; m++) {
            for (int t = 0; t < 5; t++) {
                set_up_rules(&fixture, &RULES[r], m, targets[t], sizes[(r + m + t) % 6]);
                for (int k = 0; k < fixture.size; k++)
                    update_in_doubles(&fixture, k);
                update_by_rule(&fixture.worker, &fixture.block, fixture.in_vectors);
                check_rows(&fixture);
                tear_down_rules(&fixture);
            }
        }
    }
}

/* Gradients of hidden rows in scratch memory are sums, without rate, AdaGrad or L2. */
static void gradients_of_composed_rows_are_sums(void)
{
    static struct rule_fixture fixture;
    for (int r = 0; r < N_RULES; r++) {
        for (int m = 1; m <= 2; m++) {
            set_up_rules(&fixture, &RULES[r], m, 5, 20);
            float *const *grads = fixture.worker.scratch.hidden_grad;
            fixture.block.hidden_grad = grads;
            for (int i = 0; i < m; i++)
                grads[i][3] = 2;
            double expected[2] = {2, 2};
            for (int j = 0; j < 5; j++) {
                for (int i = 0; i < m; i++)
                    expected[i] +=
                        (double)fixture.worker.scratch.gradients[j * m + i] * (double)fixture.targets[j][3];
            }
            update_by_rule(&fixture.worker, &fixture.block, fixture.in_vectors);
            for (int i = 0; i < m; i++)
                CHECK_NEAR(grads[i][3], expected[i], 1e-5);
            tear_down_rules(&fixture);
        }
    }
}

static double distance_of_rows(const struct rule_fixture *a, const struct rule_fixture *b)
{
    double largest = 0;
    for (int m = 0; m < 2; m++) {
        const struct wv_matrix *matrix = &a->task.matrices[m];
        for (int64_t k = 0; k < matrix->n * matrix->stride; k++)
            largest = fmax(largest, fabs((double)(a->worker.views[m].shared[k] - b->worker.views[m].shared[k])));
    }
    return largest;
}

/* Rows of both parts of a window: first_end and second_start as in CBOW, or one hidden row. */
static void set_up_context(struct rule_fixture *fixture, int n_context, int first_end, int second_start)
{
    for (int k = 0; k < n_context; k++)
        fixture->context[k] = row_of_id(fixture, WV_INPUT, 3 * k % N_HIDDEN_ROWS);
    fixture->block.n_context = n_context;
    fixture->block.first_end = first_end;
    fixture->block.second_start = second_start;
    for (int c = 0; c < 2; c++) {
        for (int k = 0; k < fixture->size; k++)
            fixture->worker.scratch.hidden_grad[c][k] = some_number((uint64_t)(7000 + 100 * c + k));
    }
}

/* With SGD at the rate 1 and without L2. */
static void the_general_update_is_the_fast_one(void)
{
    static struct rule_fixture fast, general;
    for (int m = 1; m <= WV_TILE; m++) {
        for (int n = 1; n <= MAX_N; n += 3) {
            const int size = 1 + (11 * m + n) % MAX_WIDTH, context = 1 + n % MAX_CONTEXT, divided = n % 2;
            struct wv_prefetch_queue queue = {.rows = fast.queued};
            set_up_rules(&fast, &RULES[0], m, n, size);
            set_up_rules(&general, &RULES[0], m, n, size);
            general.worker.rate = 1;
            update(&fast.block, &queue, &fast.worker.scratch, fast.in_vectors);
            update_by_rule(&general.worker, &general.block, general.in_vectors);
            CHECK(distance_of_rows(&fast, &general) < 1e-5);
            set_up_context(&fast, context, context - context / 3, context / 4);
            set_up_context(&general, context, context - context / 3, context / 4);
            spread(&fast.block, &fast.worker.scratch, fast.in_vectors, divided);
            spread_by_rule(&general.worker, &general.block, general.in_vectors, divided);
            CHECK(distance_of_rows(&fast, &general) < 1e-5);
            tear_down_rules(&fast);
            tear_down_rules(&general);
        }
    }
}

/* What composed rows and their gradients should be, in doubles; the context rows are the expected ones afterwards. */
static void check_context(struct rule_fixture *fixture, int is_divided)
{
    const struct wv_block *block = &fixture->block;
    const struct wv_scratch *scratch = &fixture->worker.scratch;
    const int n_of[2] = {block->first_end, block->n_context - block->second_start};
    double grads[2][MAX_WIDTH], scale[2];
    for (int c = 0; c < 2; c++) {
        scale[c] = is_divided && n_of[c] ? 1.0 / n_of[c] : 1;
        for (int k = 0; k < fixture->size; k++)
            grads[c][k] = (double)scratch->hidden_grad[c][k] * scale[c];
    }
    spread_by_rule(&fixture->worker, block, fixture->in_vectors, is_divided);
    for (int r = 0; r < block->n_context; r++) {
        for (int k = 0; k < fixture->size; k++)
            train_in_doubles(fixture, WV_INPUT, 3 * r % N_HIDDEN_ROWS, k,
                             (r < block->first_end ? grads[0][k] : 0) +
                                 (r >= block->second_start ? grads[1][k] : 0));
    }
    check_rows(fixture);
    compose(block, scratch, fixture->in_vectors, is_divided);
    for (int c = 0; c < (n_of[1] ? 2 : 1); c++) {
        const int first = c ? block->second_start : 0;
        double largest = 0;
        for (int k = 0; k < fixture->size; k++) {
            double sum = 0;
            for (int r = first; r < first + n_of[c]; r++)
                sum += fixture->expected[WV_INPUT][3 * r % N_HIDDEN_ROWS][k] * scale[c];
            largest = fmax(largest, fabs((double)scratch->hidden[c][k] - sum));
            CHECK(scratch->hidden_grad[c][k] == 0);
        }
        CHECK(largest < 1e-4);
    }
}

static void composed_rows_match_doubles(void)
{
    static struct rule_fixture fixture;
    for (int r = 0; r < N_RULES; r++) {
        for (int n = 1; n <= MAX_CONTEXT; n++) {
            for (int is_divided = 0; is_divided < 2; is_divided++) {
                set_up_rules(&fixture, &RULES[r], 1, 1, 1 + (13 * n + 5 * r) % MAX_WIDTH);
                set_up_context(&fixture, n, n, n); /* one hidden row */
                check_context(&fixture, is_divided);
                tear_down_rules(&fixture);
                set_up_rules(&fixture, &RULES[r], 2, 1, 1 + (7 * n + 3 * r) % MAX_WIDTH);
                set_up_context(&fixture, n, n - n / 3, n / 4);
                check_context(&fixture, is_divided);
                tear_down_rules(&fixture);
            }
        }
    }
}

static void rules(void)
{
    the_general_update_matches_doubles();
    gradients_of_composed_rows_are_sums();
    the_general_update_is_the_fast_one();
    composed_rows_match_doubles();
}
