/* What benchmarks measure of an ISA: the block step alone, and the peak it is held against. */

/* Steps of the worker's first block, all rows in cache. The rate is so small that values stay as they are. */
static void bench_step(struct wv_worker *worker, int64_t n_steps)
{
    const struct wv_block *block = &worker->ring[0];
    for (int64_t k = 0; k < n_steps; k++) {
        score(block, &worker->desk, worker->task->dim);
        logistic(block, &worker->desk, &worker->loss, 1e-12f);
        update(block, &worker->asks, &worker->desk, worker->task->dim);
    }
}

enum { FMA_CHAINS = 12 };

/* n_steps × FMA_CHAINS independent multiply-adds of whole vectors; answers a value that depends on all. */
static double bench_fma(int64_t n_steps)
{
    vec chain[FMA_CHAINS];
    for (int i = 0; i < FMA_CHAINS; i++)
        chain[i] = vec_set((float)i);
    const vec a = vec_set(0.999f), b = vec_set(1e-4f);
    for (int64_t k = 0; k < n_steps; k++) {
        WV_UNROLL
        for (int i = 0; i < FMA_CHAINS; i++)
            chain[i] = vec_fma(chain[i], a, b);
    }
    vec sum = vec_zero();
    for (int i = 0; i < FMA_CHAINS; i++)
        sum = vec_add(sum, chain[i]);
    return vec_sum(sum);
}
