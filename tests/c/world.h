/* A small training: inputs, matrices and settings. In: a problem. Out: a task for wv_worker_new, and comparisons of trained
 * matrices. Each array ends where train.h says, so that the sanitizers find accesses behind it. (The scratch memory of a
 * worker is one block, in which they find none.) */
#ifndef WILDVEC_TEST_WORLD_H
#define WILDVEC_TEST_WORLD_H

#include "train/kernels.h"

#include <math.h>
#include <string.h>

#include "harness.h"

struct problem {
    enum wv_objective objective;
    int32_t negative, hs, pair, sum;         /* pair: the classic update; sum: hidden rows are sums, not means */
    int32_t parts;                           /* the row of a word is the mean of several rows */
    int32_t adagrad, frozen, freeze_targets; /* frozen: a row keeps its value if its id is a multiple of 3 */
    float l2;
    int32_t dim, window, fixed; /* dim: with padding; fixed: windows do not shrink, no token is dropped */
    int32_t n_words;
    int32_t n_private,
        scattered; /* scattered: the last rows are private, in reverse order, instead of the first ones */
    int32_t n_hottest, merge_every;
    const int32_t *lengths; /* of units (sentences, rows of cells, bags), ended by -1 */
    int64_t per_chunk;      /* units of a chunk */
    int64_t round_tokens;   /* not 0: in rounds */
    float rate;
};

struct world {
    struct wv_task task;
    size_t n_floats[WV_MAX_MATRICES];
    int64_t n_chunks, *chunks; /* (n_chunks, 2) units */
    float *rates;
    void *memory[40];
    int n_memory;
};

struct result {
    double loss;
    int64_t examples;
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
    {.objective = WV_cbow, .negative = 5},
    {.objective = WV_cbow, .hs = 1},
    {.objective = WV_cbow, .negative = 5, .hs = 1, .sum = 1},
    {.objective = WV_cbow, .negative = 5, .pair = 1},
    {.objective = WV_cells},
    {.objective = WV_classify},
    /* with the general update */
    {.negative = 5, .hs = 1, .frozen = 1, .l2 = 0.01f},
    {.objective = WV_cbow, .hs = 1, .frozen = 1, .adagrad = 1},
    {.objective = WV_cbow, .negative = 5, .freeze_targets = 1},
    {.objective = WV_cells, .adagrad = 1, .frozen = 1},
    {.objective = WV_classify, .adagrad = 1, .l2 = 0.01f, .sum = 1},
    {.objective = WV_classify, .frozen = 1},
    {.objective = WV_fm, .adagrad = 1},
    {.objective = WV_fm, .frozen = 1, .sum = 1},
    /* words that consist of parts */
    {.negative = 5, .parts = 1},
    {.objective = WV_cbow, .hs = 1, .parts = 1},
    {.negative = 5, .pair = 1, .parts = 1, .frozen = 1},
    {.objective = WV_dbow, .negative = 5},
    {.objective = WV_dbow, .negative = 5, .frozen = 1},
    {.objective = WV_dbow, .negative = 5, .freeze_targets = 1},
    {.objective = WV_dbow_words, .negative = 5},
    {.objective = WV_dbow_words, .negative = 3, .hs = 1, .pair = 1},
    {.objective = WV_dm, .negative = 5},
    {.objective = WV_dm, .negative = 5, .hs = 1, .frozen = 1, .sum = 1},
    {.objective = WV_dm_concat, .negative = 5},
    {.objective = WV_dm_concat, .negative = 5, .hs = 1, .frozen = 1, .adagrad = 1},
    {.objective = WV_walks, .negative = 5},
    {.objective = WV_walks, .hs = 1, .pair = 1, .sum = 1, .frozen = 1},
    {.objective = WV_walks_cbow, .negative = 5, .sum = 1},
    /* edges: .hs: first order too, .sum: with weights */
    {.objective = WV_line, .negative = 5},
    {.objective = WV_line, .negative = 5, .hs = 1, .sum = 1},
    {.objective = WV_line, .negative = 12, .hs = 1, .frozen = 1, .l2 = 0.01f},
};
enum { N_WINDOWED = 10, N_PLAIN = 12, N_OBJECTIVES = sizeof OBJECTIVES / sizeof *OBJECTIVES };

