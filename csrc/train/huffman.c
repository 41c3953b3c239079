/* In: counts of words. Out: for every word the path from the root of the Huffman tree to its leaf.
 * What training does with a path is not here (see objective/path.inc.h). */
#include <stdlib.h>

#include "train/train.h"

/* Joins the two smallest trees until one is left; of equal ones an inner node comes first, as in word2vec.c and fastText, so
 * that their models have the same tree. order[n]: the words by falling count. parent and is_right have
 * 2n - 1 places: leaf k (the k-th of order, from the rarest) at k, inner nodes from n on in the order of creation. */
static void join(const int64_t *counts, const int32_t *order, int32_t n, int64_t *weight, int32_t *parent,
                 uint8_t *is_right)
{
    for (int32_t k = 0; k < n; k++)
        weight[k] = counts[order[n - 1 - k]];
    int32_t leaf = 0, inner = n; /* both queues rise in weight, so no heap is needed (van Leeuwen 1976) */
    for (int32_t node = n; node < 2 * n - 1; node++) {
        int32_t child[2];
        for (int side = 0; side < 2; side++)
            child[side] = leaf < n && (inner == node || weight[leaf] < weight[inner]) ? leaf++ : inner++;
        weight[node] = weight[child[0]] + weight[child[1]];
        for (int side = 0; side < 2; side++) {
            parent[child[side]] = node;
            is_right[child[side]] = (uint8_t)side;
        }
    }
}

static int32_t depth_of(const int32_t *parent, int32_t leaf, int32_t root)
{
    int32_t depth = 0;
    for (int32_t at = leaf; at != root; at = parent[at])
        depth++;
    return depth;
}

/* Inner nodes are numbered root first (0), so that the most used rows have the lowest numbers.
 * First call with nodes and codes NULL: only offsets[n + 1] are written. */
enum wv_status wv_huffman(const int64_t *counts, const int32_t *order, int32_t n, int64_t *offsets, int32_t *nodes,
                          uint8_t *codes)
{
    int64_t *weight = malloc((size_t)(2 * n) * sizeof *weight);
    int32_t *parent = malloc((size_t)(2 * n) * sizeof *parent);
    uint8_t *is_right = malloc((size_t)(2 * n));
    if (!weight || !parent || !is_right) {
        free(weight);
        free(parent);
        free(is_right);
        return WV_NO_MEMORY;
    }
    join(counts, order, n, weight, parent, is_right);
    const int32_t root = 2 * n - 2;
    for (int32_t k = 0; k < n; k++)
        offsets[order[n - 1 - k] + 1] = depth_of(parent, k, root);
    offsets[0] = 0;
    for (int32_t i = 0; i < n; i++)
        offsets[i + 1] += offsets[i];
    for (int32_t k = 0; nodes && k < n; k++) {
        int64_t end = offsets[order[n - 1 - k] + 1];
        for (int32_t at = k; at != root; at = parent[at]) {
            nodes[--end] = root - parent[at];
            codes[end] = is_right[at];
        }
    }
    free(weight);
    free(parent);
    free(is_right);
    return WV_OK;
}
