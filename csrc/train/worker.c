/* The worker of one thread. In: a task, chunks. Out: trained rows and the loss. A worker and its scratch memory are one block,
 * so that threads share no cache lines except those of weight rows. The arithmetic is in kernels_*.c. */
#include <stdlib.h>
#include <string.h>

#include "train/kernels.h"

const struct wv_kernels *wv_kernels_of(enum wv_isa isa)
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

/* Divides one block of memory into pieces that begin on cache lines. With base NULL it only counts bytes. */
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

static void lay_out_rows(struct arena *arena, const struct wv_task *task, const struct wv_matrix *matrix,
                         struct wv_rows *view)
{
    const size_t stride = (size_t)matrix->stride, n_private = (size_t)matrix->n_private;
    view->matrix = matrix;
    view->shared = matrix->rows;
    view->stride = matrix->stride;
    if (task->round_tokens) {
        const size_t most = (size_t)(matrix->n < matrix->round_rows ? matrix->n : matrix->round_rows);
        view->copies = take(arena, most * stride, sizeof *view->copies);
        view->copy_of = take(arena, (size_t)matrix->n, sizeof *view->copy_of);
        view->copied = take(arena, most, sizeof *view->copied);
        view->uses = take(arena, most, sizeof *view->uses);
        return;
    }
    view->n_private = matrix->n_private;
    view->copies = take(arena, n_private * stride, sizeof *view->copies);
    view->base = take(arena, n_private * stride, sizeof *view->base);
}

/* Whether each window draws new noise words. The classic update does, and so do windows of so many words that the uses of one
 * draw would be further apart than a chunk is long. So do tokens that consist of parts: parts are shared by many words, so
 * they would learn which words are noise now (Spearman on rare words: 0.7 points, 20 MB). */
static int noise_is_new(const struct wv_task *task)
{
    enum { MAX_SHARED = 64 };
    return task->one_pair_at_a_time || task->parts.offsets || task->n_noise > MAX_SHARED;
}

/* The position of a window's k-th noise word (k from 0) among the draws, relative to its first one. Where windows share draws,
 * window w uses the draws w + spacing · k²; with 8 words: w, w + 5, w + 20, …, w + 245. So each draw is used by n_noise
 * windows, within SPAN windows (or (n_noise - 1)² if that is more), while its row is in cache. Two draws are seldom in
 * the same window twice, since differences of squares are seldom equal. */
static int32_t noise_position(const struct wv_task *task, int k)
{
    enum { SPAN = 256 };
    if (k == 0 || noise_is_new(task))
        return k;
    const int last = task->n_noise - 1, spacing = last * last < SPAN ? SPAN / (last * last) : 1;
    return k * k * spacing;
}

static void lay_out_noise(struct arena *arena, const struct wv_task *task, struct wv_noise *noise)
{
    if (!task->n_noise)
        return;
    noise->n_noise = task->n_noise;
    noise->n_windows = noise_is_new(task) ? 1 : WV_DRAWS;
    noise->n_own = noise_is_new(task) ? task->n_noise : WV_DRAWS;
    /* the draws of these windows, and those that are made together with the last of them */
    const size_t capacity = (size_t)(noise_position(task, task->n_noise - 1) + noise->n_windows + WV_DRAWS);
    noise->words = take(arena, capacity, sizeof *noise->words);
    noise->rows = take(arena, capacity, sizeof *noise->rows);
    noise->positions = take(arena, (size_t)task->n_noise, sizeof *noise->positions);
    noise->repeated = take(arena, (size_t)noise->n_windows, sizeof *noise->repeated);
    noise->of_window = take(arena, (size_t)task->n_noise, sizeof *noise->of_window);
}

/* A row in the context of both centres meets all these words. The more of them are different, the less its gradient varies:
 * with 5 for 5 negatives skip-gram lost 2 points of syntactic analogies and 1 of SimLex, with 8 none. */
int32_t wv_shared_noise(int32_t negative)
{
    return negative + (3 * negative + 2) / 5;
}

int64_t wv_noise_draws(int32_t n_noise, int64_t n_windows)
{
    const struct wv_task task = {.n_noise = n_noise};
    if (!n_noise || noise_is_new(&task))
        return n_noise * n_windows;
    int64_t n = n_windows; /* the last draw of each window; earlier ones repeat from the next position on */
    for (int k = 0; k + 1 < n_noise; k++) {
        const int64_t gap = noise_position(&task, k + 1) - noise_position(&task, k);
        n += gap < n_windows ? gap : n_windows;
    }
    return n;
}