/* Skip-gram and CBOW train the words of windows. */
static inline int has_windows(const struct problem *p)
{
    return p->objective == WV_skipgram || p->objective == WV_cbow;
}

static inline int has_walks(const struct problem *p)
{
    return p->objective == WV_walks || p->objective == WV_walks_cbow;
}

/* So do documents, whose tags belong to all windows. */
static inline int has_tags(const struct problem *p)
{
    return p->objective == WV_dbow || p->objective == WV_dbow_words || p->objective == WV_dm ||
           p->objective == WV_dm_concat;
}

/* An example is a unit. */
static inline int trains_units(const struct problem *p)
{
    return p->objective == WV_classify || p->objective == WV_fm;
}

static inline struct problem small(int objective)
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

static inline void *hold(struct world *world, size_t n, size_t size)
{
    void *piece = malloc(n ? n * size : 1);
    if (!piece || world->n_memory == (int)(sizeof world->memory / sizeof *world->memory))
        abort();
    world->memory[world->n_memory++] = piece;
    return piece;
}

static inline double weight_of(int32_t word)
{
    return 1 / (1.0 + word);
}

/* A number in [-1, 1). */
static inline float number_of(uint64_t key, int64_t i)
{
    return (float)(int32_t)(wv_draw(key, (uint64_t)i) >> 40) / 8388608.0f - 1;
}

static inline void make_noise(struct world *world, const struct problem *p)
{
    struct wv_alias *noise = hold(world, (size_t)p->n_words, sizeof *noise);
    double *weights = hold(world, (size_t)p->n_words, sizeof *weights);
    uint32_t *keep = hold(world, (size_t)p->n_words, sizeof *keep);
    for (int32_t i = 0; i < p->n_words; i++) {
        weights[i] = weight_of(i);
        keep[i] = 0xb0000000u + 0x01000000u * (uint32_t)i;
    }
    CHECK(wv_alias_build(weights, p->n_words, noise) == WV_OK);
    world->task.noise = noise;
    world->task.keep = p->fixed ? NULL : keep;
}

/* The items of each unit. Columns of cells must rise; words are drawn. */
static inline int64_t make_items(struct world *world, const struct problem *p)
{
    int64_t n_units = 0;
    while (p->lengths[n_units] >= 0)
        n_units++;
    int64_t *offsets = hold(world, (size_t)n_units + 1, sizeof *offsets);
    offsets[0] = 0;
    for (int64_t s = 0; s < n_units; s++)
        offsets[s + 1] = offsets[s] + p->lengths[s];
    int32_t *ids = hold(world, (size_t)offsets[n_units], sizeof *ids);
    for (int64_t s = 0; s < n_units; s++) {
        for (int64_t t = offsets[s]; t < offsets[s + 1]; t++)
            ids[t] = p->objective == WV_cells
                         ? (int32_t)(2 * (t - offsets[s]) + s % 2)
                         : wv_alias_draw(world->task.noise, p->n_words, wv_draw(1, (uint64_t)t));
    }
    world->task.items = (struct wv_ragged){ids, offsets};
    return n_units;
}

enum { WALK_LENGTH = 12, WALKS_OF_UNIT = 2 };

