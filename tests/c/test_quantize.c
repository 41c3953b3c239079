/* Tests of k-means, on every instruction set that this CPU has. Arrays end with their last element, so the sanitizers detect
 * a read or write after it. */
#include "quantize/quantize.h"

#include <stdint.h>

#include "harness.h"

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

static double distance(const struct wv_points *points, int64_t i, const float *centroids, int c)
{
    double sum = 0;
    for (int j = 0; j < points->dsub; j++) {
        double difference =
            (double)points->values[j * points->stride + i] - (double)centroids[j * WV_CENTROIDS + c];
        sum += difference * difference;
    }
    return sum;
}

static double mean_distance(const struct wv_points *points, const float *centroids, const uint8_t *codes)
{
    double sum = 0;
    for (int64_t i = 0; i < points->n; i++)
        sum += distance(points, i, centroids, codes[i]);
    return sum / (double)points->n;
}

static void nearest_centroids_are_found(enum wv_isa isa, int64_t n, int dsub)
{
    float *values = random_floats((dsub - 1) * (n + 3) + n, 1), *centroids = random_floats(dsub * WV_CENTROIDS, 2);
    uint8_t *codes = malloc((size_t)(2 * n - 1));
    const struct wv_points points = {values, n, n + 3, dsub};
    CHECK(wv_find_nearest(&points, centroids, codes, 2, isa) == WV_OK);
    for (int64_t i = 0; i < n; i++)
        for (int c = 0; c < WV_CENTROIDS; c += 5)
            CHECK(distance(&points, i, centroids, codes[2 * i]) <= distance(&points, i, centroids, c) + 1e-6);
    free(values);
    free(centroids);
    free(codes);
}

static void steps_make_the_error_smaller(enum wv_isa isa)
{
    enum { N = 2000, DSUB = 2 };
    float *values = random_floats(DSUB * N, 3), *centroids = malloc(DSUB * WV_CENTROIDS * sizeof *centroids);
    uint8_t *codes = malloc(N);
    const struct wv_points points = {values, N, N, DSUB};
    double first = 0, last = 0;
    for (int k = 0; k < DSUB * WV_CENTROIDS; k++)
        centroids[k] = 5; /* all equal: one cluster, which is split */
    for (int step = 0; step < 30; step++) {
        CHECK(wv_kmeans_step(&points, centroids, codes, isa) == WV_OK);
        last = mean_distance(&points, centroids, codes);
        first = step ? first : last;
    }
    CHECK(last < first / 30);
    free(values);
    free(centroids);
    free(codes);
}

int main(void)
{
    const struct wv_points none = {NULL, 0, 0, 1};
    CHECK(wv_find_nearest(&none, NULL, NULL, 1, (enum wv_isa)WV_N_ISAS) == WV_UNSUPPORTED_ISA);
    for (int isa = 0; isa < WV_N_ISAS; isa++) {
        if (!wv_cpu_has((enum wv_isa)isa))
            continue;
        for (int64_t n = 1; n < 70; n += 4)
            nearest_centroids_are_found((enum wv_isa)isa, n, 1 + (int)n % 5);
        nearest_centroids_are_found((enum wv_isa)isa, 33, WV_MAX_DSUB);
        steps_make_the_error_smaller((enum wv_isa)isa);
    }
    return finish();
}
