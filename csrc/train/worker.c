/* One thread's worker. In: a task and a lease of chunks. Out: trained rows and the loss. A worker and its scratch are
 * one block of memory, so that threads share no cache line but those of rows.
 * The arithmetic is not here (see kernels_*.c). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/kernels.h"

static const struct wv_kernels *kernels_of(enum wv_isa isa)
{
    switch (isa) {
#if WV_X86
    case WV_AVX2: return &wv_kernels_avx2;
    case WV_AVX512: return &wv_kernels_avx512;
#endif
#if WV_ARM
    case WV_NEON: return &wv_kernels_neon;
#endif
    default: return &wv_kernels_scalar;
    }
}

/* Hands out pieces of one block, each on cache lines of its own. With base NULL it only counts. */
struct arena {
    char *base;
    size_t used;
};

static void *take(struct arena *arena, size_t n, size_t size)
{
    void *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used += (n * size + 63) / 64 * 64;
    return piece;
}

/* A matrix of n rows, of which a share of a round uses max_uses at most. */
static void lay_out_rows(struct arena *arena, const struct wv_task *task, float *shared, int64_t n,
                         int64_t max_uses, struct wv_rows *view)
{
    view->shared = shared;
    view->stride = task->dim;
    if (!shared)
        return;
    if (task->share) {
        const size_t most = (size_t)(n < max_uses ? n : max_uses);
        view->n_private = (int32_t)n;
        view->copies = take(arena, most * (size_t)task->dim, sizeof *view->copies);
        view->copy_of = take(arena, (size_t)n, sizeof *view->copy_of);
        view->copied = take(arena, most, sizeof *view->copied);
        view->uses = take(arena, most, sizeof *view->uses);
        return;
    }
    view->n_private = n < task->n_hot ? (int32_t)n : task->n_hot;
    view->copies = take(arena, (size_t)view->n_private * (size_t)task->dim, sizeof *view->copies);
    view->base = take(arena, (size_t)view->n_private * (size_t)task->dim, sizeof *view->base);
}

/* How often negatives are taken for one token at most. */
static int64_t max_taken(const struct wv_task *task)
{
    return task->one_pair_at_a_time && task->objective == WV_SKIPGRAM ? 2 * (int64_t)task->window : 1;
}

/* Whether each window draws noise words of its own: the classic update does, and windows of so many that uses of one word
 * would lie further apart than a chunk is long. */
static int noise_is_new(const struct wv_task *task)
{
    enum { MOST_SHARED = 64 };
    return task->one_pair_at_a_time || task->negative > MOST_SHARED;
}

/* The number of a window's k-th noise word, k from 0, counted from its first one. Where words serve several windows,
 * window w takes the draws w + spacing · k². So each serves as many as a window has negatives, within SPAN windows, or
 * (negative - 1)² if that is more: with the usual few, while its row is in cache. And two draws seldom meet twice, since
 * differences of squares are seldom the same. */
static int32_t noise_place(const struct wv_task *task, int k)
{
    enum { SPAN = 256 };
    if (k == 0 || noise_is_new(task))
        return k;
    const int last = task->negative - 1, spacing = last * last < SPAN ? SPAN / (last * last) : 1;
    return k * k * spacing;
}

static void lay_out_noise(struct arena *arena, const struct wv_task *task, struct wv_noise *noise)
{
    if (!task->negative)
        return;
    noise->n_windows = noise_is_new(task) ? 1 : WV_DRAWS;
    noise->n_own = noise_is_new(task) ? task->negative : WV_DRAWS;
    /* what these windows take, and what is drawn together with the last of it */
    const size_t room = (size_t)(noise_place(task, task->negative - 1) + noise->n_windows + WV_DRAWS);
    noise->words = take(arena, room, sizeof *noise->words);
    noise->rows = take(arena, room, sizeof *noise->rows);
    noise->places = take(arena, (size_t)task->negative, sizeof *noise->places);
    noise->repeated = take(arena, (size_t)noise->n_windows, sizeof *noise->repeated);
    noise->of_window = take(arena, (size_t)task->negative, sizeof *noise->of_window);
}

int64_t wv_noise_draws(int32_t negative, int64_t n_windows)
{
    const struct wv_task task = {.negative = negative};
    if (!negative || noise_is_new(&task))
        return negative * n_windows;
    int64_t n = n_windows; /* the last words of all windows; those before are the same from the next place on */
    for (int k = 0; k + 1 < negative; k++) {
        const int64_t gap = noise_place(&task, k + 1) - noise_place(&task, k);
        n += gap < n_windows ? gap : n_windows;
    }
    return n;
}

