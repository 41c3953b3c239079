/* In: weights and counts. Tested: an alias table has the distribution of its weights, and Huffman paths are a prefix code of
 * minimal length. */
#include "sampler.h"
#include "train/train.h"

#include <string.h>

#include "harness.h"

enum { MOST = 300 };

/* Compare the probabilities of a table, computed from its columns, with the weights. */
static void check_table(const double *weights, int32_t n)
{
    struct wv_alias *table = malloc((size_t)n * sizeof *table);
    double weight_of[MOST] = {0}, total = 0, sum = 0;
    CHECK(wv_alias_build(weights, n, table) == WV_OK);
    for (int32_t i = 0; i < n; i++) {
        const double own = table[i].alias == i ? 1 : table[i].threshold / 4294967296.0;
        CHECK(table[i].alias >= 0 && table[i].alias < n);
        weight_of[i] += own;
        weight_of[table[i].alias] += 1 - own;
        total += weights[i];
    }
    for (int32_t i = 0; i < n; i++) {
        CHECK_NEAR(weight_of[i] / n, weights[i] / total, 1e-9);
        CHECK(weights[i] > 0 || weight_of[i] == 0);
        sum += weight_of[i];
    }
    CHECK_NEAR(sum, n, 1e-6);
    for (uint64_t i = 0; i < 1000; i++) {
        const int32_t drawn = wv_alias_draw(table, n, i ? wv_draw(7, i) : UINT64_MAX);
        CHECK(drawn >= 0 && drawn < n && weights[drawn] > 0);
    }
    free(table);
}

static void alias_tables_have_the_distribution_of_their_weights(void)
{
    double weights[MOST];
    for (int32_t n = 1; n <= MOST; n = n * 2 + 1) {
        for (int shape = 0; shape < 5; shape++) {
            for (int32_t i = 0; i < n; i++)
                weights[i] = shape == 0   ? 0.1
                             : shape == 1 ? pow(i + 1.0, -0.75)
                             : shape == 2 ? (double)(i == n / 2)
                             : shape == 3 ? (double)(wv_draw(n, i) >> 40) * (i % 3 != 0) + 1e-300 * (i == 0)
                                          : pow(10, i % 20 - 10);
            if (shape == 3 && n == 1)
                weights[0] = 1e300;
            check_table(weights, n);
        }
    }
}

static void draws_follow_the_weights(void)
{
    const double weights[] = {4, 1, 0, 3, 2};
    struct wv_alias table[5];
    int seen[5] = {0};
    CHECK(wv_alias_build(weights, 5, table) == WV_OK);
    for (uint64_t i = 0; i < 100000; i++)
        seen[wv_alias_draw(table, 5, wv_draw(3, i))]++;
    for (int i = 0; i < 5; i++)
        CHECK_NEAR(seen[i] / 1e4, weights[i], 0.1);
}

/* Returns the length of an optimal code: the two smallest counts are joined repeatedly. */
static int64_t least_length(const int64_t *counts, int32_t n)
{
    int64_t left[MOST], length = 0;
    memcpy(left, counts, (size_t)n * sizeof *left);
    for (; n > 1; n--) {
        for (int32_t position = n - 1; position >= n - 2; position--) {
            int32_t smallest = 0;
            for (int32_t i = 1; i <= position; i++)
                if (left[i] < left[smallest])
                    smallest = i;
            const int64_t swapped = left[position];
            left[position] = left[smallest];
            left[smallest] = swapped;
        }
        left[n - 2] += left[n - 1];
        length += left[n - 2];
    }
    return length;
}

/* Returns 1 if the paths leave the same node by different codes, so that none is a prefix of the other. */
static int are_separate(const int64_t *offsets, const int32_t *nodes, const uint8_t *codes, int32_t a, int32_t b)
{
    int64_t i = offsets[a], j = offsets[b];
    for (; i < offsets[a + 1] && j < offsets[b + 1]; i++, j++) {
        if (nodes[i] != nodes[j])
            return 0;
        if (codes[i] != codes[j])
            return 1;
    }
    return 0;
}

static void check_paths(const int64_t *counts, const int32_t *order, int32_t n)
{
    int64_t *offsets = malloc(((size_t)n + 1) * sizeof *offsets), length = 0, n_apart = 0;
    CHECK(wv_huffman(counts, order, n, offsets, NULL, NULL) == WV_OK);
    const size_t n_steps = (size_t)offsets[n];
    int32_t *nodes = malloc(n_steps * sizeof *nodes + 1);
    uint8_t *codes = malloc(n_steps + 1);
    CHECK(wv_huffman(counts, order, n, offsets, nodes, codes) == WV_OK);
    CHECK(offsets[0] == 0 && (size_t)offsets[n] == n_steps);
    for (int32_t a = 0; a < n; a++) {
        length += counts[a] * (offsets[a + 1] - offsets[a]);
        CHECK(n == 1 || nodes[offsets[a]] == 0);
        for (int64_t k = offsets[a]; k < offsets[a + 1]; k++)
            CHECK(nodes[k] >= 0 && nodes[k] < n - 1 && codes[k] <= 1 &&
                  (k == offsets[a] || nodes[k] > nodes[k - 1]));
        for (int32_t b = 0; b < a; b++)
            n_apart += are_separate(offsets, nodes, codes, a, b);
    }
    CHECK(n_apart == (int64_t)n * (n - 1) / 2);
    CHECK(length == least_length(counts, n));
    free(offsets);
    free(nodes);
    free(codes);
}

static void huffman_paths_are_an_optimal_prefix_code(void)
{
    int64_t counts[MOST];
    int32_t order[MOST];
    for (int32_t n = 1; n <= MOST; n = n * 3 / 2 + 1) {
        for (int32_t i = 0; i < n; i++)
            order[i] = i;
        for (int32_t i = 0; i < n; i++)
            counts[i] = 3;
        check_paths(counts, order, n);
        for (int32_t i = 0; i < n; i++)
            counts[i] = 1 + 100000 / (i + 1);
        check_paths(counts, order, n);
        for (int32_t i = 0; i < n; i++) { /* the rarest word first */
            counts[i] = 1 + (int64_t)i * i;
            order[i] = n - 1 - i;
        }
        check_paths(counts, order, n);
    }
    enum { DEEP = 80 }; /* Fibonacci numbers: the longest path has as many steps as there are words */
    for (int32_t i = DEEP - 1; i >= 0; i--) {
        counts[i] = i > DEEP - 3 ? 1 : counts[i + 1] + counts[i + 2];
        order[i] = i;
    }
    check_paths(counts, order, DEEP);
}

int main(void)
{
    alias_tables_have_the_distribution_of_their_weights();
    draws_follow_the_weights();
    huffman_paths_are_an_optimal_prefix_code();
    return finish();
}