/* A directed graph in which every fourth node has no out-edges; with `sum` edges have weights. */
static inline void make_graph(struct world *world, const struct problem *p, int64_t n_units)
{
    const int32_t n = p->n_words;
    int64_t *offsets = hold(world, (size_t)n + 1, sizeof *offsets);
    int32_t *neighbours = hold(world, 3 * (size_t)n, sizeof *neighbours);
    float *weights = hold(world, 3 * (size_t)n, sizeof *weights);
    struct wv_alias *alias = hold(world, 3 * (size_t)n, sizeof *alias);
    offsets[0] = 0;
    for (int32_t i = 0; i < n; i++) {
        const int32_t degree = n == 1 ? 1 : i % 4;
        for (int32_t k = 0; k < degree; k++) {
            int64_t at = offsets[i] + k;
            const int32_t neighbour = (i + 1 + 7 * k) % n;
            for (; at > offsets[i] && neighbours[at - 1] > neighbour; at--)
                neighbours[at] = neighbours[at - 1];
            neighbours[at] = neighbour;
            weights[offsets[i] + k] = (float)(1 + k);
        }
        offsets[i + 1] = offsets[i] + degree;
    }
    struct wv_walks *walks = &world->task.walks;
    *walks = (struct wv_walks){.graph = {offsets, neighbours, p->sum ? weights : NULL, n}, .p = 0.5, .q = 2};
    CHECK(!p->sum || wv_alias_rows(&walks->graph, 0, n, alias) == WV_OK);
    const int64_t most = n_units * WALKS_OF_UNIT, n_walks = world->task.items.offsets[n_units] / 5;
    walks->alias = p->sum ? alias : NULL;
    walks->length = WALK_LENGTH;
    walks->per_unit = WALKS_OF_UNIT;
    walks->n_walks = n_walks < most ? n_walks : most;
    world->task.max_chunk += p->per_chunk * WALKS_OF_UNIT * WALK_LENGTH;
}

/* Edges of the same graph, in which all nodes of a chunk have neighbours. */
static inline void make_edges(struct world *world, const struct problem *p, int64_t n_units)
{
    make_graph(world, p, n_units);
    struct wv_task *task = &world->task;
    struct wv_walks *walks = &task->walks;
    struct wv_alias *sources = hold(world, (size_t)p->n_words, sizeof *sources);
    double *degrees = hold(world, (size_t)p->n_words, sizeof *degrees);
    for (int32_t i = 0; i < p->n_words; i++)
        degrees[i] = (double)(walks->graph.offsets[i + 1] - walks->graph.offsets[i]);
    CHECK(wv_alias_build(degrees, p->n_words, sources) == WV_OK);
    walks->n_walks *= WALK_LENGTH;
    walks->per_unit *= WALK_LENGTH;
    walks->length = 1;
    task->sources = sources;
    task->order = p->hs ? 3 : 2;
    task->negative = p->negative;
    task->max_targets = WV_TILE + p->negative;
}

static inline void make_chunks(struct world *world, const struct problem *p, int64_t n_units)
{
    const int64_t *offsets = world->task.items.offsets;
    world->n_chunks = (n_units + p->per_chunk - 1) / p->per_chunk;
    world->chunks = hold(world, 2 * (size_t)world->n_chunks, sizeof *world->chunks);
    world->rates = hold(world, (size_t)world->n_chunks, sizeof *world->rates);
    for (int64_t c = 0; c < world->n_chunks; c++) {
        const int64_t first = c * p->per_chunk;
        const int64_t last = first + p->per_chunk < n_units ? first + p->per_chunk : n_units;
        const int64_t items = offsets[last] - offsets[first];
        world->chunks[2 * c] = first;
        world->chunks[2 * c + 1] = last;
        world->task.max_chunk = items > world->task.max_chunk ? items : world->task.max_chunk;
        world->rates[c] = p->rate * (1 - 0.05f * (float)c);
    }
}

static inline int64_t longest_unit(const struct problem *p)
{
    int64_t longest = 0;
    for (const int32_t *length = p->lengths; *length >= 0; length++)
        longest = *length > longest ? *length : longest;
    return longest;
}

static inline void make_cell_values(struct world *world, int64_t n_units)
{
    const int64_t n = world->task.items.offsets[n_units];
    float *values = hold(world, (size_t)n, sizeof *values), *weights = hold(world, (size_t)n, sizeof *weights);
    for (int64_t t = 0; t < n; t++) {
        values[t] = number_of(2, t);
        weights[t] = t % 9 ? fabsf(number_of(3, t)) : 0;
    }
    world->task.values = values;
    world->task.weights = weights;
}

enum { N_LABELS = 19, N_DOCUMENTS = 13, CONCAT_TAGS = 2 };

