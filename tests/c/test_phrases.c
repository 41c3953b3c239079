/* In: random sentences of words, some of which contain the delimiter or are connector words. Tested: the counts of words and pairs
 * equal those of their strings, counted by several threads, before and after pruning; phrases are found and joined. */
#include "phrases/phrases.h"
#include "rng.h"

#include <string.h>

#include "harness.h"

enum { TOKENS = 1200, LONGEST = 64, N_PARTS = 3, MOST_STRINGS = 2 * TOKENS };

static const char *const WORDS[] = {"a",  "b",  "ab", "a_b", "b_a", "_", "a_of_b", "long_word_of_many_letters",
                                    "of", "the"};
enum { N_WORDS = sizeof WORDS / sizeof *WORDS, FIRST_CONNECTOR = N_WORDS - 2 };

/* Strings with their counts, as they are defined. */
struct expected {
    char strings[MOST_STRINGS][LONGEST * 4];
    int64_t counts[MOST_STRINGS];
    int64_t n;
};

struct world {
    uint8_t bytes[N_WORDS * LONGEST];
    int64_t word_ends[N_WORDS], counts[N_WORDS], positions[N_WORDS];
    struct wv_string_hash hashes[N_WORDS];
    uint8_t flags[N_WORDS];
    struct wv_phrase_words words;
    int32_t ids[TOKENS], ends[TOKENS];
    struct wv_id_sentences sentences;
    struct wv_pair_table tables[N_PARTS];
    enum wv_status status[N_PARTS];
    struct expected expected;
};

static void make_words(struct world *w)
{
    static const uint8_t delimiter[] = "_";
    uint8_t *p = w->bytes;
    for (int i = 0; i < N_WORDS; i++) {
        strcpy((char *)p, WORDS[i]);
        p += strlen(WORDS[i]);
        w->word_ends[i] = p++ - w->bytes;
        w->flags[i] = i >= FIRST_CONNECTOR ? WV_CONNECTOR : 0;
    }
    const struct wv_strings strings = {w->bytes, w->word_ends, N_WORDS};
    w->words = (struct wv_phrase_words){strings,      w->hashes, w->flags, w->counts,
                                        w->positions, delimiter, 1,        wv_hash_string(delimiter, 1)};
    wv_hash_words(&w->words, 0, w->hashes, w->flags);
}

static void make_sentences(struct world *w, uint64_t seed)
{
    int64_t n_ends = 0;
    for (int64_t i = 0; i < TOKENS; i++) {
        w->ids[i] = (int32_t)(wv_draw(seed, (uint64_t)i) >> 33) % N_WORDS;
        if (wv_draw(seed + 1, (uint64_t)i) % 7 == 0)
            w->ends[n_ends++] = (int32_t)i + 1;
    }
    w->sentences = (struct wv_id_sentences){w->ids, w->ends, TOKENS, n_ends, 0, 0};
}

static int64_t find_string(const struct expected *e, const char *string)
{
    int64_t i = 0;
    while (i < e->n && strcmp(e->strings[i], string))
        i++;
    return i;
}

static void add_string(struct expected *e, const char *string)
{
    const int64_t i = find_string(e, string);
    if (i == e->n)
        strcpy(e->strings[e->n++], string);
    e->counts[i]++;
}

static void expect_counts(struct world *w)
{
    char open[LONGEST * 4] = "";
    int64_t sentence = 0;
    for (int64_t i = 0; i < TOKENS; i++) {
        const char *word = WORDS[w->ids[i]];
        const int is_connector = w->ids[i] >= FIRST_CONNECTOR;
        if (sentence < w->sentences.n_ends && i == w->ends[sentence]) {
            open[0] = '\0';
            sentence++;
        }
        if (*open && strlen(open) + LONGEST < sizeof open) {
            strcat(strcat(open, "_"), word);
            if (!is_connector)
                add_string(&w->expected, open);
        }
        if (!is_connector) {
            add_string(&w->expected, word);
            strcpy(open, word);
        }
    }
}

static void count_part(void *shared, int part)
{
    struct world *w = shared;
    enum wv_status status = wv_mark_words(w->tables + part, &w->words, 0, part, N_PARTS);
    if (!status)
        status = wv_count_pairs(w->tables + part, &w->words, &w->sentences, part, N_PARTS);
    w->status[part] = status;
}

/* Returns how many pairs the table has; adds the wrong ones to *n_wrong. */
static int64_t check_pairs(const struct world *w, const struct wv_pair_table *table, int64_t *n_wrong)
{
    static int32_t starts[MOST_STRINGS], betweens[MOST_STRINGS], ends[MOST_STRINGS];
    static int64_t counts[MOST_STRINGS], positions[MOST_STRINGS], string_ends[MOST_STRINGS];
    struct wv_pair_arrays pairs = {starts, betweens, ends, counts, positions, 0};
    wv_export_pairs(table, &pairs);
    *n_wrong += pairs.n != table->size;
    uint8_t *out = malloc((size_t)wv_join_pairs(&w->words, &table->sequences, &pairs, NULL, NULL) + 1);
    wv_join_pairs(&w->words, &table->sequences, &pairs, out, string_ends);
    for (int64_t i = 0; i < pairs.n; i++) {
        const char *string = (const char *)out + (i ? string_ends[i - 1] + 1 : 0);
        const int64_t at = find_string(&w->expected, string);
        *n_wrong += at == w->expected.n || w->expected.counts[at] != counts[i];
    }
    free(out);
    return pairs.n;
}

