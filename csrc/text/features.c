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

void wv_hash_types(const uint8_t *keys, const int64_t *ends, int64_t n, struct wv_type *types)
{
    for (int64_t i = 0, start = 0; i < n; start = ends[i++])
        types[i].hash = wv_hash_bytes(keys + start, ends[i] - start);
}

static inline struct wv_ngram_rules ngram_rules(const struct wv_feature_rules *rules)
{
    return (struct wv_ngram_rules){rules->min_n, rules->max_n, rules->bucket, rules->n_words};
}

int64_t wv_own_features(const struct wv_feature_rules *rules, const uint8_t *keys, const int64_t *ends,
                        int32_t *out, int64_t *offsets)
{
    int64_t n = 0, start = 0;
    offsets[0] = 0;
    for (int32_t i = 0; i < rules->n_types; i++) {
        const int64_t length = ends[i] - start;
        const int32_t word = rules->types[i].word;
        if (word >= 0 && out)
            out[n] = word;
        n += word >= 0;
        if (word != WV_SKIPPED && !wv_is_end_of_line(keys + start, length))
            n += wv_char_ngrams(ngram_rules(rules), keys + start, length, out ? out + n : NULL);
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

/* The state of wv_line_features and wv_line_rows: features of the current line are appended to out. */
struct features {
    const struct wv_feature_rules *rules;
    const uint8_t *text;   /* of unknown tokens */
    const int32_t *row_of; /* elements of features are prefetched; NULL: none */
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
    to->n += wv_char_ngrams(ngram_rules(rules), word, length, to->out + to->n);
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
            *out = rules->n_words + (int32_t)(hash % bucket);
            if (to->row_of)
                WV_PREFETCH(to->row_of + *out);
            out++;
        }
    }
    to->n = out - to->out;
    return 1;
}

/* Makes the table empty, with space for n features. Returns the bits of its slots, or 0 without memory. */
static int clear_table(struct features *to, int64_t n)
{
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
    return bits;
}

/* Inserts a feature into the table. Returns 1 if it was not there. */
static inline int insert_feature(int32_t *table, int bits, int32_t id)
{
    const size_t mask = ((size_t)1 << bits) - 1;
    size_t slot = (size_t)((uint32_t)id * UINT32_C(0x9e3779b1) >> (32 - bits));
    while (table[slot] != -1 && table[slot] != id)
        slot = (slot + 1) & mask;
    const int is_new = table[slot] == -1;
    table[slot] = id;
    return is_new;
}