/* Bags have one to three labels, sometimes the same one twice; every fifth has none. */
static inline void make_labels(struct world *world, int64_t n_units)
{
    int64_t *offsets = hold(world, (size_t)n_units + 1, sizeof *offsets);
    offsets[0] = 0;
    for (int64_t s = 0; s < n_units; s++)
        offsets[s + 1] = offsets[s] + (s % 5 == 3 ? 0 : 1 + s % 3);
    int32_t *ids = hold(world, (size_t)offsets[n_units], sizeof *ids);
    for (int64_t k = 0; k < offsets[n_units]; k++)
        ids[k] = (int32_t)wv_below(wv_draw(4, (uint64_t)k / 2), N_LABELS);
    world->task.labels = (struct wv_ragged){ids, offsets};
}

/* Documents have one or two tags, sometimes the same one twice; every fifth has none. Concatenation needs two. */
static inline void make_tags(struct world *world, const struct problem *p, int64_t n_units)
{
    const int is_concat = p->objective == WV_dm_concat;
    int64_t *offsets = hold(world, (size_t)n_units + 1, sizeof *offsets);
    offsets[0] = 0;
    for (int64_t s = 0; s < n_units; s++)
        offsets[s + 1] = offsets[s] + (s % 5 == 3 ? 0 : is_concat ? CONCAT_TAGS : 1 + s % 2);
    int32_t *ids = hold(world, (size_t)offsets[n_units], sizeof *ids);
    for (int64_t k = 0; k < offsets[n_units]; k++)
        ids[k] = (int32_t)wv_below(wv_draw(4, (uint64_t)k / 2), N_DOCUMENTS);
    struct wv_task *task = &world->task;
    task->tags = (struct wv_ragged){ids, offsets};
    task->max_tags = 2;
    task->concat_tags = is_concat ? CONCAT_TAGS : 0;
    task->null_word = p->n_words - 1;
    task->train_words = 1;
}

/* A factorization machine: values of items, classes (or targets, with `sum`), and sizes of rows, which are 0 behind them. */
static inline void make_fm(struct world *world, const struct problem *p, int64_t n_units)
{
    const int64_t n = world->task.items.offsets[n_units], width = p->dim;
    float *values = hold(world, (size_t)n, sizeof *values), *decay = hold(world, (size_t)p->n_words, sizeof *decay);
    float *targets = hold(world, (size_t)(n_units * N_LABELS), sizeof *targets);
    float *pair_weights = hold(world, (size_t)(width * N_LABELS), sizeof *pair_weights);
    int32_t *labels = hold(world, (size_t)n_units, sizeof *labels);
    int32_t *sizes = hold(world, (size_t)p->n_words, sizeof *sizes);
    int32_t *masked = hold(world, (size_t)p->n_words, sizeof *masked);
    const struct wv_matrix *matrix = &world->task.matrices[WV_INPUT];
    for (int64_t t = 0; t < n; t++)
        values[t] = 0.1f * number_of(5, t);
    for (int64_t t = 0; t < n_units * N_LABELS; t++)
        targets[t] = number_of(6, t);
    for (int64_t k = 0; k < width * N_LABELS; k++)
        pair_weights[k] = k % width < matrix->size - 1 ? number_of(7, k) : 0;
    for (int64_t s = 0; s < n_units; s++)
        labels[s] = (int32_t)(s % N_LABELS);
    for (int32_t i = 0; i < p->n_words; i++) {
        decay[i] = 0.01f * (float)(i % 4);
        sizes[i] = i % matrix->size;
        masked[i] = i / 2;
        memset(matrix->rows + i * matrix->stride + sizes[i], 0, (size_t)(width - sizes[i]) * sizeof(float));
    }
    world->task.values = values;
    world->task.fm = (struct wv_fm){.labels = p->sum ? NULL : labels,
                                    .targets = p->sum ? targets : NULL,
                                    .pair_weights = pair_weights,
                                    .row_sizes = sizes,
                                    .row_decay = decay,
                                    .masked_rows = masked,
                                    .mask = 0x30000000};
}

