/* Tests of propagation, on every instruction set that this CPU has. Arrays end with their last element, so the sanitizers detect
 * a read or write after it. tests/models/test_propagation.py compares the results with numpy. */
#include "graph/propagate.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "harness.h"

enum { N = 37 };

static float noise(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 23) - 1.0f;
}

static float *random_floats(int64_t n, uint32_t seed)
{
    float *values = malloc((size_t)n * sizeof *values);
    for (int64_t i = 0; i < n; i++)
        values[i] = noise(&seed);
    return values;
}

/* Node i has i % 5 neighbours. The arrays have no element behind the last edge. */
static struct wv_graph make_graph(int is_weighted)
{
    int64_t *offsets = malloc((N + 1) * sizeof *offsets), n = 0;
    for (int32_t i = 0; i <= N; n += i++ % 5)
        offsets[i] = n;
    int32_t *neighbours = malloc((size_t)offsets[N] * sizeof *neighbours);
    for (int32_t i = 0; i < N; i++)
        for (int64_t e = offsets[i]; e < offsets[i + 1]; e++)
            neighbours[e] = (int32_t)((e - offsets[i]) * 9 + i % 3);
    return (struct wv_graph){offsets, neighbours, is_weighted ? random_floats(offsets[N], 3) : NULL, N};
}

static void free_graph(struct wv_graph *graph)
{
    free((void *)graph->offsets);
    free((void *)graph->neighbours);
    free((void *)graph->weights);
}

static void rows_are_sums_over_neighbours(enum wv_isa isa, int64_t width, int is_weighted)
{
    struct wv_graph graph = make_graph(is_weighted);
    const int32_t run = 0, stop = 1;
    float *scale = random_floats(N, 1), *from = random_floats(N * width, 2), *to = random_floats(N * width, 4);
    struct wv_propagation step = {graph, scale, from, to, width, 0.5f};
    wv_propagate(&step, 0, 20, isa, &run);
    wv_propagate(&step, 20, N, isa, &run);
    for (int64_t i = 0; i < N; i++) {
        for (int64_t k = 0; k < width; k++) {
            double sum = 0;
            for (int64_t e = graph.offsets[i]; e < graph.offsets[i + 1]; e++)
                sum +=
                    (double)from[graph.neighbours[e] * width + k] * (is_weighted ? (double)graph.weights[e] : 1.0);
            CHECK_NEAR(to[i * width + k], (double)scale[i] * sum + 0.5 * (double)from[i * width + k], 1e-5);
        }
    }
    to[0] = 7;
    wv_propagate(&step, 0, N, isa, &stop);
    CHECK(to[0] == 7);
    free(scale);
    free(from);
    free(to);
    free_graph(&graph);
}

static void gram_and_product_are_sums_over_rows(enum wv_isa isa, int64_t n, int64_t width)
{
    float *rows = random_floats(n * width, 1), *weights = random_floats(n, 2);
    float *factors = random_floats(width * width, 3), *to = malloc((size_t)(n * width) * sizeof *to);
    double *gram = malloc((size_t)(width * width) * sizeof *gram);
    wv_gram(rows, weights, n, width, isa, gram);
    wv_multiply_rows(rows, n, width, factors, isa, to);
    for (int64_t a = 0; a < width; a += 3) {
        for (int64_t b = a; b < width; b++) {
            double sum = 0;
            for (int64_t i = 0; i < n; i++)
                sum += (double)weights[i] * (double)rows[i * width + a] * (double)rows[i * width + b];
            CHECK_NEAR(gram[a * width + b], sum, 1e-3);
        }
    }
    for (int64_t i = 0; i < n; i += 7) {
        for (int64_t b = 0; b < width; b++) {
            double sum = 0;
            for (int64_t a = 0; a < width; a++)
                sum += (double)rows[i * width + a] * (double)factors[a * width + b];
            CHECK_NEAR(to[i * width + b], sum, 1e-3);
        }
    }
    free(rows);
    free(weights);
    free(factors);
    free(to);
    free(gram);
}

static void rows_get_a_length(enum wv_isa isa, int64_t width)
{
    float *rows = random_floats(3 * width, 1);
    memset(rows + width, 0, (size_t)width * sizeof *rows);
    wv_scale_rows(rows, 3, width, 2, isa);
    for (int64_t i = 0; i < 3; i++) {
        double squares = 0;
        for (int64_t k = 0; k < width; k++)
            squares += (double)rows[i * width + k] * (double)rows[i * width + k];
        CHECK_NEAR(sqrt(squares), i == 1 ? 0 : 2, 1e-5);
    }
    free(rows);
}

int main(void)
{
    static const int64_t widths[] = {16, 32, 80, 144, 272};
    for (int i = 0; i < WV_N_ISAS; i++) {
        const enum wv_isa isa = (enum wv_isa)i;
        for (size_t w = 0; wv_cpu_has(isa) && w < sizeof widths / sizeof *widths; w++) {
            rows_are_sums_over_neighbours(isa, widths[w], 0);
            rows_are_sums_over_neighbours(isa, widths[w], 1);
            rows_get_a_length(isa, widths[w]);
            gram_and_product_are_sums_over_rows(isa, 1, widths[w]);
            gram_and_product_are_sums_over_rows(isa, WV_GRAM_ROWS + 3, widths[w] < 144 ? widths[w] : 48);
        }
    }
    return finish();
}
