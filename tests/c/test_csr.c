/* In: random edges, text of edge lists, and integers. Tested: rows of neighbours equal their definition, built in parts by several
 * threads, with rows of any length; the parser of edge lists reads what is an edge of integers, and nothing behind the text;
 * integers are numbered. */
#include "graph/edge_list.h"
#include "graph/graph.h"
#include "graph/numbering.h"
#include "rng.h"

#include <string.h>

#include "harness.h"

enum { N_NODES = 9000, N_HUBS = 3, N_EDGES = 60000, N_PARTS = 4 };

/* Edges, and the matrix that is built of them. */
struct world {
    struct wv_edges edges;
    int32_t rows[N_EDGES], columns[N_EDGES];
    float weights[N_EDGES];
    int64_t counts[N_NODES + 2]; /* counts at [2 …]; after the build the offsets at [0 …] */
    int32_t out[2 * N_EDGES];
    float out_weights[2 * N_EDGES];
    int64_t begins[N_PARTS + 1], n_failed[N_PARTS];
    int32_t bounds[N_PARTS + 1];
};

static void make_edges(struct world *w, uint64_t seed, int symmetric, int weighted)
{
    for (int64_t i = 0; i < N_EDGES; i++) {
        const uint64_t draw = wv_draw(seed, (uint64_t)i);
        w->rows[i] = (int32_t)wv_below(draw, draw & 1 ? N_NODES : N_HUBS); /* rows of 3 and of 10,000 entries */
        w->columns[i] = (int32_t)wv_below(wv_draw(seed + 1, (uint64_t)i), draw & 2 ? N_NODES : 50);
        w->weights[i] = (float)(1 + (draw >> 8 & 7));
    }
    w->edges = (struct wv_edges){w->rows, w->columns, weighted ? w->weights : NULL, N_NODES, N_NODES, symmetric};
    memset(w->counts, 0, sizeof w->counts);
    memset(w->n_failed, 0, sizeof w->n_failed);
}

static void count_part(void *world, int part)
{
    struct world *w = world;
    const struct wv_rows_part own = {(uint32_t)part, N_PARTS - 1};
    w->n_failed[part] += wv_count_edges(&w->edges, 0, 1000, own, w->counts + 2) != -1;
    w->n_failed[part] += wv_count_edges(&w->edges, 1000, N_EDGES, own, w->counts + 2) != -1;
}

static void place_part(void *world, int part)
{
    struct world *w = world;
    const struct wv_rows_part own = {(uint32_t)part, N_PARTS - 1};
    wv_place_edges(&w->edges, 0, 777, own, w->counts + 1, w->out, w->out_weights);
    wv_place_edges(&w->edges, 777, N_EDGES, own, w->counts + 1, w->out, w->out_weights);
}

static void sort_part(void *world, int part)
{
    struct world *w = world;
    const int32_t go = 0;
    const int64_t first = w->bounds[part], last = w->bounds[part + 1];
    float *weights = w->edges.weights ? w->out_weights : NULL;
    w->n_failed[part] += wv_sort_rows(first, last, w->begins[part], w->counts + 1, w->out, weights, &go) != WV_OK;
}

static void build(struct world *w)
{
    run_threads(N_PARTS, count_part, w);
    for (int64_t i = 1; i < N_NODES + 2; i++)
        w->counts[i] += w->counts[i - 1];
    run_threads(N_PARTS, place_part, w);
    for (int part = 0; part <= N_PARTS; part++) {
        w->bounds[part] = part * N_NODES / N_PARTS;
        w->begins[part] = w->counts[w->bounds[part]];
    }
    run_threads(N_PARTS, sort_part, w);
    for (int part = 0; part < N_PARTS; part++)
        CHECK(w->n_failed[part] == 0);
}

/* Returns the number of entries of a row that differ from the edges. */
static int64_t count_wrong(const struct world *w, int32_t row, int part)
{
    static double sums[N_NODES];
    memset(sums, 0, sizeof sums);
    for (int64_t i = 0; i < N_EDGES; i++) {
        if (w->rows[i] == row)
            sums[w->columns[i]] += w->weights[i];
        if (w->columns[i] == row && w->edges.symmetric && w->rows[i] != row)
            sums[w->rows[i]] += w->weights[i];
    }
    int64_t place = row == w->bounds[part] ? w->begins[part] : w->counts[row], n_wrong = 0;
    for (int32_t column = 0; column < N_NODES; column++) {
        if (sums[column] == 0)
            continue;
        n_wrong += place >= w->counts[row + 1] || w->out[place] != column ||
                   (w->edges.weights && w->out_weights[place] != (float)sums[column]);
        place++;
    }
    return n_wrong + (place != w->counts[row + 1]);
}

static void rows_equal_their_definition(struct world *w)
{
    for (int kind = 0; kind < 4; kind++) {
        make_edges(w, 10 + (uint64_t)kind, kind & 1, kind & 2);
        build(w);
        for (int part = 0; part < N_PARTS; part++)
            for (int32_t i = 0; i < 60; i++)
                CHECK(count_wrong(w, w->bounds[part] + i, part) == 0);
    }
}

