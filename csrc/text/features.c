/* In: lines of text, a vocabulary. Out: the features of each line. wildvec/text/labelled.py reads the files. */
#include "features.h"

#include <stdlib.h>

#include "../isa/region.h"

static const uint8_t end_of_line[] = "</s>";

/* What fastText splits at. */
static inline int is_separator(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0;
}

/* Returns the token that starts at p, as wv_next_token, with other separators. */
static inline struct wv_token next_token(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *start = p;
    if (end - p >= WV_INLINE_BYTES) {
        const uint64_t low = wv_flag_blanks(wv_load64(p)), high = wv_flag_blanks(wv_load64(p + 8));
        if (low | high) {
            const int length = low ? wv_first_flag(low) : 8 + wv_first_flag(high);
            if (is_separator(p[length]))
                return wv_token_at(p, length, end);
        }
    }
    while (p < end && !is_separator(*p))
        p++;
    return wv_make_token(start, p - start);
}

/* Tokens whose slots are prefetched and which are looked up together. */
enum { MAX_PENDING = 16 };
struct pending {
    struct wv_token tokens[MAX_PENDING];
    uint64_t hashes[MAX_PENDING];
    int32_t starts[MAX_PENDING];
    int n;
};

WV_INLINE enum wv_status look_up(struct wv_vocab *vocab, struct pending *pending, uint64_t block, int frozen,
                                 struct wv_encoded *out)
{
    int32_t *id = out->ids + out->n_ids - pending->n;
    for (int i = 0; i < pending->n; i++, id++) {
        struct wv_slot *slot = wv_vocab_find(vocab, pending->tokens[i], pending->hashes[i]);
        *id = slot->id_plus_1 - 1;
        if (frozen) {
            if (*id < 0)
                *id = ~pending->starts[i];
        } else if (*id >= 0) {
            slot->count++;
        } else {
            const uint64_t position = block << 32 | (uint64_t)(id - out->ids);
            const enum wv_status status = wv_vocab_insert(vocab, pending->tokens[i], 1, position, id);
            if (status)
                return status;
        }
    }
    pending->n = 0;
    return WV_OK;
}

WV_INLINE enum wv_status add_token(struct wv_vocab *vocab, struct wv_token token, int64_t start, uint64_t block,
                                   int frozen, struct pending *pending, struct wv_encoded *out)
{
    const uint64_t hash = wv_hash(token);
    WV_PREFETCH(vocab->slots + (hash >> vocab->shift));
    pending->tokens[pending->n] = token;
    pending->starts[pending->n] = (int32_t)start;
    pending->hashes[pending->n++] = hash;
    out->n_ids++;
    return pending->n == MAX_PENDING ? look_up(vocab, pending, block, frozen, out) : WV_OK;
}

WV_INLINE enum wv_status scan_lines(struct wv_vocab *vocab, const uint8_t *text, int64_t n_bytes, uint64_t block,
                                    int frozen, struct wv_encoded *out)
{
    const struct wv_token newline = wv_make_token(end_of_line, sizeof end_of_line - 1);
    const uint8_t *p = text, *end = text + n_bytes;
    struct pending pending;
    pending.n = 0;
    while (p < end) {
        enum wv_status status = WV_OK;
        if (*p == '\n') {
            status = add_token(vocab, newline, p++ - text, block, frozen, &pending, out);
            out->ends[out->n_ends++] = (int32_t)out->n_ids;
        } else if (is_separator(*p)) {
            p++;
        } else {
            const struct wv_token token = next_token(p, end);
            status = add_token(vocab, token, p - text, block, frozen, &pending, out);
            p += token.length;
        }
        if (status)
            return status;
    }
    if (out->n_ids > (out->n_ends ? out->ends[out->n_ends - 1] : 0))
        out->ends[out->n_ends++] = (int32_t)out->n_ids;
    return look_up(vocab, &pending, block, frozen, out);
}

enum wv_status wv_scan_lines(struct wv_vocab *vocab, const uint8_t *text, int64_t n_bytes, uint64_t block,
                             int frozen, struct wv_encoded *out)
{
    out->n_ids = out->n_ends = 0;
    if (frozen)
        return scan_lines(vocab, text, n_bytes, block, 1, out);
    return scan_lines(vocab, text, n_bytes, block, 0, out);
}

/* FNV-1a: one byte more. fastText extends bytes with their sign. */
static inline uint32_t hash_byte(uint32_t hash, uint8_t byte)
{
    const uint32_t extended = byte < 128 ? byte : byte | 0xffffff00u;
    return (hash ^ extended) * UINT32_C(16777619);
}

static const uint32_t first_hash = UINT32_C(2166136261);

uint32_t wv_hash_bytes(const uint8_t *bytes, int64_t n)
{
    uint32_t hash = first_hash;
    for (int64_t i = 0; i < n; i++)
        hash = hash_byte(hash, bytes[i]);
    return hash;
}

