/* Tests of the search, on every instruction set that this CPU has. The k best rows of small pseudo-random matrices must
 * be those of a plain loop. The matrices end with their last float, so the sanitizers detect a read after it. */
#include "search/search.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"

static float noise(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 23) - 1.0f;
}

/* Return n x dim floats with `stride` floats from one row to the next; nothing follows the last row. */
static float *random_rows(int64_t n, int64_t dim, int64_t stride, uint32_t seed)
{
    float *rows = malloc((size_t)((n - 1) * stride + dim) * sizeof *rows);
    for (int64_t i = 0; i < (n - 1) * stride + dim; i++)
        rows[i] = noise(&seed);
    return rows;
}

static void scale_to_unit(float *rows, int64_t n, int64_t dim)
{
    for (int64_t i = 0; i < n; i++) {
        double squares = 0;
        for (int64_t d = 0; d < dim; d++)
            squares += (double)rows[i * dim + d] * (double)rows[i * dim + d];
        for (int64_t d = 0; d < dim; d++)
            rows[i * dim + d] = (float)((double)rows[i * dim + d] / sqrt(squares));
    }
}

static double cosine(const float *query, const float *row, int64_t dim)
{
    double dot = 0, squares = 0;
    for (int64_t d = 0; d < dim; d++) {
        dot += (double)query[d] * (double)row[d];
        squares += (double)row[d] * (double)row[d];
    }
    return squares > 0 ? dot / sqrt(squares) : 0;
}

/* Return nonzero if the k scores are those of a plain loop, in falling order, and no other row scores more. */
static int is_right(const float *query, const float *rows, int64_t n, int64_t dim, int64_t stride,
                    const float *scores, const int64_t *found, int64_t k)
{
    int64_t better = 0;
    for (int64_t i = 0; i < n; i++)
        better += cosine(query, rows + i * stride, dim) > (double)scores[k - 1] + 1e-5;
    if (better > k)
        return 0;
    for (int64_t i = 0; i < k; i++) {
        if (found[i] < 0 || found[i] >= n || (i > 0 && scores[i] > scores[i - 1]))
            return 0;
        if (!(fabs(cosine(query, rows + found[i] * stride, dim) - (double)scores[i]) < 1e-5))
            return 0;
    }
    return 1;
}

struct problem {
    int64_t n, dim, stride, n_queries, k;
};

/* Search with two workers, each with half of the rows. wv_cosines must give the same bits for each row found. */
static void search_one(enum wv_isa isa, struct problem p)
{
    float *rows = random_rows(p.n, p.dim, p.stride, 1), *queries = random_rows(p.n_queries, p.dim, p.dim, 2);
    float *scores = malloc((size_t)(p.n_queries * p.k) * sizeof *scores);
    float *every = malloc((size_t)(p.n_queries * p.n) * sizeof *every);
    int64_t *found = malloc((size_t)(p.n_queries * p.k) * sizeof *found), half = p.n / 2;
    struct wv_queries *prepared = NULL;
    struct wv_best *best[2] = {NULL, NULL};
    scale_to_unit(queries, p.n_queries, p.dim);
    CHECK(wv_queries_new(queries, p.n_queries, p.dim, isa, &prepared) == WV_OK);
    CHECK(wv_best_new(prepared, p.k, &best[0]) == WV_OK && wv_best_new(prepared, p.k, &best[1]) == WV_OK);
    wv_best_scan(best[1], rows + half * p.stride, p.n - half, p.stride, half);
    wv_best_scan(best[0], rows, half, p.stride, 0);
    wv_best_merge(best[0], best[1]);
    wv_best_write(best[0], scores, found);
    wv_cosines(prepared, rows, p.n, p.stride, every, p.n);
    int right = 1, same = 1;
    for (int64_t q = 0; q < p.n_queries; q++) {
        right &= is_right(queries + q * p.dim, rows, p.n, p.dim, p.stride, scores + q * p.k, found + q * p.k, p.k);
        for (int64_t i = q * p.k; i < (q + 1) * p.k; i++)
            same &= every[q * p.n + found[i]] == scores[i];
    }
    CHECK(right);
    CHECK(same);
    wv_best_free(best[0]);
    wv_best_free(best[1]);
    wv_queries_free(prepared);
    free(rows), free(queries), free(scores), free(every), free(found);
}

static void all_shapes(enum wv_isa isa)
{
    for (int64_t dim = 1; dim <= 67; dim++) {
        search_one(isa, (struct problem){41, dim, dim, 1, 5});
        search_one(isa, (struct problem){133, dim, dim + dim % 5, 30 + dim, 3});
    }
    search_one(isa, (struct problem){1, 5, 5, 1, 1});
    search_one(isa, (struct problem){300, 24, 24, 97, 300});
    search_one(isa, (struct problem){1000, 48, 50, 2, 10});
}

