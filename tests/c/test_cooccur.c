/* In: a random corpus. Tested: rows of co-occurrence counts equal their definition, for windows shorter and longer than a
 * word of the bitmap of sentence starts, counted in one call or in many, by several threads. */
#include "cooccur/cooccur.h"
#include "rng.h"

#include <string.h>

#include "harness.h"

enum { WORDS = 150, TOKENS = 3000, N_THREADS = 4 };

/* A corpus, its positions, and the expected matrix. */
struct world {
    int32_t ids[TOKENS];
    int64_t offsets[TOKENS + 1], n_sentences, begins[WORDS + 1], counts[WORDS];
    uint64_t starts[TOKENS / 64 + 1];
    uint32_t positions[TOKENS];
    double expected[WORDS][WORDS];
    struct wv_text text;
    struct wv_positions index;
    struct wv_window window;
};

static void make_corpus(struct world *w, uint64_t seed, int64_t longest)
{
    memset(w, 0, sizeof *w);
    for (int64_t i = 0; i < TOKENS; i++) {
        const uint64_t draw = wv_draw(seed, (uint64_t)i);
        w->ids[i] = (int32_t)((draw >> 8) % (1 + (draw & 127)));
    }
    for (int64_t i = 0; i < TOKENS;) {
        i += 1 + (int64_t)(wv_draw(seed + 1, (uint64_t)i) >> 33) % longest;
        w->offsets[++w->n_sentences] = i < TOKENS ? i : TOKENS;
    }
    wv_mark_starts(w->offsets, w->n_sentences + 1, w->starts);
    CHECK(wv_count_ids(w->ids, 0, 1000, WORDS, w->counts) == -1);
    CHECK(wv_count_ids(w->ids, 1000, TOKENS, WORDS, w->counts) == -1);
    int64_t next[WORDS];
    for (int32_t i = 0; i < WORDS; i++) {
        next[i] = w->begins[i];
        w->begins[i + 1] = w->begins[i] + w->counts[i];
    }
    wv_index_positions(w->ids, 0, 1234, 0, WORDS, next, w->positions);
    wv_index_positions(w->ids, 1234, TOKENS, 0, WORDS, next, w->positions);
    w->text = (struct wv_text){w->ids, w->starts, TOKENS, WORDS};
    w->index = (struct wv_positions){w->positions, w->begins, 0};
}

static void expect_counts(struct world *w, struct wv_window window)
{
    w->window = window;
    memset(w->expected, 0, sizeof w->expected);
    for (int64_t s = 0; s < w->n_sentences; s++) {
        for (int64_t i = w->offsets[s]; i < w->offsets[s + 1]; i++) {
            for (int64_t j = w->offsets[s]; j < w->offsets[s + 1]; j++) {
                const int64_t distance = i < j ? j - i : i - j;
                if (distance && distance <= window.size && (j < i || window.symmetric))
                    w->expected[w->ids[i]][w->ids[j]] += window.harmonic ? 1.0 / (double)distance : 1;
            }
        }
    }
}

/* Counts the rows first … last, at most `step` positions in one call. Returns how many cells are wrong. */
static int64_t count_wrong(const struct world *w, int32_t first, int32_t last, int64_t step)
{
    const size_t n_most = (size_t)(last - first) * WORDS;
    int32_t *columns = malloc(n_most * sizeof *columns);
    float *values = malloc(n_most * sizeof *values);
    int64_t ends[WORDS], n_wrong = 0, cell = 0;
    struct wv_counter *counter;
    if (wv_counter_new(WORDS, w->window, &counter) != WV_OK)
        abort();
    struct wv_rows rows = {first, last, 0, 0, columns, values, ends};
    while (!wv_count_rows(counter, &w->text, &w->index, step, &rows)) {
    }
    n_wrong += rows.n_cells != ends[last - first - 1];
    for (int32_t row = first; row < last; row++) {
        for (int32_t column = 0; column < WORDS; column++) {
            const double expected = w->expected[row][column];
            if (expected == 0)
                continue;
            n_wrong += cell >= ends[row - first] || columns[cell] != column ||
                       fabs(values[cell] - expected) > 1e-6 * expected;
            cell++;
        }
        n_wrong += cell != ends[row - first];
    }
    wv_counter_free(counter);
    free(columns);
    free(values);
    return n_wrong;
}

static void rows_equal_their_definition(struct world *w)
{
    const int32_t sizes[] = {1, 2, 10, 63, 64, 65, 200, TOKENS};
    for (int64_t longest = 1; longest <= 10000; longest *= 10) {
        make_corpus(w, (uint64_t)longest, longest);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            expect_counts(w, (struct wv_window){sizes[i], i % 2 == 0, i % 3 != 0});
            CHECK(count_wrong(w, 0, WORDS, INT64_MAX) == 0);
            CHECK(count_wrong(w, 0, WORDS, 1) == 0);
            CHECK(count_wrong(w, 3, 77, 50) == 0);
        }
    }
}

static void some_words_have_positions_of_their_own(struct world *w)
{
    make_corpus(w, 5, 40);
    int64_t begins[11] = {0}, next[10];
    uint32_t positions[TOKENS];
    for (int32_t i = 0; i < 10; i++) {
        next[i] = begins[i];
        begins[i + 1] = begins[i] + w->counts[20 + i];
    }
    wv_index_positions(w->ids, 0, TOKENS, 20, 30, next, positions);
    for (int32_t i = 0; i < 10; i++)
        CHECK(next[i] == begins[i + 1]);
    CHECK(!memcmp(positions, w->positions + w->begins[20], (size_t)begins[10] * sizeof *positions));
    expect_counts(w, (struct wv_window){10, 1, 1});
    w->index = (struct wv_positions){positions, begins, 20};
    CHECK(count_wrong(w, 20, 30, 7) == 0);
    CHECK(count_wrong(w, 24, 26, 7) == 0);
}

static void ids_outside_the_vocabulary_are_found(void)
{
    const int32_t ids[] = {0, 2, -1, 3};
    int64_t counts[3] = {0};
    CHECK(wv_count_ids(ids, 0, 2, 3, counts) == -1);
    CHECK(wv_count_ids(ids, 0, 4, 3, counts) == 2);
    CHECK(wv_count_ids(ids, 3, 4, 3, counts) == 3);
    CHECK(counts[0] == 2 && counts[1] == 0 && counts[2] == 2);
}

struct shared {
    const struct world *w;
    int64_t n_wrong[N_THREADS];
};

static void count_a_part(void *shared, int thread)
{
    struct shared *s = shared;
    s->n_wrong[thread] = count_wrong(s->w, thread * WORDS / N_THREADS, (thread + 1) * WORDS / N_THREADS, 20);
}

static void threads_share_the_corpus(struct world *w)
{
    struct shared shared = {w, {0}};
    make_corpus(w, 9, 30);
    expect_counts(w, (struct wv_window){5, 1, 1});
    run_threads(N_THREADS, count_a_part, &shared);
    for (int i = 0; i < N_THREADS; i++)
        CHECK(shared.n_wrong[i] == 0);
}

int main(void)
{
    struct world *w = malloc(sizeof *w);
    rows_equal_their_definition(w);
    some_words_have_positions_of_their_own(w);
    ids_outside_the_vocabulary_are_found();
    threads_share_the_corpus(w);
    free(w);
    return finish();
}