void wv_hash_types(const uint8_t *keys, const int64_t *ends, int64_t n, struct wv_type *types)
{
    for (int64_t i = 0, start = 0; i < n; start = ends[i++])
        types[i].hash = wv_hash_bytes(keys + start, ends[i] - start);
}

/* Byte i of '<' + word + '>'. */
static inline uint8_t marked_byte(const uint8_t *word, int64_t n, int64_t i)
{
    return i == 0 ? '<' : i <= n ? word[i - 1] : '>';
}

/* Whether byte i continues a character of UTF-8. */
static inline int continues(const uint8_t *word, int64_t n, int64_t i)
{
    return i < n + 2 && (marked_byte(word, n, i) & 0xc0) == 0x80;
}

int64_t wv_char_ngrams(const struct wv_feature_rules *rules, const uint8_t *word, int64_t n, int32_t *out)
{
    int64_t n_out = 0;
    for (int64_t i = 0; rules->bucket && i < n + 2; i++) {
        if (continues(word, n, i))
            continue;
        uint32_t hash = first_hash;
        int64_t j = i;
        for (int32_t length = 1; j < n + 2 && length <= rules->max_n; length++) {
            hash = hash_byte(hash, marked_byte(word, n, j++));
            while (continues(word, n, j))
                hash = hash_byte(hash, marked_byte(word, n, j++));
            if (length < rules->min_n || (length == 1 && (i == 0 || j == n + 2)))
                continue; /* a lone '<' or '>' */
            if (out)
                out[n_out] = rules->n_words + (int32_t)(hash % (uint32_t)rules->bucket);
            n_out++;
        }
    }
    return n_out;
}

int64_t wv_own_features(const struct wv_feature_rules *rules, const uint8_t *keys, const int64_t *ends,
                        int32_t *out, int64_t *offsets)
{
    int64_t n = 0, start = 0;
    offsets[0] = 0;
    for (int32_t i = 0; i < rules->n_types; i++) {
        const int64_t length = ends[i] - start;
        const int32_t word = rules->types[i].word;
        const int is_end =
            length == sizeof end_of_line - 1 && memcmp(keys + start, end_of_line, (size_t)length) == 0;
        if (word >= 0 && out)
            out[n] = word;
        n += word >= 0;
        if (!is_end && word != WV_SKIPPED)
            n += wv_char_ngrams(rules, keys + start, length, out ? out + n : NULL);
        offsets[i + 1] = n;
        start = ends[i];
    }
    return n;
}

/* The length of the token at text + start. */
static int64_t length_of_token(const uint8_t *text, int64_t n_bytes, int64_t start)
{
    int64_t end = start;
    while (end < n_bytes && !is_separator(text[end]))
        end++;
    return end - start;
}

/* The state of wv_line_features: features of the current line are appended to out. */
struct features {
    const struct wv_feature_rules *rules;
    const uint8_t *text;
    int64_t n_bytes, n, capacity;
    uint32_t *hashes; /* of the words of the line */
    int64_t n_hashes;
    int32_t *out;
    int32_t *table; /* of distinct features of a line */
    size_t table_size;
};

/* Appends the features of an unknown token: its character n-grams. Returns 0 if there is no space. */
static int add_unknown(struct features *to, int64_t start)
{
    const struct wv_feature_rules *rules = to->rules;
    const uint8_t *word = to->text + start;
    const int64_t length = length_of_token(to->text, to->n_bytes, start);
    if (length == 0) { /* the end of the line */
        to->hashes[to->n_hashes++] = wv_hash_bytes(end_of_line, sizeof end_of_line - 1);
        return 1;
    }
    if (rules->n_prefix && length >= rules->n_prefix &&
        memcmp(word, rules->label_prefix, (size_t)rules->n_prefix) == 0)
        return 1;
    to->hashes[to->n_hashes++] = wv_hash_bytes(word, length);
    if (rules->max_n == 0)
        return 1;
    if ((length + 2) * rules->max_n > to->capacity - to->n)
        return 0;
    to->n += wv_char_ngrams(rules, word, length, to->out + to->n);
    return 1;
}

/* Appends the features of a type, without its word row, which is appended already. */
static int add_own(struct features *to, int32_t type, int has_row)
{
    const struct wv_feature_rules *rules = to->rules;
    const int64_t first = rules->own_offsets[type] + has_row, n = rules->own_offsets[type + 1] - first;
    if (n > to->capacity - to->n)
        return 0;
    for (int64_t k = 0; k < n; k++)
        to->out[to->n + k] = rules->own_ids[first + k];
    to->n += n;
    return 1;
}