static void ids_that_do_not_exist_are_found(struct world *w)
{
    const struct wv_rows_part all = {0, 0};
    make_edges(w, 3, 1, 0);
    w->columns[500] = N_NODES;
    CHECK(wv_count_edges(&w->edges, 0, N_EDGES, all, w->counts + 2) == 500);
    w->rows[400] = -1;
    CHECK(wv_count_edges(&w->edges, 0, N_EDGES, all, w->counts + 2) == 400);
}

static void a_stop_ends_the_sort(struct world *w)
{
    const int32_t stop = 1;
    make_edges(w, 4, 0, 0);
    build(w);
    CHECK(wv_sort_rows(0, N_NODES, 0, w->counts + 1, w->out, NULL, &stop) == WV_OK);
}

static void bad_rows_are_found(void)
{
    const int64_t offsets[] = {0, 2, 2, 4}, falling[] = {0, 3, 1, 4};
    const int32_t good[] = {0, 2, 1, 2}, twice[] = {0, 2, 2, 2}, negative[] = {-1, 2, 1, 2}, large[] = {0, 2, 1, 3};
    CHECK(wv_find_bad_row(&(struct wv_graph){offsets, good, NULL, 3}, 0, 3, 3) == -1);
    CHECK(wv_find_bad_row(&(struct wv_graph){falling, good, NULL, 3}, 0, 3, 3) == 0);
    CHECK(wv_find_bad_row(&(struct wv_graph){offsets, twice, NULL, 3}, 0, 3, 3) == 2);
    CHECK(wv_find_bad_row(&(struct wv_graph){offsets, negative, NULL, 3}, 0, 3, 3) == 0);
    CHECK(wv_find_bad_row(&(struct wv_graph){offsets, large, NULL, 3}, 0, 3, 3) == 2);
}

/* Reads a text from memory of its exact size, so that the sanitizer finds a read behind it. */
static struct wv_edge_report read_some(const char *text, uint8_t separator, int64_t *sources, int64_t *targets,
                                       double *values, int32_t n_values)
{
    const size_t size = strlen(text);
    uint8_t *exact = malloc(size + !size);
    memcpy(exact, text, size);
    struct wv_edge_report report = {0, 0, 0};
    const struct wv_edge_sink sink = {sources, targets, values, 8, values ? n_values : 0};
    wv_read_edge_lines(exact, (int64_t)size, separator, &sink, &report);
    free(exact);
    return report;
}

static struct wv_edge_report read(const char *text, uint8_t separator, int64_t *sources, int64_t *targets,
                                  double *weights)
{
    return read_some(text, separator, sources, targets, weights, 1);
}

