/* Benchmarks of one ISA: the block step, and multiply-adds in registers, which are the peak that it is compared with. In: the
 * shape of a block. Out: a status, or a number of floating-point operations. Included after the
 * block step, in the region of the ISA (bench.c, test_isa_*.c). */

/* Row i is one of BENCH_STRATUM rows, drawn by (seed, i), so that rounds have other rows. */
enum { BENCH_STRATUM = 64, BENCH_CHAINS = 12 };

/* A row of small numbers. */
static float *bench_row(float *rows, int dim, uint64_t seed, int64_t i)
{
    const uint64_t key = wv_mix(seed);
    float *row = rows + (i * BENCH_STRATUM + (int64_t)wv_below(wv_draw(key, (uint64_t)i), BENCH_STRATUM)) * dim;
    for (int k = 0; k < dim; k++)
        row[k] = (float)(int32_t)(wv_draw(key, (uint64_t)(i * dim + k)) >> 40) / 8388608.0f / (float)dim;
    return row;
}

/* n_steps steps of one block, all rows in cache. The rate is so small that values do not change. */
static void bench_steps(const struct wv_block *block, struct wv_scratch *scratch, int dim, int64_t n_steps)
{
    struct wv_loss loss = {.sum = 0};
    float *queued[1];
    struct wv_prefetch_queue queue = {.rows = queued};
    for (int k = 0; k < WV_PAD; k++)
        loss.mantissa[k] = 1;
    for (int64_t k = 0; k < n_steps; k++) {
        score(block, scratch, dim);
        logistic(block, scratch, &loss, 1e-12f);
        update(block, &queue, scratch, dim);
    }
}

/* Steps of m hidden rows × n targets of dim values, a multiple of WV_PAD. Returns 0, or 1 if there is no memory. */
static int bench_block(int m, int n, int dim, int64_t n_steps, uint64_t seed)
{
    const struct wv_task task = {.max_targets = n};
    const size_t n_scores = wv_max_scores(&task), n_rows = (size_t)(m + n) * BENCH_STRATUM * (size_t)dim;
    float *memory = calloc(n_rows + 3 * n_scores + WV_PAD, sizeof *memory);
    float **targets = calloc((size_t)n, sizeof *targets), *hidden[WV_TILE];
    if (memory && targets) {
        float *rows = memory + (64 - (uintptr_t)memory % 64) / sizeof *memory; /* on cache lines, as in training */
        float *scores = rows + n_rows, *weights = scores + 2 * n_scores;
        struct wv_scratch scratch = {.scores = scores, .gradients = scores + n_scores};
        for (int i = 0; i < m; i++)
            hidden[i] = bench_row(rows, dim, seed, i);
        for (int j = 0; j < n; j++)
            targets[j] = bench_row(rows, dim, seed, m + j);
        for (int p = 0; p < m * n; p++)
            weights[p] = p < m ? 1 : -1;
        const struct wv_block block = {
            .hidden = hidden, .hidden_grad = hidden, .targets = targets, .weights = weights, .m = m, .n = n};
        bench_steps(&block, &scratch, dim, n_steps);
    }
    free(memory);
    free(targets);
    return !memory || !targets;
}

/* n_steps × BENCH_CHAINS independent multiply-adds of whole vectors. Returns the number of floating-point operations. */
static double bench_multiply_adds(int64_t n_steps)
{
    vec chain[BENCH_CHAINS];
    for (int i = 0; i < BENCH_CHAINS; i++)
        chain[i] = vec_set((float)i);
    const vec a = vec_set(0.999f), b = vec_set(1e-4f);
    for (int64_t k = 0; k < n_steps; k++) {
        WV_UNROLL
        for (int i = 0; i < BENCH_CHAINS; i++)
            chain[i] = vec_fma(chain[i], a, b);
    }
    vec sum = vec_zero();
    for (int i = 0; i < BENCH_CHAINS; i++)
        sum = vec_add(sum, chain[i]);
    volatile float value = vec_sum(sum); /* it depends on all of them, so that none is removed */
    (void)value;
    return (double)n_steps * BENCH_CHAINS * VEC_LANES * 2;
}