static inline void make_paths(struct world *world, int32_t n)
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
    memset(nodes + offsets[n], 0, WV_PATH_PADDING * sizeof *nodes);
    memset(codes + offsets[n], 0, WV_PATH_PADDING * sizeof *codes);
    CHECK(wv_huffman(counts, order, n, offsets, nodes, codes) == WV_OK);
    for (int32_t i = 0; i < n; i++) {
        if (offsets[i + 1] - offsets[i] > task->max_path)
            task->max_path = (int32_t)(offsets[i + 1] - offsets[i]);
    }
    task->paths = (struct wv_ragged){nodes, offsets};
    task->path_codes = codes;
}

/* Columns of padding: more than a vector of all ISAs but the widest. */
enum { PADDING = 9 };

/* n rows within ±0.5, on no boundary, since the kernels must not need one. Sums of squares begin at 0.1, so that rounding
 * does not decide the direction of the first steps. */
static inline void make_rows(struct world *world, const struct problem *p, int m, int64_t n)
{
    struct wv_matrix *matrix = &world->task.matrices[m];
    const int is_long = p->objective == WV_dm_concat && (m == WV_OUTPUT || m == WV_NODES);
    const int32_t parts = is_long ? CONCAT_TAGS + 2 * p->window : 1, size = parts * (p->dim - PADDING);
    const int32_t width = is_long ? (size + WV_PAD - 1) / WV_PAD * WV_PAD : p->dim;
    const int32_t stride = p->adagrad ? 2 * width : width;
    float *rows = (float *)hold(world, (size_t)n * (size_t)stride + 1, sizeof *rows) + 1;
    wv_init_rows(rows, 0, n, size, width, stride, (uint64_t)m);
    for (int64_t r = 0; r < n; r++) {
        float *row = rows + r * stride;
        for (int32_t k = 0; k < size; k++)
            row[k] *= (float)size;
        for (int32_t k = width; k < stride; k++)
            row[k] = k - width < size ? 0.1f : 0;
    }
    world->n_floats[m] = (size_t)n * (size_t)stride;
    *matrix = (struct wv_matrix){
        .rows = rows, .n = n, .round_rows = n, .size = size, .width = width, .stride = stride, .l2 = p->l2};
    matrix->curvature = 0.9f + 0.4f * (float)m;
}

/* The row of a private slot. */
static inline int32_t row_of_slot(const struct wv_matrix *matrix, int32_t slot)
{
    return matrix->private_ids ? matrix->private_ids[slot] : slot;
}

static inline void make_private(struct world *world, const struct problem *p, struct wv_matrix *matrix)
{
    const int32_t n = (int32_t)matrix->n, n_private = p->n_private < n ? p->n_private : n;
    float *uses = hold(world, (size_t)n_private, sizeof *uses);
    int32_t *slots = hold(world, (size_t)n, sizeof *slots), *ids = hold(world, (size_t)n_private, sizeof *ids);
    for (int32_t i = 0; i < n; i++)
        slots[i] = -1;
    for (int32_t slot = 0; slot < n_private; slot++) {
        uses[slot] = 0.01f * (float)(1 + slot);
        ids[slot] = n - 1 - slot;
        slots[ids[slot]] = slot;
    }
    matrix->n_private = n_private;
    matrix->uses = uses;
    matrix->slot_of = p->scattered ? slots : NULL;
    matrix->private_ids = p->scattered ? ids : NULL;
}

static inline void make_matrix(struct world *world, const struct problem *p, int m, int64_t n)
{
    struct wv_matrix *matrix = &world->task.matrices[m];
    make_rows(world, p, m, n);
    make_private(world, p, matrix);
    if (p->frozen) {
        float *row_rate = hold(world, (size_t)n, sizeof *row_rate);
        for (int64_t i = 0; i < n; i++)
            row_rate[i] = 0.5f * (float)(i % 3);
        matrix->row_rate = row_rate;
    }
    world->task.n_matrices = m + 1;
}