static void lay_out_block(struct arena *arena, const struct wv_task *task, struct wv_block *block)
{
    const size_t targets = (size_t)task->max_targets, n_scores = wv_max_scores(task) + WV_TILE * WV_OVERRUN;
    block->targets = take(arena, targets + WV_OVERRUN, sizeof *block->targets);
    block->weights = take(arena, n_scores, sizeof *block->weights);
    block->values = take(arena, task->values ? n_scores : 0, sizeof *block->values);
    const size_t n_context = task->max_context > WV_TILE ? (size_t)task->max_context : WV_TILE;
    block->context = take(arena, n_context + WV_OVERRUN, sizeof *block->context);
}

static void lay_out_scratch(struct arena *arena, const struct wv_task *task, struct wv_scratch *scratch)
{
    size_t width = (size_t)task->matrices[WV_INPUT].width;
    const size_t n_scores = wv_max_scores(task);
    if (task->concat_tags) /* the rows that are written one behind the other may overlap the end */
        width = (size_t)(task->concat_tags + 2 * task->window + 1) * width + WV_PAD;
    scratch->scores = take(arena, n_scores, sizeof *scratch->scores);
    scratch->gradients = take(arena, n_scores, sizeof *scratch->gradients);
    scratch->rules = take(arena, (size_t)task->max_targets, sizeof *scratch->rules);
    for (int c = 0; c < 2; c++) {
        scratch->hidden[c] = take(arena, width, sizeof *scratch->hidden[c]);
        scratch->hidden_grad[c] = take(arena, width, sizeof *scratch->hidden_grad[c]);
    }
    if (wv_read_of(task->objective) == WV_read_fm)
        scratch->first_lanes = take(arena, 2 * width, sizeof *scratch->first_lanes);
}

/* Whether the step reads cells or pairs where the task has them. */
static int is_read_in_place(const struct wv_task *task)
{
    switch (wv_read_of(task->objective)) {
    case WV_read_glove:
    case WV_read_bpr:
    case WV_read_warp:
    case WV_read_ccl:
    case WV_read_bsl:
    case WV_read_bpr_shared: return 1;
    default: return 0;
    }
}

static void lay_out_chunk(struct arena *arena, const struct wv_task *task, struct wv_chunk *chunk)
{
    if (is_read_in_place(task))
        return;
    const size_t longest = (size_t)task->max_chunk, targets = (size_t)task->max_targets;
    const int has_edges = wv_read_of(task->objective) == WV_read_edges;
    chunk->words = take(arena, (has_edges ? 2 : 1) * longest + WV_OVERRUN, sizeof *chunk->words);
    if (has_edges) {
        chunk->of_bag = take(arena, targets + WV_OVERRUN, sizeof *chunk->of_bag);
        return;
    }
    chunk->input = take(arena, longest + WV_OVERRUN, sizeof *chunk->input);
    if (wv_read_of(task->objective) == WV_read_supervised) {
        chunk->of_bag = take(arena, targets + WV_OVERRUN, sizeof *chunk->of_bag);
        return;
    }
    chunk->output = take(arena, longest + WV_OVERRUN, sizeof *chunk->output);
    const size_t tags = task->tags.offsets ? (size_t)task->max_tags + WV_OVERRUN : 0;
    chunk->ends = take(arena, tags ? longest + 1 : longest / 2 + 1, sizeof *chunk->ends);
    chunk->units = take(arena, tags ? longest + 1 : 0, sizeof *chunk->units);
    chunk->tags = take(arena, tags, sizeof *chunk->tags);
    const size_t widest = 2 * (size_t)task->window + 2;
    for (int c = 0; c < 2; c++)
        chunk->members[c] =
            take(arena, (widest < longest ? widest : longest) + tags + 2 * WV_OVERRUN, sizeof *chunk->members[c]);
    chunk->rows = take(arena, tags ? widest + tags + 2 * WV_OVERRUN : 0, sizeof *chunk->rows);
    lay_out_noise(arena, task, &chunk->noise);
    chunk->targets = take(arena, targets + WV_OVERRUN, sizeof *chunk->targets);
    for (int c = 0; c < 2; c++)
        chunk->weights[c] = take(arena, targets + WV_OVERRUN, sizeof *chunk->weights[c]);
}