static void lay_out_block(struct arena *arena, const struct wv_task *task, struct wv_block *block)
{
    block->targets = take(arena, wv_max_targets(task) + WV_OVERRUN, sizeof *block->targets);
    block->weights = take(arena, wv_max_scores(task) + WV_TILE * WV_OVERRUN, sizeof *block->weights);
    const size_t n_context = task->objective == WV_CBOW ? 2 * (size_t)task->window + 2 : WV_TILE;
    block->context = take(arena, n_context + WV_OVERRUN, sizeof *block->context);
}

static void lay_out_desk(struct arena *arena, const struct wv_task *task, struct wv_desk *desk)
{
    const size_t dim = (size_t)task->dim, scores = wv_max_scores(task);
    desk->scores = take(arena, scores, sizeof *desk->scores);
    desk->gradients = take(arena, scores, sizeof *desk->gradients);
    for (int c = 0; c < 2; c++) {
        desk->hidden[c] = take(arena, dim, sizeof *desk->hidden[c]);
        desk->hidden_grad[c] = take(arena, dim, sizeof *desk->hidden_grad[c]);
    }
}

static void lay_out(struct arena *arena, const struct wv_task *task, struct wv_worker *worker)
{
    struct wv_chunk *chunk = &worker->chunk;
    const int64_t outputs = task->share * (1 + max_taken(task) * task->negative);
    lay_out_rows(arena, task, task->input_rows, task->n_words, task->share, &worker->input);
    lay_out_rows(arena, task, task->output_rows, task->n_words, outputs, &worker->output);
    lay_out_rows(arena, task, task->node_rows, task->n_words - 1, task->share * task->max_path, &worker->nodes);
    chunk->words = take(arena, (size_t)task->max_chunk + WV_OVERRUN, sizeof *chunk->words);
    chunk->input = take(arena, (size_t)task->max_chunk + WV_OVERRUN, sizeof *chunk->input);
    chunk->output = take(arena, (size_t)task->max_chunk + WV_OVERRUN, sizeof *chunk->output);
    chunk->ends = take(arena, (size_t)task->max_chunk / 2 + 1, sizeof *chunk->ends);
    const size_t widest = 2 * (size_t)task->window + 2, longest = (size_t)task->max_chunk;
    for (int c = 0; c < 2; c++)
        chunk->members[c] =
            take(arena, (widest < longest ? widest : longest) + 2 * WV_OVERRUN, sizeof *chunk->members[c]);
    lay_out_noise(arena, task, &chunk->noise);
    chunk->targets = take(arena, wv_max_targets(task) + WV_OVERRUN, sizeof *chunk->targets);
    for (int c = 0; c < 2; c++)
        chunk->weights[c] = take(arena, wv_max_targets(task) + WV_OVERRUN, sizeof *chunk->weights[c]);
    for (int k = 0; k < WV_RING; k++)
        lay_out_block(arena, task, &worker->ring[k]);
    worker->asks.room = (int)(8 * WV_RING * (wv_max_targets(task) + 2)); /* of which one in eight waits at most */
    worker->asks.rows = take(arena, (size_t)worker->asks.room + WV_OVERRUN, sizeof *worker->asks.rows);
    lay_out_desk(arena, task, &worker->desk);
}

size_t wv_worker_bytes(const struct wv_task *task)
{
    struct wv_worker worker = {0};
    struct arena arena = {NULL, 64};
    take(&arena, 1, sizeof worker);
    lay_out(&arena, task, &worker);
    return arena.used;
}

enum wv_status wv_worker_new(const struct wv_task *task, struct wv_worker **out)
{
    void *memory = calloc(1, wv_worker_bytes(task));
    if (!memory)
        return WV_NO_MEMORY;
    struct arena arena = {memory, (64 - (uintptr_t)memory % 64) % 64};
    struct wv_worker *worker = take(&arena, 1, sizeof *worker);
    lay_out(&arena, task, worker);
    worker->memory = memory;
    worker->task = task;
    worker->kernels = kernels_of(task->isa);
    for (int k = 0; k < task->negative; k++)
        worker->chunk.noise.places[k] = noise_place(task, k);
    for (int k = 0; k < WV_PAD; k++)
        worker->loss.mantissa[k] = 1;
    *out = worker;
    return WV_OK;
}

void wv_worker_free(struct wv_worker *worker)
{
    if (worker)
        free(worker->memory);
}