/* Word i consists of row i and of i % 8 of the rows behind those of words, some of them twice. Returns the number of rows. */
static inline int64_t make_parts(struct world *world, const struct problem *p)
{
    const int32_t n = p->n_words, n_ngrams = 2 * n, most = 8;
    int64_t *offsets = hold(world, (size_t)n + 1, sizeof *offsets);
    int32_t *ids = hold(world, (size_t)(n * most + WV_PATH_PADDING), sizeof *ids);
    offsets[0] = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t *parts = ids + offsets[i];
        const int32_t n_parts = 1 + i % most;
        parts[0] = i;
        for (int32_t k = 1; k < n_parts; k++)
            parts[k] = n + (int32_t)wv_below(wv_draw(8, (uint64_t)(i + k / 2)), (uint32_t)n_ngrams);
        offsets[i + 1] = offsets[i] + n_parts;
    }
    memset(ids + offsets[n], 0, WV_PATH_PADDING * sizeof *ids);
    world->task.parts = (struct wv_ragged){ids, offsets};
    world->task.max_parts = most;
    return n + n_ngrams;
}

static inline void make_windowed(struct world *world, const struct problem *p)
{
    struct wv_task *task = &world->task;
    task->window = p->window;
    task->shrink_windows = !p->fixed;
    task->one_pair_at_a_time = p->pair;
    task->negative = p->negative;
    const int has_pairs = p->objective == WV_skipgram || p->objective == WV_dbow_words || p->objective == WV_walks;
    const int is_shared = has_pairs && !p->pair && !p->hs;
    task->n_noise = is_shared ? wv_shared_noise(p->negative) : p->negative;
    const int is_composed = p->objective == WV_cbow || p->objective == WV_dm || p->objective == WV_walks_cbow;
    task->max_context = is_composed ? 2 * p->window + 2 + task->max_tags : 0;
    const int n_input = p->objective == WV_dbow ? 0 : p->n_words; /* dbow uses none */
    make_matrix(world, p, WV_INPUT, p->parts ? make_parts(world, p) : n_input);
    if (p->negative)
        make_matrix(world, p, WV_OUTPUT, p->n_words);
    if (p->objective == WV_dbow)
        task->matrices[WV_OUTPUT].row_rate = NULL; /* only document rows have rates */
    if (p->hs) {
        make_paths(world, p->n_words);
        make_matrix(world, p, WV_NODES, p->n_words - 1);
    }
    if (has_tags(p))
        make_matrix(world, p, WV_DOCUMENTS, N_DOCUMENTS);
    task->max_targets = 2 + task->n_noise + task->max_path;
}

static inline void start(struct world *world, const struct problem *p, enum wv_isa isa)
{
    struct wv_task *task = &world->task;
    *world = (struct world){.task = {.isa = isa, .objective = p->objective, .seed = 11, .n_workers = 1}};
    task->n_hottest = p->n_hottest;
    task->merge_every = p->merge_every;
    task->round_tokens = p->round_tokens;
    task->average_hidden = !p->sum;
    task->average_grad = p->sum;
    task->freeze_targets = p->freeze_targets;
    make_noise(world, p);
    const int64_t n_units = make_items(world, p);
    make_chunks(world, p, n_units);
    if (has_tags(p)) {
        make_tags(world, p, n_units);
        make_windowed(world, p);
        task->shrink_windows &= p->objective != WV_dm_concat;
    } else if (has_windows(p) || has_walks(p)) {
        if (has_walks(p))
            make_graph(world, p, n_units);
        make_windowed(world, p);
    } else if (p->objective == WV_line) {
        make_edges(world, p, n_units);
        make_matrix(world, p, WV_INPUT, p->n_words);
        make_matrix(world, p, WV_OUTPUT, p->n_words);
        make_matrix(world, p, WV_DOCUMENTS, p->hs ? p->n_words : 0);
    } else if (p->objective == WV_cells) {
        make_cell_values(world, n_units);
        make_matrix(world, p, WV_INPUT, n_units);
        make_matrix(world, p, WV_OUTPUT, 2 * longest_unit(p));
        task->max_targets = WV_CELLS_OF_BLOCK;
    } else {
        make_labels(world, n_units);
        make_matrix(world, p, WV_INPUT, p->n_words);
        make_matrix(world, p, WV_OUTPUT, N_LABELS);
        if (p->objective == WV_fm)
            make_fm(world, p, n_units);
        task->max_targets = N_LABELS;
        task->max_context = (int32_t)longest_unit(p);
    }
}