/* Search by dot product, where each query leaves out every third row from its own number on. */
static void search_products(enum wv_isa isa, struct problem p)
{
    float *rows = random_rows(p.n, p.dim, p.stride, 3), *queries = random_rows(p.n_queries, p.dim, p.dim, 4);
    float *scores = malloc((size_t)(p.n_queries * p.k) * sizeof *scores);
    float *every = malloc((size_t)(p.n_queries * p.n) * sizeof *every);
    int64_t *found = malloc((size_t)(p.n_queries * p.k) * sizeof *found);
    int64_t *offsets = calloc((size_t)p.n_queries + 1, sizeof *offsets);
    int32_t *ids = malloc((size_t)(p.n_queries * p.n + 1) * sizeof *ids);
    struct wv_queries *prepared = NULL;
    struct wv_best *best = NULL;
    for (int64_t q = 0; q < p.n_queries; q++) {
        offsets[q + 1] = offsets[q];
        for (int64_t i = q % 5; i < p.n; i += 3)
            ids[offsets[q + 1]++] = (int32_t)i;
    }
    CHECK(wv_product_queries_new(queries, p.n_queries, p.dim, sqrtf((float)p.dim), isa, &prepared) == WV_OK);
    CHECK(wv_best_new(prepared, p.k, &best) == WV_OK);
    wv_best_exclude(best, offsets, ids);
    wv_best_scan(best, rows, p.n, p.stride, 0);
    wv_best_write(best, scores, found);
    wv_cosines(prepared, rows, p.n, p.stride, every, p.n);
    int right = 1;
    for (int64_t q = 0; q < p.n_queries; q++) {
        const float *all = every + q * p.n;
        for (int64_t j = offsets[q]; j < offsets[q + 1]; j++)
            every[q * p.n + ids[j]] = -INFINITY;
        int64_t better = 0;
        for (int64_t i = 0; i < p.n; i++)
            better += all[i] > scores[(q + 1) * p.k - 1];
        right &= better < p.k;
        for (int64_t i = q * p.k; i < (q + 1) * p.k; i++)
            right &= found[i] >= 0 && all[found[i]] == scores[i];
    }
    CHECK(right);
    wv_best_free(best);
    wv_queries_free(prepared);
    free(rows), free(queries), free(scores), free(every), free(found), free(offsets), free(ids);
}

/* A row so long that its norm is infinite as a float: queries of zeros score 0 with each row. */
static void zero_queries_find_rows_beside_a_huge_one(enum wv_isa isa)
{
    enum { QUERIES = 100, ROWS = 3, DIM = 8 };
    float *queries = calloc(QUERIES * DIM, sizeof *queries), rows[ROWS * DIM] = {1, 2};
    float scores[QUERIES * ROWS];
    int64_t found[QUERIES * ROWS];
    struct wv_queries *prepared = NULL;
    struct wv_best *best = NULL;
    rows[DIM] = 1e20f;
    CHECK(wv_product_queries_new(queries, QUERIES, DIM, INFINITY, isa, &prepared) == WV_OK);
    CHECK(wv_best_new(prepared, ROWS, &best) == WV_OK);
    wv_best_scan(best, rows, ROWS, DIM, 0);
    wv_best_write(best, scores, found);
    for (int i = 0; i < QUERIES * ROWS; i++)
        CHECK(found[i] == i % ROWS && scores[i] == 0);
    wv_best_free(best);
    wv_queries_free(prepared);
    free(queries);
}

static void all_products(enum wv_isa isa)
{
    for (int64_t dim = 1; dim <= 67; dim++) {
        search_products(isa, (struct problem){41, dim, dim, 1, 5});
        search_products(isa, (struct problem){133, dim, dim + dim % 5, 30 + dim, 3});
    }
}

static void odd_rows(enum wv_isa isa, int64_t n_queries)
{
    const float rows[5][2] = {{NAN, 1}, {0, 0}, {1e-40f, 1e-40f}, {-3e38f, -3e38f}, {2, 2}};
    float *queries = malloc((size_t)(2 * n_queries) * sizeof *queries),
          *scores = malloc((size_t)(5 * n_queries) * 4);
    int64_t *found = malloc((size_t)(5 * n_queries) * sizeof *found);
    struct wv_queries *prepared = NULL;
    struct wv_best *best = NULL;
    for (int64_t i = 0; i < 2 * n_queries; i++)
        queries[i] = 0.70710678f;
    queries[2 * n_queries - 1] = n_queries > 1 ? NAN : queries[0]; /* the last of several queries finds nothing */
    CHECK(wv_queries_new(queries, n_queries, 2, isa, &prepared) == WV_OK);
    CHECK(wv_best_new(prepared, 5, &best) == WV_OK);
    wv_best_scan(best, rows[0], 5, 2, 0);
    wv_best_write(best, scores, found);
    const int64_t expected[2][5] = {{2, 4, 1, 3, -1}, {4, 2, 1, 3, -1}}; /* two scores differ only by rounding */
    CHECK(memcmp(found, expected[0], sizeof expected[0]) == 0 ||
          memcmp(found, expected[1], sizeof expected[1]) == 0);
    CHECK_NEAR(scores[1], 1, 1e-6);
    CHECK_NEAR(scores[2], 0, 0);
    CHECK_NEAR(scores[3], -1, 1e-6);
    CHECK(isnan(scores[4]));
    CHECK(n_queries == 1 || found[5 * n_queries - 5] == -1);
    wv_best_free(best);
    wv_queries_free(prepared);
    free(queries), free(scores), free(found);
}