static void counts_are_those_of_strings(struct world *w, uint64_t seed)
{
    int64_t n = 0, n_wrong = 0, n_frequent = 0, n_left = 0;
    memset(w, 0, sizeof *w);
    make_words(w);
    make_sentences(w, seed);
    expect_counts(w);
    wv_count_words(&w->words, &w->sentences);
    for (int part = 0; part < N_PARTS; part++)
        CHECK(wv_pair_table_init(w->tables + part) == WV_OK);
    run_threads(N_PARTS, count_part, w);
    for (int part = 0; part < N_PARTS; part++) {
        CHECK(w->status[part] == WV_OK);
        n += check_pairs(w, w->tables + part, &n_wrong);
    }
    for (int i = 0; i < N_WORDS; i++) {
        const int64_t at = find_string(&w->expected, WORDS[i]);
        n_wrong += w->counts[i] != (at < w->expected.n ? w->expected.counts[at] : 0);
        n += w->counts[i] > 0;
    }
    CHECK(n_wrong == 0);
    CHECK(n == w->expected.n);
    for (int64_t i = 0; i < w->expected.n; i++)
        n_frequent += w->expected.counts[i] > 2;
    for (int part = 0; part < N_PARTS; part++) {
        CHECK(wv_prune_pairs(w->tables + part, 2) == WV_OK);
        n_left += check_pairs(w, w->tables + part, &n_wrong);
        wv_pair_table_free(w->tables + part);
    }
    for (int i = 0; i < N_WORDS; i++)
        n_left += w->counts[i] > 2;
    CHECK(n_wrong == 0);
    CHECK(n_left == n_frequent);
}

/* One block of text that each thread joins. */
struct joining {
    struct wv_phrase_rules rules;
    char results[N_PARTS][200];
};

static const char TEXT[] = "in new  york \n\nbank of the america new york city\nnew york bank of\nof new";

static void join_text(void *shared, int thread)
{
    enum { MOST = sizeof TEXT };
    struct joining *joining = shared;
    int64_t starts[MOST];
    uint32_t lengths[MOST];
    int32_t ends[MOST], first[MOST], last[MOST], phrases[MOST], group_ends[MOST];
    uint8_t out[400], text[MOST];
    memcpy(text, TEXT, MOST);
    struct wv_tokens tokens = {0};
    tokens.starts = starts, tokens.lengths = lengths, tokens.ends = ends;
    struct wv_groups groups = {first, last, phrases, NULL, group_ends, 0};
    wv_split_lines(text, MOST - 1, &tokens);
    wv_find_phrases(&joining->rules, &tokens, &groups);
    if (wv_written_bytes(&joining->rules, &tokens, MOST - 1) > (int64_t)sizeof out)
        return;
    const int64_t n = wv_write_groups(&joining->rules, &tokens, MOST - 1, &groups, out);
    if (n < (int64_t)sizeof joining->results[thread])
        memcpy(joining->results[thread], out, (size_t)n);
}

static void phrases_are_joined(void)
{
    static const uint8_t strings[] = "new_york\0bank_of_the_america", connectors[] = "of\0the";
    static const uint8_t twice[] = "a\0a";
    const int64_t string_ends[] = {8, 28}, connector_ends[] = {2, 6}, twice_ends[] = {1, 3};
    const double scores[] = {5, 5};
    struct wv_string_map map, connector_map;
    struct joining joining = {0};
    CHECK(wv_string_map_init(&map, (struct wv_strings){strings, string_ends, 2}) == WV_OK);
    CHECK(wv_string_map_init(&connector_map, (struct wv_strings){connectors, connector_ends, 2}) == WV_OK);
    joining.rules =
        (struct wv_phrase_rules){&map, &connector_map, scores, WV_SCORE_GIVEN, 4, 0, 0, 0, (const uint8_t *)"_", 1};
    run_threads(N_PARTS, join_text, &joining);
    for (int thread = 0; thread < N_PARTS; thread++)
        CHECK(!strcmp(joining.results[thread],
                      "in new_york\n\nbank_of_the_america new_york city\nnew_york bank of\nof new\n"));
    wv_string_map_free(&map);
    wv_string_map_free(&connector_map);
    CHECK(wv_string_map_init(&map, (struct wv_strings){twice, twice_ends, 2}) == WV_DUPLICATE_KEY);
    wv_string_map_free(&map);
}

int main(void)
{
    struct world *w = malloc(sizeof *w);
    for (uint64_t seed = 0; w && seed < 4; seed++)
        counts_are_those_of_strings(w, 10 * seed);
    free(w);
    phrases_are_joined();
    return finish();
}