static inline void end(struct world *world)
{
    while (world->n_memory)
        free(world->memory[--world->n_memory]);
}

static inline struct wv_worker *new_worker(const struct world *world)
{
    struct wv_worker *worker = NULL;
    if (wv_worker_new(&world->task, &worker) != WV_OK)
        abort();
    return worker;
}

/* Trains the chunks first … last of an epoch as one work unit. */
static inline enum wv_status train_chunks(struct world *world, struct wv_worker *worker, int64_t epoch,
                                          int64_t first, int64_t last, struct result *total)
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

static inline struct result train_all(struct world *world)
{
    struct result total = {0};
    struct wv_worker *worker = new_worker(world);
    CHECK(train_chunks(world, worker, 3, 0, world->n_chunks, &total) == WV_OK);
    wv_worker_free(worker);
    return total;
}

/* The largest difference between two floats of the worlds, relative to those above 1 (sums of squares become large); NaN if one
 * of them is NaN. */
static inline double distance(const struct world *a, const struct world *b)
{
    double largest = 0;
    for (int m = 0; m < WV_MAX_MATRICES; m++) {
        const float *of_a = a->task.matrices[m].rows, *of_b = b->task.matrices[m].rows;
        for (size_t k = 0; k < a->n_floats[m]; k++) {
            const double x = (double)of_a[k], y = (double)of_b[k], difference = fabs(x - y) / fmax(1, fabs(y));
            if (!(difference <= largest))
                largest = difference;
        }
    }
    return largest;
}

static inline int padding_is_zero(const struct world *world)
{
    for (int m = 0; m < WV_MAX_MATRICES; m++) {
        const struct wv_matrix *matrix = &world->task.matrices[m];
        for (size_t k = 0; k < world->n_floats[m]; k++) {
            if (k % (size_t)matrix->width >= (size_t)matrix->size && matrix->rows[k] != 0)
                return 0;
        }
    }
    return 1;
}

static inline int same_rows(const struct wv_matrix *a, const struct wv_matrix *b, int64_t row)
{
    return memcmp(a->rows + row * a->stride, b->rows + row * b->stride, (size_t)a->stride * sizeof(float)) == 0;
}

static inline int same_bits(const struct world *a, const struct world *b)
{
    for (int m = 0; m < WV_MAX_MATRICES; m++) {
        for (int64_t r = 0; r < a->task.matrices[m].n; r++) {
            if (!same_rows(&a->task.matrices[m], &b->task.matrices[m], r))
                return 0;
        }
    }
    return 1;
}

static inline void check_same(const struct world *a, struct result of_a, const struct world *b, struct result of_b)
{
    CHECK(of_a.examples == of_b.examples);
    CHECK_NEAR(of_a.loss, of_b.loss, 1e-5 * (1 + fabs(of_b.loss)));
    CHECK_NEAR(distance(a, b), 0, 3e-5);
    CHECK(padding_is_zero(a));
}

/* Rows with the rate 0 keep their bits; of each matrix that is trained some other rows change. */
static inline void check_frozen(const struct world *before, const struct world *after)
{
    for (int m = 0; m < after->task.n_matrices; m++) {
        const struct wv_matrix *a = &before->task.matrices[m], *b = &after->task.matrices[m];
        const int is_target = m == WV_OUTPUT || m == WV_NODES;
        int n_changed = 0, n_frozen_changed = 0;
        for (int64_t r = 0; r < b->n; r++) {
            const int is_frozen = (is_target && after->task.freeze_targets) || (b->row_rate && b->row_rate[r] == 0);
            n_changed += !same_rows(a, b, r);
            n_frozen_changed += is_frozen && !same_rows(a, b, r);
        }
        CHECK(n_frozen_changed == 0);
        CHECK(n_changed || !b->n || (is_target && after->task.freeze_targets));
    }
}

#endif
