/* Random walks: see walks.h. Several walks are drawn in turn, one proposal each, so that the cache misses of one overlap with the
 * work on the others. On a graph of 5M nodes this makes walks four times as fast as one after the other. */
#include "graph/walks.h"

#include <math.h>
#include <stdlib.h>

#include "isa/region.h"
#include "permutation.h"

enum { WALKERS = 16 }; /* walks that are drawn in turn */
/* Proposals of a step: MAX_TRIES, or one for TRIES_DIVISOR neighbours if these are more. Then all neighbours are weighed, which costs
 * more but always ends. */
enum { MAX_TRIES = 32, TRIES_DIVISOR = 4 };
enum { NEIGHBOURS_OF_CHECK = 4096 }; /* neighbours that are weighed between two checks of `stop` */

/* The streams of a walk's draws: proposal i has draw 2i, its acceptance draw 2i + 1. */
enum { PROPOSAL, ACCEPTANCE, N_DRAWS };

/* The biases of node2vec, as fractions of the largest one and scaled to 32-bit draws. */
struct biases {
    double back, near, far;            /* 1/p, 1, 1/q */
    uint64_t of_back, of_near, of_far; /* a proposal is accepted if its draw is below */
    uint64_t lowest;                   /* of the three: accepted whatever the node is */
    double largest;                    /* the bias that is always accepted */
    double extra;                      /* of `back`, what exceeds `largest`: drawn without a proposal */
};

struct walker {
    uint64_t key, draws;
    int64_t edge; /* proposed; -1: the node has none */
    int32_t *nodes;
    int64_t *length;
    int32_t node, previous; /* previous: -1 at the start */
    int32_t n_tries;
};

/* All that the walkers of a call share. */
struct walking {
    const struct wv_walks *walks;
    const int32_t *stop;
    struct biases biases;
    uint64_t key;
    int64_t first, next, last; /* walks of the call; the next one to start */
    int32_t *nodes;
    int64_t *lengths;
    int64_t pass; /* in which the latest walk began, and the order of its first nodes */
    struct wv_permutation order;
};

static uint64_t as_32_bits(double fraction)
{
    return (uint64_t)(fraction * 4294967296.0);
}

/* Where many returns are expected (1/p > 1 and 1/q), they would make all other proposals improbable. So what the return edge has in
 * excess is drawn apart (Yang et al. 2019, "KnightKing"); that needs the weight of the edge, here 1. */
static struct biases find_biases(const struct wv_walks *walks)
{
    struct biases b = {.back = 1 / walks->p, .near = 1, .far = 1 / walks->q};
    b.largest = b.far > 1 ? b.far : 1;
    if (b.back > b.largest && walks->is_symmetric && !walks->alias)
        b.extra = b.back - b.largest;
    else if (b.back > b.largest)
        b.largest = b.back;
    b.of_back = as_32_bits((b.back - b.extra) / b.largest);
    b.of_near = as_32_bits(b.near / b.largest);
    b.of_far = as_32_bits(b.far / b.largest);
    b.lowest = b.of_near < b.of_far ? b.of_near : b.of_far;
    b.lowest = b.lowest < b.of_back ? b.lowest : b.of_back;
    return b;
}

/* Whether `node` is among n rising ids. */
static inline int contains(const int32_t *ids, int64_t n, int32_t node)
{
    while (n > 1) { /* without a branch in the loop: it would be mispredicted */
        const int64_t half = n / 2;
        ids += ids[half - 1] < node ? half : 0;
        n -= half;
    }
    return n && *ids == node;
}

static inline int64_t degree(const struct wv_graph *graph, int32_t node)
{
    return graph->offsets[node + 1] - graph->offsets[node];
}

/* Whether there is an edge from a to b. In a symmetric graph the shorter of their lists is searched. */
static inline int has_edge(const struct wv_walks *walks, int32_t a, int32_t b)
{
    const struct wv_graph *graph = &walks->graph;
    const int swap = walks->is_symmetric && degree(graph, b) < degree(graph, a);
    const int32_t from = swap ? b : a, to = swap ? a : b;
    return contains(graph->neighbours + graph->offsets[from], degree(graph, from), to);
}