static inline int add_known(struct features *to, int32_t id)
{
    const struct wv_type type = to->rules->types[id];
    if (type.word == WV_SKIPPED)
        return 1;
    if (to->n == to->capacity)
        return 0;
    to->out[to->n] = type.word;
    to->n += type.word >= 0;
    to->hashes[to->n_hashes++] = type.hash;
    return to->rules->max_n == 0 || add_own(to, id, type.word >= 0);
}

/* n-grams of 2 … word_ngrams words. Hashes are extended with their sign, as in fastText. */
static int add_word_ngrams(struct features *to)
{
    const struct wv_feature_rules *rules = to->rules;
    const uint64_t bucket = (uint64_t)rules->bucket;
    if (!bucket || rules->word_ngrams < 2)
        return 1;
    const int64_t n = to->n_hashes, longest = rules->word_ngrams;
    const uint32_t *hashes = to->hashes;
    int32_t *out = to->out + to->n;
    if (n * (longest - 1) > to->capacity - to->n)
        return 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t last = n - i < longest ? n : i + longest;
        uint64_t hash = (uint64_t)(int64_t)(int32_t)hashes[i];
        for (int64_t j = i + 1; j < last; j++) {
            hash = hash * UINT64_C(116049371) + (uint64_t)(int64_t)(int32_t)hashes[j];
            *out++ = rules->n_words + (int32_t)(hash % bucket);
        }
    }
    to->n = out - to->out;
    return 1;
}

/* Removes repeated features of the line that begins at out[first]; the first of each stays. Returns 0 without memory. */
static int keep_distinct(struct features *to, int64_t first)
{
    const int64_t n = to->n - first;
    int bits = 4;
    while ((INT64_C(1) << bits) < 4 * n) /* sparse, so that most searches end at their first slot */
        bits++;
    const size_t size = (size_t)1 << bits;
    if (size > to->table_size) {
        int32_t *larger = realloc(to->table, size * sizeof *larger);
        if (!larger)
            return 0;
        to->table = larger;
        to->table_size = size;
    }
    memset(to->table, 0xff, size * sizeof *to->table); /* -1: free */
    int32_t *const table = to->table, *const ids = to->out + first;
    int64_t kept = 0;
    for (int64_t k = 0; k < n; k++) {
        const int32_t id = ids[k];
        size_t slot = (size_t)((uint32_t)id * UINT32_C(0x9e3779b1) >> (32 - bits));
        while (table[slot] != -1 && table[slot] != id)
            slot = (slot + 1) & (size - 1);
        ids[kept] = id;
        kept += table[slot] == -1;
        table[slot] = id;
    }
    to->n = first + kept;
    return 1;
}

/* Appends the features of a line. Returns 0 if there is no space. */
static int add_line(struct features *to, const int32_t *tokens, int64_t n)
{
    to->n_hashes = 0;
    for (int64_t k = 0; k < n; k++)
        if (!(tokens[k] < 0 ? add_unknown(to, ~tokens[k]) : add_known(to, tokens[k])))
            return 0;
    return add_word_ngrams(to);
}

enum wv_status wv_line_features(const struct wv_feature_rules *rules, const int32_t *tokens, const int32_t *ends,
                                int64_t n_lines, const uint8_t *text, int64_t n_bytes, uint32_t *hashes,
                                uint8_t *used, int32_t *out, int64_t capacity, int64_t *offsets, int64_t *n_out)
{
    struct features to = {
        .rules = rules, .text = text, .n_bytes = n_bytes, .capacity = capacity, .hashes = hashes, .out = out};
    enum wv_status status = WV_OK;
    int64_t start = 0;
    *n_out = -1;
    for (int64_t line = 0; line < n_lines; line++) {
        const int64_t first = to.n;
        if (!add_line(&to, tokens + start, ends[line] - start))
            goto end;
        if (rules->is_binary && !keep_distinct(&to, first)) {
            status = WV_NO_MEMORY;
            goto end;
        }
        start = ends[line];
        offsets[line] = to.n;
    }
    for (int64_t k = 0; used && k < to.n; k++)
        used[out[k]] = 1;
    *n_out = to.n;
end:
    free(to.table);
    return status;
}

int wv_tokens_fit(const int32_t *tokens, int64_t n, int32_t n_types, int64_t n_bytes)
{
    int32_t low = 0, high = -1;
    for (int64_t k = 0; k < n; k++) {
        low = tokens[k] < low ? tokens[k] : low;
        high = tokens[k] > high ? tokens[k] : high;
    }
    return high < n_types && (low == 0 || ~low < n_bytes);
}

void wv_gather_lists(const int32_t *ids, const int64_t *offsets, const int32_t *order, int64_t n,
                     const int32_t *map, int32_t *out)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = offsets[order[i]]; k < offsets[order[i] + 1]; k++)
            *out++ = map[ids[k]];
}
