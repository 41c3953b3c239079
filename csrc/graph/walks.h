/* Random walks. In: a graph, settings, a key. Out: the nodes of each walk.
 *
 * First order: the next node is a neighbour, drawn by the weight of its edge (DeepWalk: Perozzi, Al-Rfou, Skiena 2014). Second order:
 * its weight also depends on the node before (node2vec: Grover, Leskovec 2016): times 1/p if it is that node, times 1 if that node has
 * an edge to it, else times 1/q. Probabilities are exact up to 2^-32: a bias below 2^-32 of the largest one is 0. A walk ends early at a node without out-edges. */
#ifndef WILDVEC_WALKS_H
#define WILDVEC_WALKS_H

#include "graph/graph.h"
#include "sampler.h"
#include "status.h"

struct wv_walks {
    struct wv_graph graph;
    const struct wv_alias
        *alias;           /* (edges) an alias table for each node, see wv_alias_rows; NULL: all weights are 1 */
    double p, q;          /* 1e-9 … 1e9 */
    int32_t length;       /* most nodes of a walk, at least 2 */
    int32_t is_symmetric; /* each edge is stored at both of its nodes */
    int64_t n_walks;  /* walks of an epoch; walk w belongs to pass w / n_nodes, which begins once at each node */
    int64_t per_unit; /* training: walks of a unit; the last unit may have less */
};

/* The key of the walks of an epoch, from that of its chunks. */
static inline uint64_t wv_walks_key(uint64_t epoch_key)
{
    return wv_subkey(epoch_key, UINT64_MAX);
}

/* Draws the walks first … first + n of the key. nodes: receives (n, length), -1 behind the end of a walk. lengths: receives (n). A walk
 * depends on nothing but the graph, the settings, the key and its number. Returns 1; 0 if another thread has set *stop, after which
 * walks are missing and lengths have no meaning. */
int wv_draw_walks(const struct wv_walks *walks, uint64_t key, int64_t first, int64_t n, int32_t *nodes,
                  int64_t *lengths, const int32_t *stop);

/* Builds the alias tables of the nodes first … last of a graph with weights. */
enum wv_status wv_alias_rows(const struct wv_graph *graph, int64_t first, int64_t last, struct wv_alias *alias);

#endif