static inline uint64_t draw(const struct walker *w, int stream)
{
    return wv_draw(w->key, N_DRAWS * w->draws + (uint64_t)stream);
}

static void start_walk(struct walking *walking, struct walker *w)
{
    const int64_t n_nodes = walking->walks->graph.n_nodes, number = walking->next++, at = number - walking->first;
    if (walking->pass != number / n_nodes) {
        walking->pass = number / n_nodes;
        walking->order =
            wv_permutation_of(wv_subkey(walking->key, UINT64_MAX - (uint64_t)walking->pass), (uint64_t)n_nodes);
    }
    *w = (struct walker){.key = wv_subkey(walking->key, (uint64_t)number), .previous = -1};
    w->node = (int32_t)wv_permute(&walking->order, (uint64_t)(number % n_nodes));
    w->nodes = walking->nodes + at * walking->walks->length;
    w->length = walking->lengths + at;
    w->nodes[0] = w->node;
    *w->length = 1;
    WV_PREFETCH(walking->walks->graph.offsets + w->node);
}

/* Draws an edge of the walker's node by its weight. */
static inline void propose(const struct wv_walks *walks, struct walker *w)
{
    const int64_t start = walks->graph.offsets[w->node], n = walks->graph.offsets[w->node + 1] - start;
    w->edge = -1;
    if (n == 0)
        return;
    const uint64_t bits = draw(w, PROPOSAL);
    w->edge = start + (walks->alias ? wv_alias_draw(walks->alias + start, (int32_t)n, bits)
                                    : (int64_t)wv_below(bits, (uint32_t)n));
    WV_PREFETCH(walks->graph.neighbours + w->edge);
}

static double bias_of(const struct walking *walking, const struct walker *w, int32_t node)
{
    const struct biases *b = &walking->biases;
    return node == w->previous ? b->back : has_edge(walking->walks, w->previous, node) ? b->near : b->far;
}

/* Adds the weights of the edges start … end up to the first sum above `at`. Returns that edge, or `end`. A stop ends it early. */
static int64_t sum_weights(const struct walking *walking, const struct walker *w, int64_t start, int64_t end,
                           double at, double *sum)
{
    const struct wv_graph *graph = &walking->walks->graph;
    *sum = 0;
    for (int64_t e = start; e < end; e++) {
        if ((e - start) % NEIGHBOURS_OF_CHECK == 0 && WV_LOAD_RELAXED(walking->stop))
            break;
        *sum += bias_of(walking, w, graph->neighbours[e]) * (graph->weights ? graph->weights[e] : 1);
        if (*sum > at)
            return e;
    }
    return end;
}

/* The next node, from the exact probabilities of all neighbours. */
static int32_t weigh_neighbours(const struct walking *walking, const struct walker *w)
{
    const struct wv_graph *graph = &walking->walks->graph;
    const int64_t start = graph->offsets[w->node], end = graph->offsets[w->node + 1];
    double total, sum;
    sum_weights(walking, w, start, end, INFINITY, &total);
    const double at = (double)(draw(w, PROPOSAL) >> 11) * 0x1p-53 * total;
    const int64_t edge = sum_weights(walking, w, start, end, at, &sum);
    return graph->neighbours[edge < end ? edge : end - 1];
}

static inline int64_t most_tries(const struct walking *walking, const struct walker *w)
{
    const int64_t by_degree = degree(&walking->walks->graph, w->node) / TRIES_DIVISOR;
    return by_degree > MAX_TRIES ? by_degree : MAX_TRIES;
}