/* Removes repeated features of the line that begins at out[first]; the first of each stays. Returns 0 without memory. */
static int keep_distinct(struct features *to, int64_t first)
{
    const int64_t n = to->n - first;
    const int bits = clear_table(to, n);
    int32_t *const ids = to->out + first;
    int64_t kept = 0;
    for (int64_t k = 0; bits && k < n; k++) {
        const int32_t id = ids[k];
        ids[kept] = id;
        kept += insert_feature(to->table, bits, id);
    }
    to->n = first + kept;
    return bits != 0;
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

enum wv_status wv_line_features(const struct wv_feature_rules *rules, const int32_t *types, const int32_t *ends,
                                int64_t n_lines, uint32_t *hashes, uint8_t *used, int32_t *out, int64_t capacity,
                                int64_t *offsets, int64_t *n_out)
{
    struct features to = {.rules = rules, .capacity = capacity, .hashes = hashes, .out = out};
    enum wv_status status = WV_OK;
    int64_t start = 0;
    *n_out = -1;
    for (int64_t line = 0; line < n_lines; line++) {
        const int64_t first = to.n;
        if (!add_line(&to, types + start, ends[line] - start))
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

int64_t wv_count_lines(const uint8_t *text, int64_t n_bytes)
{
    int64_t n = n_bytes && text[n_bytes - 1] != '\n';
    for (int64_t i = 0; i < n_bytes; i++)
        n += text[i] == '\n';
    return n;
}

enum { PIECE_BYTES = 1 << 14 }; /* the ids of so much text stay in the L1 cache */

/* Returns the end of some whole lines that begin at `start`: PIECE_BYTES and the rest of a line. */
static int64_t end_of_piece(const uint8_t *text, int64_t n_bytes, int64_t start)
{
    if (n_bytes - start <= PIECE_BYTES)
        return n_bytes;
    const uint8_t *p = text + start + PIECE_BYTES, *end = memchr(p, '\n', (size_t)(n_bytes - start - PIECE_BYTES));
    return end ? end - text + 1 : n_bytes;
}

static int64_t longest_piece(const uint8_t *text, int64_t n_bytes)
{
    int64_t longest = 0;
    for (int64_t start = 0, end; start < n_bytes; start = end) {
        end = end_of_piece(text, n_bytes, start);
        longest = end - start > longest ? end - start : longest;
    }
    return longest;
}

/* Doubles the space for features. Returns 0 without memory. */
static int grow_features(struct features *of)
{
    int32_t *larger = realloc(of->out, 2 * (size_t)of->capacity * sizeof *larger);
    if (!larger)
        return 0;
    of->out = larger;
    of->capacity *= 2;
    return 1;
}

/* Appends the rows of the features of the line; *size receives the number of features that count in its mean. Returns 0 without
 * memory. to->out has space for all features. */
static int add_rows(struct features *of, struct wv_line_rows *to, int64_t *size)
{
    const int bits = of->rules->is_binary ? clear_table(of, of->n) : 0;
    int32_t *const out = to->ids + to->n_ids, *const table = of->table;
    int64_t kept = 0, n_distinct = of->n;
    if (of->rules->is_binary) {
        if (!bits)
            return 0;
        n_distinct = 0;
        for (int64_t k = 0; k < of->n; k++) {
            const int32_t id = of->out[k], row = of->row_of[id];
            const int is_new = insert_feature(table, bits, id);
            n_distinct += is_new;
            out[kept] = row;
            kept += is_new & (row >= 0);
        }
    } else {
        for (int64_t k = 0; k < of->n; k++) {
            out[kept] = of->row_of[of->out[k]];
            kept += out[kept] >= 0;
        }
    }
    *size = to->is_pruned ? kept : n_distinct;
    to->n_ids += kept;
    return 1;
}

/* Appends the rows of the lines of a piece, whose tokens are in `tokens`. */
static enum wv_status add_piece(struct features *of, const struct wv_encoded *tokens, struct wv_line_rows *to)
{
    int32_t start = 0;
    for (int64_t line = 0; line < tokens->n_ends; line++) {
        of->n = 0;
        while (!add_line(of, tokens->ids + start, tokens->ends[line] - start)) {
            if (!grow_features(of))
                return WV_NO_MEMORY;
            of->n = 0;
        }
        to->is_full = of->n > to->capacity - to->n_ids;
        if (to->is_full)
            return WV_OK;
        if (!add_rows(of, to, to->sizes + to->n_lines))
            return WV_NO_MEMORY;
        start = tokens->ends[line];
        to->offsets[++to->n_lines] = to->n_ids;
    }
    return WV_OK;
}

enum wv_status wv_find_rows(const struct wv_feature_rules *rules, struct wv_vocab *vocab, const int32_t *row_of,
                            const uint8_t *text, int64_t n_bytes, struct wv_line_rows *to)
{
    const size_t n = (size_t)longest_piece(text, n_bytes) + 1;
    struct wv_encoded tokens = {.ids = malloc(n * sizeof(int32_t)), .ends = malloc(n * sizeof(int32_t))};
    struct features of = {.rules = rules, .row_of = row_of, .capacity = 2 * (int64_t)n};
    of.hashes = malloc(n * sizeof *of.hashes);
    of.out = malloc((size_t)of.capacity * sizeof *of.out);
    enum wv_status status = tokens.ids && tokens.ends && of.hashes && of.out ? WV_OK : WV_NO_MEMORY;
    to->n_ids = to->n_lines = to->offsets[0] = to->is_full = 0;
    for (int64_t start = 0; !status && !to->is_full && start < n_bytes; start += of.n_bytes) {
        of.text = text + start;
        of.n_bytes = end_of_piece(text, n_bytes, start) - start;
        status = wv_scan_lines(vocab, of.text, of.n_bytes, 0, 1, &tokens);
        if (!status)
            status = add_piece(&of, &tokens, to);
    }
    free(tokens.ids);
    free(tokens.ends);
    free(of.hashes);
    free(of.out);
    free(of.table);
    return status;
}

int wv_types_fit(const int32_t *types, int64_t n, int32_t n_types)
{
    int fit = 1;
    for (int64_t k = 0; k < n; k++)
        fit &= types[k] >= 0 && types[k] < n_types;
    return fit;
}

void wv_gather_lists(const int32_t *ids, const int64_t *offsets, const int32_t *order, int64_t n,
                     const int32_t *map, int32_t *out)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = offsets[order[i]]; k < offsets[order[i] + 1]; k++)
            *out++ = map[ids[k]];
}