static void edge_lists_are_read(void)
{
    int64_t a[8], b[8];
    double w[8];
    struct wv_edge_report r = read("# x\n1 2\n\n  -3\t40 \r\n%\n5 6 7 x\n", ' ', a, b, NULL);
    CHECK(r.edges == 3 && r.lines == 6 && a[1] == -3 && b[1] == 40 && b[2] == 6);
    r = read("1,2,.5\n3 , 4 , -12.25,9\n5,6,7e3\n", ',', a, b, w);
    CHECK(r.edges == 2 && r.lines == 2 && w[0] == .5 && w[1] == -12.25 && b[1] == 4);
    r = read("999999999999999999;0;0.1\n", ';', a, b, w);
    CHECK(r.edges == 1 && a[0] == INT64_C(999999999999999999) && w[0] == .1);
    r = read_some("1 2 .5 1700000000.25\n3 4 1 2 5\n5 6 1\n", ' ', a, b, w, 2);
    CHECK(r.edges == 2 && w[0] == .5 && w[1] == 1700000000.25 && w[2] == 1 && w[3] == 2);
    const char *others[] = {"1\n",    "1 \n",  "1 a\n",   "01 2\n",    "1 +2\n",
                            "1 -0\n", "1 2",   "1 2.0\n", "1,2\n",     "- 2\n",
                            "1 2x\n", "1\t\n", "1 2#\n",  "\"1\" 2\n", "1 9999999999999999999\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK(read(others[i], ' ', a, b, NULL).bytes == 0);
    CHECK(read("1,2\n", ',', a, b, w).edges == 0);
    CHECK(read("1,2,\n", ',', a, b, w).edges == 0);
    CHECK(read("1,2,.\n", ',', a, b, w).edges == 0);
    CHECK(read("1,2,-\n", ',', a, b, w).edges == 0);
    CHECK(read("1,2,1.2.3\n", ',', a, b, w).edges == 0);
    r = read("1,2,0.12345678901234567\n1,2,0.0000012345678901234567\n1,2,12345678901.234567890123456\n1,2,7.\n",
             ',', a, b, w);
    CHECK(r.edges == 4 && w[3] == 7);
    CHECK_NEAR(w[0], 0.12345678901234567, 1e-16);
    CHECK_NEAR(w[1], 1.2345678901234567e-6, 1e-21);
    CHECK_NEAR(w[2], 12345678901.23456789012, 1e-5);
    CHECK(read("1,2,0.00000000000000000000000000012345\n", ',', a, b, w).edges == 0); /* digits would be lost */
    CHECK(read("1,2,0.000000012345678901234567\n", ',', a, b, w).edges == 0);
    CHECK(read("1 2\r3 4\r5 6\r\n", ' ', a, b, NULL).edges == 0); /* a line of an old Mac is not several values */
    CHECK(read("1,2\r,3\n", ',', a, b, NULL).edges == 0);
    CHECK(read("1 1\n1 1\n1 1\n1 1\n1 1\n1 1\n1 1\n1 1\n1 1\n", ' ', a, b, NULL).edges == 8);
}

/* Reads names as `read` does. Returns the bytes of all names. */
static int64_t read_names(const char *text, uint8_t separator, uint8_t *names, uint32_t *lengths, double *values,
                          struct wv_edge_report *report)
{
    const size_t size = strlen(text);
    uint8_t *exact = malloc(size + !size), *out = malloc(size + !size);
    memcpy(exact, text, size);
    *report = (struct wv_edge_report){0, 0, 0};
    const struct wv_name_sink sink = {out, lengths, values, 8, values != NULL};
    const int64_t used = wv_read_name_lines(exact, (int64_t)size, separator, &sink, report);
    memcpy(names, out, (size_t)used);
    free(exact);
    free(out);
    return used;
}

static void names_are_read(void)
{
    uint8_t names[100];
    uint32_t lengths[16];
    double w[8];
    struct wv_edge_report r;
    CHECK(read_names("a b\n# x\n\nc\td e\r\n", ' ', names, lengths, NULL, &r) == 8 && r.edges == 2 && r.lines == 4);
    CHECK(!memcmp(names, "a\0b\0c\0d", 8) && lengths[0] == 1 && lengths[3] == 1);
    CHECK(read_names(" a b ,c d, 1.5\n", ',', names, lengths, w, &r) == 8 && r.edges == 1 && w[0] == 1.5);
    CHECK(!memcmp(names, "a b\0c d", 8) && lengths[0] == 3 && lengths[1] == 3);
    const char *others[] = {"a\n", "a,\n", ",a\n", "\"a\",b\n", "a,b", "a, \n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK(read_names(others[i], ',', names, lengths, NULL, &r) == 0 && r.bytes == 0);
    CHECK(read_names("a b\rc d\r\n", ' ', names, lengths, NULL, &r) == 0 && r.bytes == 0);
    CHECK(read_names("a,b,x\n", ',', names, lengths, w, &r) == 0 && r.bytes == 0);
}

static void any_text_is_read_within_its_bounds(void)
{
    const char letters[] = "12-.,;\t \n\n#0e\r";
    int64_t a[8], b[8];
    double w[8];
    for (uint64_t n = 0; n < 20000; n++) {
        char text[24] = {0};
        for (uint64_t i = 0; i < n % 23; i++)
            text[i] = letters[wv_below(wv_draw(n, i), sizeof letters - 1)];
        const struct wv_edge_report r = read(text, (uint8_t)",; \t"[n & 3], a, b, n & 4 ? w : NULL);
        CHECK(r.bytes <= (int64_t)strlen(text) && r.edges <= r.lines);
        uint8_t names[24];
        uint32_t lengths[16];
        struct wv_edge_report s;
        read_names(text, (uint8_t)",; \t"[n & 3], names, lengths, n & 4 ? w : NULL, &s);
        CHECK(s.bytes >= r.bytes && s.edges >= r.edges);
    }
}

static void keys_are_numbered_in_the_order_of_first_use(void)
{
    enum { N = 100000, N_KEYS = 20000 };
    static int64_t keys[N], copied[N_KEYS];
    static int32_t numbers[N];
    struct wv_numbering *numbering;
    CHECK(wv_numbering_new(&numbering) == WV_OK);
    for (int64_t i = 0; i < N; i++)
        keys[i] = (int64_t)wv_mix(i < N_KEYS ? (uint64_t)i : wv_below(wv_draw(1, (uint64_t)i), N_KEYS));
    CHECK(wv_number_keys(numbering, keys, N_KEYS / 2, numbers) == WV_OK);
    CHECK(wv_number_keys(numbering, keys + N_KEYS / 2, N - N_KEYS / 2, numbers + N_KEYS / 2) == WV_OK);
    CHECK(wv_count_keys(numbering) == N_KEYS);
    wv_copy_keys(numbering, copied);
    int64_t n_wrong = 0;
    for (int64_t i = 0; i < N; i++)
        n_wrong += (i < N_KEYS && numbers[i] != i) || copied[numbers[i]] != keys[i];
    CHECK(n_wrong == 0);
    wv_numbering_free(numbering);
    wv_numbering_free(NULL);
}

int main(void)
{
    struct world *w = malloc(sizeof *w);
    rows_equal_their_definition(w);
    ids_that_do_not_exist_are_found(w);
    a_stop_ends_the_sort(w);
    bad_rows_are_found();
    edge_lists_are_read();
    names_are_read();
    any_text_is_read_within_its_bounds();
    keys_are_numbered_in_the_order_of_first_use();
    free(w);
    return finish();
}