static void backwards(enum wv_isa isa)
{
    const float rows[3][2] = {{0, 1}, {1, 1}, {1, 0}}, query[2] = {1, 0};
    struct wv_queries *prepared = NULL;
    struct wv_best *best = NULL;
    float scores[3];
    int64_t found[3];
    CHECK(wv_queries_new(query, 1, 2, isa, &prepared) == WV_OK && wv_best_new(prepared, 3, &best) == WV_OK);
    wv_best_scan(best, rows[2], 3, -2, 10);
    wv_best_write(best, scores, found);
    CHECK(found[0] == 10 && found[1] == 11 && found[2] == 12);
    wv_best_free(best);
    wv_queries_free(prepared);
}

static void offers_and_ties(void)
{
    const float query[1] = {1}, offered[6] = {.5f, NAN, .75f, .5f, .75f, -1};
    struct wv_queries *prepared = NULL;
    struct wv_best *best = NULL;
    float scores[3];
    int64_t found[3];
    CHECK(wv_queries_new(query, 1, 1, WV_SCALAR, &prepared) == WV_OK && wv_best_new(prepared, 3, &best) == WV_OK);
    wv_best_offer(best, offered, 6, 100);
    wv_best_write(best, scores, found);
    CHECK(found[0] == 102 && found[1] == 104 && found[2] == 100);
    CHECK(scores[0] == .75f && scores[1] == .75f && scores[2] == .5f);
    wv_best_free(best);
    wv_queries_free(prepared);
    wv_best_free(NULL);
    wv_queries_free(NULL);
}

static void unknown_instruction_sets(void)
{
    const float query[1] = {1};
    struct wv_queries *prepared = NULL;
    CHECK(wv_queries_new(query, 1, 1, (enum wv_isa)WV_N_ISAS, &prepared) == WV_UNSUPPORTED_ISA);
    CHECK(prepared == NULL);
}

static void means_of_rows(void)
{
    enum { N_ROWS = 5, DIM = 7, STRIDE = 9, N = 3 };
    const int32_t ids[] = {4, 0, 4, 2, -1};
    const int64_t offsets[N + 1] = {0, 3, 3, 5};
    float *rows = random_rows(N_ROWS, DIM, STRIDE, 3), *means = malloc(N * DIM * sizeof *means);
    struct wv_row_lists lists = {rows, NULL, STRIDE, 0, DIM, ids, offsets, N};
    wv_mean_rows(&lists, means);
    for (int d = 0; d < DIM; d++) {
        CHECK_NEAR(means[d], (2 * rows[4 * STRIDE + d] + rows[d]) / 3, 1e-6);
        CHECK(means[DIM + d] == 0);
        CHECK(means[2 * DIM + d] == rows[2 * STRIDE + d]);
    }
    lists.own = rows;
    lists.own_stride = STRIDE;
    wv_mean_rows(&lists, means);
    for (int d = 0; d < DIM; d++) {
        CHECK(means[DIM + d] == rows[STRIDE + d]);
        CHECK_NEAR(means[2 * DIM + d], rows[2 * STRIDE + d], 1e-6);
    }
    lists = (struct wv_row_lists){rows + (N_ROWS - 1) * STRIDE, NULL, -STRIDE, 0, DIM, ids + 3, offsets, 0};
    wv_mean_rows(&lists, means);
    free(rows);
    free(means);
}

int main(void)
{
    for (int isa = 0; isa < WV_N_ISAS; isa++) {
        if (!wv_cpu_has((enum wv_isa)isa))
            continue;
        all_shapes((enum wv_isa)isa);
        all_products((enum wv_isa)isa);
        zero_queries_find_rows_beside_a_huge_one((enum wv_isa)isa);
        odd_rows((enum wv_isa)isa, 1);
        odd_rows((enum wv_isa)isa, 60);
        backwards((enum wv_isa)isa);
    }
    offers_and_ties();
    means_of_rows();
    unknown_instruction_sets();
    return finish();
}
