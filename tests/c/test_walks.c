/* In: small graphs. Tested: each walk is a path of the graph and ends at a node without out-edges or at its full length; the walks of
 * a call are those of several calls and threads; in a pass each node is the first one once; any p and q end; a
 * stop ends the walks. */
#include "graph/walks.h"

#include <string.h>

#include "harness.h"

static const int32_t go_on = 0;

enum { N = 300, LENGTH = 9, N_WALKS = 3 * N, N_THREADS = 4 };

/* Every fifth node has no out-edges; the others have up to 15 of them, node 7 has all. */
struct world {
    int64_t offsets[N + 1], lengths[N_WALKS];
    int32_t neighbours[N * 16 + N], nodes[N_WALKS * LENGTH];
    float weights[N * 16 + N];
    struct wv_alias alias[N * 16 + N];
    struct wv_walks walks;
};

static void make_world(struct world *w, double p, double q, int weighted)
{
    int64_t n = 0;
    for (int32_t i = 0; i < N; i++) {
        w->offsets[i] = n;
        for (int32_t k = 0; k < N && i % 5; k++)
            if (i == 7 || wv_below(wv_draw((uint64_t)i, (uint64_t)k), 30) == 0) {
                w->weights[n] = (float)(1 + k % 4);
                w->neighbours[n++] = k;
            }
    }
    w->offsets[N] = n;
    w->walks =
        (struct wv_walks){.graph = {w->offsets, w->neighbours, weighted ? w->weights : NULL, N}, .p = p, .q = q};
    w->walks.alias = weighted ? w->alias : NULL;
    w->walks.length = LENGTH;
    CHECK(!weighted || wv_alias_rows(&w->walks.graph, 0, N, w->alias) == WV_OK);
}

static int has_edge(const struct world *w, int32_t a, int32_t b)
{
    for (int64_t e = w->offsets[a]; e < w->offsets[a + 1]; e++)
        if (w->neighbours[e] == b)
            return 1;
    return 0;
}

static int is_walk(const struct world *w, const int32_t *nodes, int64_t length)
{
    int good = length >= 1 && length <= LENGTH;
    for (int64_t t = 1; good && t < length; t++)
        good = has_edge(w, nodes[t - 1], nodes[t]);
    for (int64_t t = length; t < LENGTH; t++)
        good = good && nodes[t] == -1;
    return good && (length == LENGTH || w->offsets[nodes[length - 1]] == w->offsets[nodes[length - 1] + 1]);
}

static void draw_part(void *shared, int thread)
{
    struct world *w = shared;
    const int64_t first = N_WALKS * thread / N_THREADS, last = N_WALKS * (thread + 1) / N_THREADS;
    wv_draw_walks(&w->walks, 5, first, last - first, w->nodes + first * LENGTH, w->lengths + first, &go_on);
}

static void walks_are_paths_of_the_graph(struct world *w, struct world *other)
{
    static const double settings[][2] = {{1, 1},      {0.25, 0.25}, {0.01, 4}, {4, 0.5},
                                         {1e9, 1e-9}, {1e-9, 1e9},  {1e9, 1e9}};
    for (int weighted = 0; weighted < 2; weighted++) {
        for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
            make_world(w, settings[s][0], settings[s][1], weighted);
            make_world(other, settings[s][0], settings[s][1], weighted);
            int n_good = 0, first_of[3][N] = {{0}};
            wv_draw_walks(&w->walks, 5, 0, N_WALKS, w->nodes, w->lengths, &go_on);
            run_threads(N_THREADS, draw_part, other);
            for (int i = 0; i < N_WALKS; i++) {
                n_good += is_walk(w, w->nodes + i * LENGTH, w->lengths[i]);
                first_of[i / N][w->nodes[i * LENGTH]]++;
            }
            CHECK(n_good == N_WALKS);
            CHECK(memcmp(w->nodes, other->nodes, sizeof w->nodes) == 0);
            CHECK(memcmp(w->lengths, other->lengths, sizeof w->lengths) == 0);
            int n_once = 0;
            for (int i = 0; i < 3 * N; i++)
                n_once += first_of[i / N][i % N] == 1;
            CHECK(n_once == 3 * N);
        }
    }
}

/* In a graph of one pair of nodes each step returns, whatever its bias. */
static void a_walk_between_two_nodes_returns_each_time(void)
{
    const int64_t offsets[] = {0, 1, 2};
    const int32_t neighbours[] = {1, 0};
    const struct wv_walks walks = {
        .graph = {offsets, neighbours, NULL, 2}, .p = 1e9, .q = 1, .length = LENGTH, .is_symmetric = 1};
    int32_t nodes[2 * LENGTH];
    int64_t lengths[2];
    wv_draw_walks(&walks, 1, 0, 2, nodes, lengths, &go_on);
    CHECK(lengths[0] == LENGTH && lengths[1] == LENGTH);
    for (int t = 1; t < LENGTH; t++)
        CHECK(nodes[t] == 1 - nodes[t - 1]);
}

static void a_stop_ends_the_walks(struct world *w)
{
    const int32_t stop = 1;
    make_world(w, 1e-9, 1e9, 1);
    memset(w->nodes, 77, sizeof w->nodes);
    CHECK(!wv_draw_walks(&w->walks, 5, 0, N_WALKS, w->nodes, w->lengths, &stop));
    int n_drawn = 0;
    for (int i = 0; i < N_WALKS; i++)
        n_drawn += w->nodes[i * LENGTH + 1] != 0x4d4d4d4d;
    CHECK(n_drawn == 0);
    CHECK(wv_draw_walks(&w->walks, 5, 0, 0, w->nodes, w->lengths, &go_on));
}

int main(void)
{
    struct world *w = malloc(sizeof *w), *other = malloc(sizeof *other);
    if (!w || !other)
        abort();
    walks_are_paths_of_the_graph(w, other);
    a_walk_between_two_nodes_returns_each_time();
    a_stop_ends_the_walks(w);
    free(w);
    free(other);
    return finish();
}
