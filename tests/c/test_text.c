/* In: small blocks and tables. Tested: tokenising, the vocabulary table, encoding and remapping. Every buffer has exactly the
 * size that the headers require, so that AddressSanitizer finds any access beyond it. */
#include "text/text.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* Returns a heap copy of exactly n bytes. */
static uint8_t *exactly(const void *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    return copy;
}

static int64_t prepare(const char *text, size_t n, const char *expected, int lower)
{
    int ascii;
    uint8_t *copy = exactly(text, n);
    int64_t bad = wv_prepare_text(copy, (int64_t)n, lower, &ascii);
    if (expected)
        CHECK(memcmp(copy, expected, n) == 0);
    free(copy);
    return bad;
}

static void prepare_text_checks_utf8_and_replaces_spaces(void)
{
    CHECK(prepare("plain ASCII text of some length, more than 32", 45, NULL, 0) == -1);
    CHECK(prepare("A\xc2\xa0Z\xe2\x80\x83\xe3\x80\x80.", 11, "a  z      .", 1) == -1);
    CHECK(prepare("\xe2\x80\x8b\xf0\x9f\x98\x80\xc3\x84", 9, "\xe2\x80\x8b\xf0\x9f\x98\x80\xc3\x84", 1) == -1);
    CHECK(prepare("", 0, NULL, 0) == -1);
    static const struct {
        const char *text;
        size_t n;
        int64_t bad;
    } broken[] = {
        {"abc\xff", 4, 3},          {"0123456789abcdef\x80", 17, 16}, {"\xc3", 1, 0},
        {"\xe2\x80", 2, 0},         {"a\xed\xa0\x80", 4, 1},          {"\xc0\x80", 2, 0},
        {"\xf4\x90\x80\x80", 4, 0}, {"\xc3\xa4\xf0\x9f", 4, 2},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        CHECK(prepare(broken[i].text, broken[i].n, NULL, 0) == broken[i].bad);
}

/* Encode n code points; the input buffer has no vector too many, the output buffer no byte too many. */
static void encode(const uint32_t *points, int64_t n, const char *expected)
{
    size_t readable = (size_t)(n + WV_POINTS - 1) / WV_POINTS * WV_POINTS;
    uint32_t *copy = calloc(readable ? readable : 1, sizeof *copy);
    uint8_t *out = malloc((size_t)n * 4 + WV_POINTS);
    memcpy(copy, points, (size_t)n * sizeof *copy);
    int64_t length = wv_encode_utf8(copy, n, out);
    CHECK(expected ? length == (int64_t)strlen(expected) : length == -1);
    CHECK(!expected || memcmp(out, expected, strlen(expected)) == 0);
    free(copy);
    free(out);
}

static void code_points_are_encoded_as_utf8(void)
{
    static const uint32_t all[] = {'a', 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
    encode(all, 10,
           "a\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80"
           "\xf4\x8f\xbf\xbf");
    encode(all, 0, "");
    static const uint32_t late[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9',
                                    'a', 'b', 'c', 'd', 'e', 'f', 'g', 0xe9};
    encode(late, 16, "123456789abcdefg");
    encode(late, 17, "123456789abcdefg\xc3\xa9");
    encode((uint32_t[]){'a', 0xd800}, 2, NULL);
    encode((uint32_t[]){0xdfff, 'a'}, 2, NULL);
}

static int64_t last_space(const char *text)
{
    return wv_last_space((const uint8_t *)text, (int64_t)strlen(text));
}

static void last_space_is_found(void)
{
    CHECK(last_space("") == 0);
    CHECK(last_space("one") == 0);
    CHECK(last_space("one two") == 4);
    CHECK(last_space("one\n") == 4);
}

/* Scan `text` from a buffer without a byte too many. */
static struct wv_encoded scan(struct wv_vocab *vocab, const char *text, uint64_t block, int frozen)
{
    size_t n = strlen(text);
    uint8_t *copy = exactly(text, n);
    struct wv_encoded out = {malloc((n / 2 + 1) * sizeof(int32_t)), malloc((n / 2 + 2) * sizeof(int32_t)), 0, 0, 0};
    CHECK(wv_scan_text(vocab, copy, (int64_t)n, block, frozen, &out) == WV_OK);
    free(copy);
    return out;
}

static void release(struct wv_encoded *out)
{
    free(out->ids);
    free(out->ends);
}

static void tokens_of_every_length_end_a_block(void)
{
    struct wv_vocab vocab;
    char text[64];
    CHECK(wv_vocab_init(&vocab) == WV_OK);
    for (int length = 1; length < 60; length++) {
        memset(text, 'x', (size_t)length);
        text[length] = 0;
        struct wv_encoded out = scan(&vocab, text, 0, 0);
        CHECK(out.n_ids == 1 && out.ids[0] == length - 1);
        release(&out);
    }
    CHECK(vocab.size == 59);
    wv_vocab_free(&vocab);
}

static void sentences_end_at_line_ends(void)
{
    struct wv_vocab vocab;
    CHECK(wv_vocab_init(&vocab) == WV_OK);
    struct wv_encoded out = scan(&vocab, "\n\na b\n\n a\tc\r\na", 5, 0);
    static const int32_t ids[] = {0, 1, 0, 2, 0}, ends[] = {0, 2, 4};
    CHECK(out.n_ids == 5 && memcmp(out.ids, ids, sizeof ids) == 0);
    CHECK(out.n_ends == 3 && memcmp(out.ends, ends, sizeof ends) == 0);
    CHECK(vocab.first[2] == (UINT64_C(5) << 32 | 3));
    release(&out);
    out = scan(&vocab, "a new b", 6, 1);
    CHECK(out.ids[0] == 0 && out.ids[1] == -1 && out.ids[2] == 1 && vocab.size == 3);
    release(&out);
    wv_vocab_free(&vocab);
}

static enum wv_status scan_joined(struct wv_vocab *vocab, const char *bytes, size_t n, const uint32_t *lengths,
                                  int64_t n_tokens, int32_t *ids)
{
    uint8_t *copy = exactly(bytes, n);
    struct wv_encoded out = {ids, NULL, 0, 0, 0};
    enum wv_status status = wv_scan_tokens(vocab, copy, (int64_t)n, lengths, n_tokens, 0, 0, &out);
    free(copy);
    return status;
}

static void joined_tokens_can_be_empty_or_contain_spaces(void)
{
    struct wv_vocab vocab;
    int32_t ids[8];
    CHECK(wv_vocab_init(&vocab) == WV_OK);
    CHECK(scan_joined(&vocab, "a b\0\0a b\0", 9, (uint32_t[]){3, 0, 3, 0}, 4, ids) == WV_OK);
    CHECK(ids[0] == 0 && ids[1] == 1 && ids[2] == 0 && ids[3] == 1);
    CHECK(scan_joined(&vocab, "", 0, (uint32_t[]){0}, 1, ids) == WV_OK && ids[0] == 1);
    CHECK(scan_joined(&vocab, "", 0, NULL, 0, ids) == WV_OK);
    CHECK(scan_joined(&vocab, "a\0b", 3, (uint32_t[]){1}, 1, ids) == WV_EXTRA_SEPARATOR);
    CHECK(scan_joined(&vocab, "a", 1, (uint32_t[]){1, 0}, 2, ids) == WV_EXTRA_SEPARATOR);
    CHECK(scan_joined(&vocab, "a", 1, (uint32_t[]){UINT32_MAX}, 1, ids) == WV_EXTRA_SEPARATOR);
    CHECK(scan_joined(&vocab, "a\0b", 3, (uint32_t[]){3}, 1, ids) == WV_EXTRA_SEPARATOR);
    wv_vocab_free(&vocab);
}

static void joined_tokens_of_every_length(void)
{
    struct wv_vocab vocab;
    char text[128];
    int32_t ids[3];
    CHECK(wv_vocab_init(&vocab) == WV_OK);
    for (uint32_t length = 1; length < 40; length++) { /* one token at the start and one at the end of a block */
        const uint32_t lengths[] = {length, 1, length};
        memset(text, 'x', 2 * length + 3);
        text[length] = text[length + 2] = 0;
        CHECK(scan_joined(&vocab, text, 2 * length + 3, lengths, 3, ids) == WV_OK);
        CHECK(ids[0] == (int32_t)length - 1 && ids[1] == 0 && ids[2] == ids[0]);
    }
    wv_vocab_free(&vocab);
}

static void integers_have_marked_decimal_keys(void)
{
    static const int64_t values[] = {0, -7, INT64_MIN, INT64_MAX, -7};
    struct wv_vocab vocab;
    int32_t ids[5];
    struct wv_encoded out = {ids, NULL, 0, 0, 0};
    CHECK(wv_vocab_init(&vocab) == WV_OK);
    CHECK(wv_scan_ints(&vocab, values, 5, 0, 0, &out) == WV_OK);
    CHECK(ids[0] == 0 && ids[3] == 3 && ids[4] == 1 && vocab.size == 4);
    static const char keys[] = "\xff"
                               "0\xff-7\xff-9223372036854775808\xff"
                               "9223372036854775807";
    CHECK(memcmp(vocab.keys, keys, sizeof keys - 1) == 0);
    wv_vocab_free(&vocab);
}

enum { MANY = 30000 };

/* Insert MANY distinct keys of 1 to 40 bytes, each three times. */
static void fill(struct wv_vocab *vocab)
{
    char key[64];
    for (int i = 0; i < 3 * MANY; i++) {
        int length = snprintf(key, sizeof key, "%.*s%d", i % MANY % 35, "a long beginning shared by many keys....",
                              i % MANY);
        struct wv_token token = wv_make_token((const uint8_t *)key, length);
        struct wv_slot *slot = wv_vocab_find(vocab, token, wv_hash(token));
        int32_t id = slot->id_plus_1 - 1;
        if (slot->id_plus_1)
            slot->count++;
        else if (wv_vocab_insert(vocab, token, 1, (uint64_t)i, &id) != WV_OK)
            id = -1;
        if (id != i % MANY)
            CHECK(id == i % MANY);
    }
}

static void tables_grow_merge_and_prune(void)
{
    struct wv_vocab one, two;
    int32_t *map = malloc((MANY + 1) * sizeof *map);
    CHECK(wv_vocab_init(&one) == WV_OK && wv_vocab_init(&two) == WV_OK);
    fill(&one);
    CHECK(one.size == MANY);
    struct wv_encoded out = scan(&two, "unknown 5 5", 9, 0);
    release(&out);
    CHECK(wv_vocab_merge(&two, &one, map) == WV_OK);
    CHECK(two.size == MANY + 2 || two.size == MANY + 1);
    int64_t *counts = malloc((size_t)two.size * sizeof *counts);
    uint64_t *first = malloc((size_t)two.size * sizeof *first);
    wv_vocab_export(&two, counts, first);
    int wrong = 0;
    for (int i = 0; i < MANY; i++)
        wrong += counts[map[i]] < 3 || first[map[i]] != (uint64_t)i;
    CHECK(wrong == 0 && counts[0] == 1);
    free(counts);
    free(first);
    free(map);
    map = malloc((size_t)two.size * sizeof *map);
    CHECK(wv_vocab_prune(&two, 3, map) == WV_OK);
    CHECK(two.size == MANY && map[0] == -1);
    free(map);
    wv_vocab_free(&one);
    wv_vocab_free(&two);
}

static void keys_are_loaded_and_written(void)
{
    static const int64_t ends[] = {1, 1, 23}, ids[] = {2, 0, 1};
    static const char keys[] = "aa key of many bytes...", expected[] = "a key of many bytes...|a||";
    struct wv_vocab vocab;
    CHECK(wv_vocab_init(&vocab) == WV_OK);
    uint8_t *copy = exactly(keys, 23);
    CHECK(wv_vocab_load(&vocab, copy, ends, 3) == WV_OK && vocab.size == 3);
    CHECK(wv_vocab_load(&vocab, copy, ends, 1) == WV_DUPLICATE_KEY);
    free(copy);
    CHECK(wv_vocab_keys_bytes(&vocab, ids, 3) == (int64_t)sizeof expected - 1);
    uint8_t *out = malloc(sizeof expected - 1);
    wv_vocab_keys(&vocab, ids, 3, '|', out);
    CHECK(memcmp(out, expected, sizeof expected - 1) == 0);
    free(out);
    wv_vocab_free(&vocab);
}

static void long_sentences_are_split_across_blocks(void)
{
    static const int32_t ends[] = {1, 8};
    int32_t out[8];
    int64_t open = 2;
    CHECK(wv_split_sentences(ends, 2, 9, 3, &open, out) == 4 && open == 1);
    CHECK(out[0] == 1 && out[1] == 4 && out[2] == 7 && out[3] == 8);
    open = 3;
    CHECK(wv_split_sentences(NULL, 0, 1, 3, &open, out) == 1 && out[0] == 0 && open == 1);
    CHECK(wv_split_sentences(NULL, 0, 0, 3, &open, out) == 0 && open == 1);
}

static void remapping_drops_ids_and_adjusts_the_ends(void)
{
    static const int32_t map[] = {5, -1, 7};
    int32_t ids[] = {0, 1, 2, -1, 1, 0}, ends[] = {0, 2, 5};
    CHECK(wv_remap_block(ids, 6, ends, 3, map, 3) == 3);
    CHECK(ids[0] == 5 && ids[1] == 7 && ids[2] == 5);
    CHECK(ends[0] == 0 && ends[1] == 1 && ends[2] == 2);
    int32_t final_ids[] = {-1, 4};
    CHECK(wv_remap_block(final_ids, 2, NULL, 0, NULL, 0) == 1 && final_ids[0] == 4);
    int32_t outside[] = {0, 3};
    CHECK(wv_remap_block(outside, 2, NULL, 0, map, 3) == -1);
    CHECK(wv_ends_fit(NULL, 0, 0) && wv_ends_fit(ends, 3, 2) && !wv_ends_fit(ends, 3, 1));
    CHECK(!wv_ends_fit((const int32_t[]){2, 1}, 2, 5) && !wv_ends_fit((const int32_t[]){-1}, 1, 5));
}

/* A frozen table that several threads read. */
struct shared {
    struct wv_vocab vocab;
    int64_t found[4];
};

static void read_frozen(void *shared, int thread)
{
    struct shared *all = shared;
    static const uint8_t text[] = "one two three one";
    int32_t ids[16], ends[16];
    struct wv_encoded out = {ids, ends, 0, 0, 0};
    for (int i = 0; i < 100; i++) {
        wv_scan_text(&all->vocab, text, sizeof text - 1, 0, 1, &out);
        for (int64_t j = 0; j < out.n_ids; j++)
            all->found[thread] += out.ids[j] >= 0;
    }
}

static void threads_share_a_frozen_table(void)
{
    static struct shared all;
    CHECK(wv_vocab_init(&all.vocab) == WV_OK);
    struct wv_encoded out = scan(&all.vocab, "one two", 0, 0);
    release(&out);
    run_threads(4, read_frozen, &all);
    for (int i = 0; i < 4; i++)
        CHECK(all.found[i] == 300);
    wv_vocab_free(&all.vocab);
}

static void vocab_bytes_is_the_memory_of_a_table(void)
{
    struct wv_vocab vocab;
    CHECK(wv_vocab_init(&vocab) == WV_OK);
    for (int64_t n = 1; n <= 20000; n++) {
        int32_t id;
        uint8_t key[8];
        memcpy(key, &n, sizeof key);
        CHECK(wv_vocab_insert(&vocab, wv_make_token(key, sizeof key), 1, 0, &id) == WV_OK);
        CHECK(wv_vocab_bytes(n, 8 * n) == vocab.n_slots * (int64_t)sizeof *vocab.slots + (16 + 8) * n);
    }
    wv_vocab_free(&vocab);
}

static void copy_token_reads_8_bytes_before_and_none_after(void)
{
    enum { BEFORE = 8, LONGEST = 2 * WV_INLINE_BYTES };
    for (int64_t length = 0; length <= LONGEST; length++) {
        uint8_t *object = malloc((size_t)(BEFORE + length)), *token = object + BEFORE;
        uint8_t *out = malloc((size_t)(length + WV_INLINE_BYTES));
        for (int64_t i = -BEFORE; i < length; i++)
            token[i] = (uint8_t)(100 + i);
        wv_copy_token(out, token, length);
        CHECK(memcmp(out, token, (size_t)length) == 0);
        free(out);
        free(object);
    }
}

int main(void)
{
    prepare_text_checks_utf8_and_replaces_spaces();
    code_points_are_encoded_as_utf8();
    last_space_is_found();
    tokens_of_every_length_end_a_block();
    sentences_end_at_line_ends();
    joined_tokens_can_be_empty_or_contain_spaces();
    joined_tokens_of_every_length();
    integers_have_marked_decimal_keys();
    tables_grow_merge_and_prune();
    vocab_bytes_is_the_memory_of_a_table();
    copy_token_reads_8_bytes_before_and_none_after();
    keys_are_loaded_and_written();
    long_sentences_are_split_across_blocks();
    remapping_drops_ids_and_adjusts_the_ends();
    threads_share_a_frozen_table();
    return finish();
}