/* A round begins without copies. The merge has taken them out of the table, unless there was none. */
static void forget_copies(struct wv_rows *view)
{
    while (view->n_copied)
        view->copy_of[view->copied[--view->n_copied]] = 0;
}

enum wv_status wv_train(struct wv_worker *worker, int64_t epoch, int64_t first_chunk, int64_t n_chunks,
                        const int64_t *chunks, const float *rates, double *losses, int64_t *examples)
{
    const struct wv_task *task = worker->task;
    const uint64_t epoch_key = wv_subkey(wv_mix(task->seed), (uint64_t)epoch);
    double loss = 0;
    *examples = 0;
    for (int m = 0; m < WV_N_MATRICES; m++)
        forget_copies(&worker->matrices[m]);
    for (int64_t c = 0; c < n_chunks && !WV_LOAD_RELAXED(&task->stop); c++) {
        losses[c] =
            worker->kernels->train_chunk(worker, chunks[2 * c], chunks[2 * c + 1],
                                         wv_subkey(epoch_key, (uint64_t)(first_chunk + c)), rates[c], examples);
        loss += losses[c];
    }
    return isfinite(loss) ? WV_OK : WV_NOT_FINITE;
}

void wv_merge(struct wv_worker *worker)
{
    worker->kernels->merge(worker, worker->task->n_hot);
}

void wv_merge_round(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate)
{
    if (n_workers)
        workers[0]->kernels->merge_round(workers, n_workers, part, n_parts, rate);
}

void wv_stop(struct wv_task *task, int32_t stop)
{
    WV_STORE_RELAXED(&task->stop, stop);
}

void wv_init_rows(float *rows, int64_t first, int64_t last, int32_t size, int32_t dim, uint64_t seed)
{
    for (int64_t r = first; r < last; r++) {
        const uint64_t key = wv_subkey(wv_mix(seed), (uint64_t)r);
        float *row = rows + r * dim;
        for (int32_t k = 0; k < size; k++) {
            int32_t draw = (int32_t)(wv_draw(key, (uint64_t)k) >> 40); /* 24 bits: exact in a float */
            row[k] = ((float)draw / 8388608.0f - 1) / (float)size;
        }
        memset(row + size, 0, (size_t)(dim - size) * sizeof *row);
    }
}

/* Row i of a benchmark's matrix: one of BENCH_STRATUM rows, drawn by (seed, i). */
enum { BENCH_STRATUM = 64 };

static float *bench_row(float *rows, int32_t dim, uint64_t seed, int64_t i)
{
    const int64_t row = i * BENCH_STRATUM + (int64_t)wv_below(wv_draw(wv_mix(seed), (uint64_t)i), BENCH_STRATUM);
    wv_init_rows(rows, row, row + 1, dim, dim, seed);
    return rows + row * dim;
}

enum wv_status wv_bench_step(enum wv_isa isa, int32_t m, int32_t n, int32_t dim, int64_t n_steps, uint64_t seed)
{
    struct wv_task task = {.n_words = 1, .dim = dim, .window = 1, .negative = n - 1, .isa = isa};
    struct wv_worker *worker;
    enum wv_status status = wv_worker_new(&task, &worker);
    if (status)
        return status;
    float *memory = calloc((size_t)(m + n) * BENCH_STRATUM * (size_t)dim + WV_PAD, sizeof *memory);
    if (memory) {
        float *rows = memory + (64 - (uintptr_t)memory % 64) / sizeof *memory; /* on cache lines, as in training */
        float *hidden[WV_TILE];
        struct wv_block *block = &worker->ring[0];
        block->m = m;
        block->n = n;
        block->hidden = block->hidden_grad = hidden;
        for (int i = 0; i < m; i++)
            hidden[i] = bench_row(rows, dim, seed, i);
        for (int j = 0; j < n; j++)
            block->targets[j] = bench_row(rows, dim, seed, m + j);
        for (int p = 0; p < m * n; p++)
            block->weights[p] = p < m ? 1 : -1;
        worker->kernels->bench_step(worker, n_steps);
    }
    free(memory);
    wv_worker_free(worker);
    return memory ? WV_OK : WV_NO_MEMORY;
}

double wv_bench_fma(enum wv_isa isa, int64_t n_steps)
{
    const struct wv_kernels *kernels = kernels_of(isa);
    volatile double value = kernels->bench_fma(n_steps);
    (void)value;
    return (double)n_steps * kernels->flops_per_fma_step;
}
