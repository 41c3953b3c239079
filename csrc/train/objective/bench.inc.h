/* What benchmarks measure of an ISA: the block step alone, and the peak it is held against. */

/* Steps of a block of each stream in turn, all rows in cache, as in train_chunk. The rate is so small that values stay. */
static void bench_step(struct wv_worker *worker, int64_t n_steps)
{
    const int dim = worker->task->dim;
    for (int s = 0; s < WV_STREAMS; s++)
        score(&worker->ring[s], &worker->desks[s], dim);
    logistic(&worker->ring[0], &worker->desks[0], &worker->loss, 1e-12f);
    for (int64_t k = 0; k < n_steps; k++) {
        const int now = (int)(k % WV_STREAMS), next = (int)((k + 1) % WV_STREAMS), last = (int)((k + 2) % WV_STREAMS);
        score(&worker->ring[last], &worker->desks[last], dim);
        logistic(&worker->ring[next], &worker->desks[next], &worker->loss, 1e-12f);
        update(&worker->ring[now], &worker->ring[now], &worker->desks[now], dim);
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