/* The next node of a second-order walk; -1: the proposal was rejected. */
static inline int32_t accept(const struct walking *walking, struct walker *w, int32_t proposed)
{
    const struct biases *b = &walking->biases;
    if (w->previous < 0)
        return proposed;
    const uint64_t bits = draw(w, ACCEPTANCE), low = (uint32_t)bits;
    if (b->extra > 0) {
        const double all = (double)degree(&walking->walks->graph, w->node) * b->largest + b->extra;
        if ((double)(bits >> 32) * 0x1p-32 * all < b->extra)
            return w->previous;
    }
    if (low < b->lowest)
        return proposed;
    if (proposed == w->previous)
        return low < b->of_back ? proposed : -1;
    return low < (has_edge(walking->walks, w->previous, proposed) ? b->of_near : b->of_far) ? proposed : -1;
}

/* Moves a walker by its proposal, if that is accepted. Returns 0 at the end of the walk. */
static inline int move(const struct walking *walking, struct walker *w, int is_second_order)
{
    const struct wv_walks *walks = walking->walks;
    int32_t node = w->edge < 0 ? -1 : walks->graph.neighbours[w->edge];
    if (node < 0)
        return 0;
    if (is_second_order) {
        node = accept(walking, w, node);
        if (node < 0) {
            w->draws++;
            if (++w->n_tries < most_tries(walking, w))
                return 1;
            node = weigh_neighbours(walking, w);
        }
        w->n_tries = 0;
    }
    w->draws++;
    w->previous = w->node;
    w->nodes[*w->length] = w->node = node;
    WV_PREFETCH(walks->graph.offsets + node);
    return ++*w->length < walks->length;
}

static void end_walk(const struct wv_walks *walks, struct walker *w)
{
    for (int64_t at = *w->length; at < walks->length; at++)
        w->nodes[at] = -1;
}

/* Returns whether all walks are complete. is_second_order is a constant of the caller. */
WV_INLINE int draw_walks(struct walking *walking, int is_second_order)
{
    const struct wv_walks *walks = walking->walks;
    struct walker walkers[WALKERS];
    int n = 0;
    while (n < WALKERS && walking->next < walking->last)
        start_walk(walking, &walkers[n++]);
    while (n && !WV_LOAD_RELAXED(walking->stop)) {
        for (int k = 0; k < n; k++)
            propose(walks, &walkers[k]);
        for (int k = 0; is_second_order && k < n; k++)
            if (walkers[k].edge >= 0)
                WV_PREFETCH(walks->graph.offsets + walks->graph.neighbours[walkers[k].edge]);
        for (int k = 0; k < n;) {
            if (move(walking, &walkers[k], is_second_order)) {
                k++;
                continue;
            }
            end_walk(walks, &walkers[k]);
            if (walking->next < walking->last)
                start_walk(walking, &walkers[k++]);
            else
                walkers[k] = walkers[--n];
        }
    }
    return n == 0;
}

int wv_draw_walks(const struct wv_walks *walks, uint64_t key, int64_t first, int64_t n, int32_t *nodes,
                  int64_t *lengths, const int32_t *stop)
{
    struct walking walking = {.walks = walks,
                              .stop = stop,
                              .biases = find_biases(walks),
                              .key = key,
                              .first = first,
                              .next = first,
                              .last = first + n,
                              .nodes = nodes,
                              .lengths = lengths,
                              .pass = -1};
    if (walks->p == 1 && walks->q == 1)
        return draw_walks(&walking, 0);
    return draw_walks(&walking, 1);
}

enum wv_status wv_alias_rows(const struct wv_graph *graph, int64_t first, int64_t last, struct wv_alias *alias)
{
    int64_t most = 0;
    for (int64_t i = first; i < last; i++)
        most = degree(graph, (int32_t)i) > most ? degree(graph, (int32_t)i) : most;
    double *weights = malloc((size_t)(most + 1) * sizeof *weights);
    enum wv_status status = weights ? WV_OK : WV_NO_MEMORY;
    for (int64_t i = first; i < last && status == WV_OK; i++) {
        const int64_t start = graph->offsets[i], n = degree(graph, (int32_t)i);
        for (int64_t k = 0; k < n; k++)
            weights[k] = graph->weights[start + k];
        if (n)
            status = wv_alias_build(weights, (int32_t)n, alias + start);
    }
    free(weights);
    return status;
}