static void lay_out_features(struct arena *arena, const struct wv_contrast *contrast, size_t width,
                             struct wv_contrast_scratch *scratch)
{
    const size_t n_features = contrast->n_features ? (size_t)contrast->n_features + WV_PAD : 0;
    const size_t n = n_features ? (size_t)contrast->block + (size_t)contrast->n_negatives + WV_PAD : 0;
    scratch->features = take(arena, n * n_features, sizeof(float));
    scratch->item_grads = take(arena, n * width, sizeof(float));
    scratch->inverse_lengths = take(arena, n, sizeof(float));
    scratch->projection = take(arena, n_features * width, sizeof(float));
    scratch->projection_grads = take(arena, n_features * width, sizeof(float));
    scratch->projection_rows = take(arena, n_features, sizeof(float *));
    scratch->projection_ids = take(arena, n_features, sizeof(int32_t));
}

static void lay_out_contrast(struct arena *arena, const struct wv_task *task, struct wv_contrast_scratch *scratch)
{
    const size_t m = (size_t)task->contrast.block, width = (size_t)(task->matrices[WV_ITEMS].size + WV_PAD);
    const size_t n = (size_t)task->contrast.n_negatives + WV_PAD;
    if (!m)
        return;
    float **const of_pairs[] = {&scratch->users, &scratch->users_across, &scratch->items, &scratch->user_grads};
    for (size_t k = 0; k < sizeof of_pairs / sizeof *of_pairs; k++)
        *of_pairs[k] = take(arena, m * width, sizeof(float));
    scratch->negatives = take(arena, n * width, sizeof(float));
    scratch->negative_grads = take(arena, n * width, sizeof(float));
    scratch->scores = take(arena, n * m, sizeof(float));
    float **const of_scores[] = {&scratch->positive, &scratch->positive_weights, &scratch->sums};
    for (size_t k = 0; k < sizeof of_scores / sizeof *of_scores; k++)
        *of_scores[k] = take(arena, m, sizeof(float));
    scratch->change = take(arena, width, sizeof(float));
    scratch->user_rows = take(arena, m, sizeof(float *));
    scratch->item_rows = take(arena, m, sizeof(float *));
    scratch->negative_rows = take(arena, n, sizeof(float *));
    scratch->user_ids = take(arena, m, sizeof(int32_t));
    scratch->item_ids = take(arena, m, sizeof(int32_t));
    scratch->negative_ids = take(arena, n, sizeof(int32_t));
    lay_out_features(arena, &task->contrast, width, scratch);
    scratch->bits = take(arena, WV_ITEM_BITS / 64, sizeof(uint64_t));
    scratch->heads = take(arena, WV_ITEM_CHAINS, sizeof(int32_t));
    scratch->next = take(arena, n, sizeof(int32_t));
}

/* A token is in use from the first window that may contain it to the last one. */
static void lay_out_tokens(struct arena *arena, const struct wv_task *task, struct wv_tokens *tokens)
{
    if (!task->parts.offsets)
        return;
    tokens->n_slots = 1;
    while (tokens->n_slots < 2 * (int64_t)task->window + 2)
        tokens->n_slots *= 2;
    tokens->stride = 2 * (int64_t)task->matrices[WV_INPUT].width;
    tokens->rows = take(arena, (size_t)(tokens->n_slots * tokens->stride), sizeof *tokens->rows);
    tokens->parts = take(arena, (size_t)task->max_parts + WV_OVERRUN, sizeof *tokens->parts);
}

static void lay_out(struct arena *arena, const struct wv_task *task, struct wv_worker *worker)
{
    for (int m = 0; m < task->n_matrices; m++)
        lay_out_rows(arena, task, &task->matrices[m], &worker->views[m]);
    lay_out_chunk(arena, task, &worker->chunk);
    lay_out_tokens(arena, task, &worker->tokens);
    lay_out_contrast(arena, task, &worker->contrast);
    worker->triplets = take(arena, task->triplets.candidates ? 3 : 0, sizeof *worker->triplets);
    for (int k = 0; k < WV_RING; k++)
        lay_out_block(arena, task, &worker->ring[k]);
    worker->queue.capacity = 8 * WV_RING * (task->max_targets + 2); /* one in eight is in use at most */
    worker->queue.rows = take(arena, (size_t)worker->queue.capacity + WV_OVERRUN, sizeof *worker->queue.rows);
    lay_out_scratch(arena, task, &worker->scratch);
}

/* Whether the fast update applies. */
static int is_plain(const struct wv_task *task)
{
    int plain = !task->freeze_targets;
    for (int m = 0; m < task->n_matrices; m++) {
        const struct wv_matrix *matrix = &task->matrices[m];
        plain = plain && !matrix->row_rate && matrix->stride == matrix->width && matrix->l2 == 0;
    }
    return plain;
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
    worker->kernels = wv_kernels_of(task->isa);
    worker->is_plain = is_plain(task);
    for (int m = 0; m < task->n_matrices; m++) {
        const int32_t n_private = worker->views[m].n_private;
        worker->n_private = n_private > worker->n_private ? n_private : worker->n_private;
    }
    for (int k = 0; k < task->n_noise; k++)
        worker->chunk.noise.positions[k] = noise_position(task, k);
    for (int k = 0; k < WV_PAD; k++)
        worker->loss.mantissa[k] = 1;
    for (int k = 0; worker->scratch.first_lanes && k < task->matrices[WV_INPUT].width; k++)
        worker->scratch.first_lanes[k] = 1;
    *out = worker;
    return WV_OK;
}

void wv_worker_free(struct wv_worker *worker)
{
    if (worker)
        free(worker->memory);
}

/* Removes all copies at the beginning of a round. After a merge they are no longer in the table. */
static void remove_copies(struct wv_rows *view)
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
    worker->epoch_key = epoch_key;
    for (int m = 0; m < task->n_matrices; m++)
        remove_copies(&worker->views[m]);
    for (int64_t c = 0; c < n_chunks && !WV_LOAD_RELAXED(&task->stop); c++) {
        const uint64_t number = task->infers ? 0 : (uint64_t)(first_chunk + c);
        losses[c] = worker->kernels->train_chunk[task->objective](worker, chunks[2 * c], chunks[2 * c + 1],
                                                                  wv_subkey(epoch_key, number), rates[c], examples);
        loss += losses[c];
    }
    return isfinite(loss) ? WV_OK : WV_NOT_FINITE;
}

void wv_merge(struct wv_worker *worker)
{
    worker->kernels->merge(worker, worker->n_private);
}

void wv_merge_round(struct wv_worker *const *workers, int n_workers, int part, int n_parts, float rate)
{
    if (n_workers)
        workers[0]->kernels->merge_round(workers, n_workers, part, n_parts, rate);
}

void wv_stop(struct wv_task *task, int32_t stop)
{
    wv_set_flag(&task->stop, stop);
}

void wv_init_rows(float *rows, int64_t first, int64_t last, int32_t size, int32_t width, int32_t stride,
                  uint64_t seed)
{
    for (int64_t r = first; r < last; r++) {
        const uint64_t key = wv_subkey(wv_mix(seed), (uint64_t)r);
        float *row = rows + r * stride;
        for (int32_t k = 0; k < size; k++) {
            int32_t draw = (int32_t)(wv_draw(key, (uint64_t)k) >> 40); /* 24 bits: exact in a float */
            row[k] = ((float)draw / 8388608.0f - 1) / (float)size;
        }
        memset(row + size, 0, (size_t)(width - size) * sizeof *row);
    }
}

enum wv_status wv_find_objective(const char *name, enum wv_objective *objective)
{
#define WV_OBJECTIVE_NAME(name, read, make, loss) #name,
#define WV_OWN_STEP_NAME(name) #name,
    static const char *const names[] = {WV_OBJECTIVES(WV_OBJECTIVE_NAME) WV_OWN_STEPS(WV_OWN_STEP_NAME)};
#undef WV_OBJECTIVE_NAME
#undef WV_OWN_STEP_NAME
    for (int k = 0; k < WV_N_OBJECTIVES; k++) {
        if (strcmp(name, names[k]) == 0) {
            *objective = (enum wv_objective)k;
            return WV_OK;
        }
    }
    return WV_UNKNOWN_OBJECTIVE;
}
