/* In: tokens. Out: groups of tokens that are phrases, and their scores. */
#include "find.h"

#include <math.h>
#include <string.h>

#include "../text/tokenize.h"

double wv_score_phrase(const struct wv_phrase_rules *rules, double start_count, double end_count,
                       double phrase_count)
{
    if (!(start_count > 0) || !(end_count > 0) || !(phrase_count > 0))
        return -INFINITY;
    if (rules->scoring == WV_SCORE_ORIGINAL)
        return (phrase_count - rules->min_count) / (start_count * end_count) * rules->len_vocab;
    if (phrase_count < rules->min_count)
        return -INFINITY;
    const double start = start_count / rules->corpus_word_count, end = end_count / rules->corpus_word_count;
    const double both = phrase_count / rules->corpus_word_count;
    const double score = log(both / (start * end)) / -log(both);
    return isfinite(score) ? score : -INFINITY;
}

/* The token or tokens from `first` on that can become a phrase. */
struct candidate {
    int64_t first; /* -1: none */
    uint64_t hash; /* of the string from there to the present token */
    uint64_t first_hash;
};

static double count_token(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens, int64_t i,
                          uint64_t hash)
{
    const struct wv_pieces piece = {tokens->bytes, tokens->starts + i, tokens->lengths + i, 1, NULL, 0};
    const int32_t id = wv_string_map_find(rules->map, wv_mix_hash(hash), &piece);
    return id < 0 ? 0 : rules->values[id];
}

/* Returns the number of the phrase that the tokens from the candidate's first to `last` are, or -1. */
static int32_t find_phrase(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens,
                           struct candidate candidate, int64_t last, uint64_t last_hash, double *score)
{
    const int64_t first = candidate.first;
    const struct wv_pieces pieces = {tokens->bytes,    tokens->starts + first, tokens->lengths + first,
                                     last - first + 1, rules->delimiter,       rules->n_delimiter};
    const int32_t id = wv_string_map_find(rules->map, wv_mix_hash(candidate.hash), &pieces);
    if (id < 0)
        return -1;
    *score = rules->values[id];
    if (rules->scoring != WV_SCORE_GIVEN) {
        const double start_count = count_token(rules, tokens, first, candidate.first_hash);
        *score = wv_score_phrase(rules, start_count, count_token(rules, tokens, last, last_hash), *score);
    }
    return *score > rules->threshold ? id : -1;
}

static void add_group(struct wv_groups *groups, int64_t first, int64_t last, int32_t phrase, double score)
{
    groups->first[groups->n] = (int32_t)first;
    groups->last[groups->n] = (int32_t)last;
    groups->phrases[groups->n] = phrase;
    if (groups->scores)
        groups->scores[groups->n] = score;
    groups->n++;
}

static void add_singles(struct wv_groups *groups, int64_t first, int64_t last)
{
    for (int64_t i = first; i <= last; i++)
        add_group(groups, i, i, -1, 0);
}

static void find_in_sentence(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens, int64_t from,
                             int64_t to, struct wv_groups *groups)
{
    const struct wv_string_hash delimiter = wv_hash_string(rules->delimiter, rules->n_delimiter);
    struct candidate candidate = {-1, 0, 0};
    for (int64_t i = from; i < to; i++) {
        const struct wv_string_hash hash = wv_hash_string(tokens->bytes + tokens->starts[i], tokens->lengths[i]);
        const struct wv_pieces piece = {tokens->bytes, tokens->starts + i, tokens->lengths + i, 1, NULL, 0};
        const int is_connector = rules->connectors->strings.n &&
                                 wv_string_map_find(rules->connectors, wv_mix_hash(hash.value), &piece) >= 0;
        if (candidate.first < 0) {
            if (is_connector)
                add_group(groups, i, i, -1, 0);
            else if (tokens->lengths[i])
                candidate = (struct candidate){i, hash.value, hash.value};
            continue;
        }
        candidate.hash = (candidate.hash * delimiter.power + delimiter.value) * hash.power + hash.value;
        if (is_connector)
            continue;
        double score = 0;
        const int32_t phrase = find_phrase(rules, tokens, candidate, i, hash.value, &score);
        if (phrase >= 0)
            add_group(groups, candidate.first, i, phrase, score);
        else
            add_singles(groups, candidate.first, i - 1);
        candidate = (struct candidate){phrase >= 0 || !tokens->lengths[i] ? -1 : i, hash.value, hash.value};
    }
    if (candidate.first >= 0)
        add_singles(groups, candidate.first, to - 1);
}

void wv_find_phrases(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens, struct wv_groups *groups)
{
    int64_t start = 0;
    groups->n = 0;
    for (int64_t i = 0; i < tokens->n_ends; i++) {
        find_in_sentence(rules, tokens, start, tokens->ends[i], groups);
        groups->ends[i] = (int32_t)groups->n;
        start = tokens->ends[i];
    }
}

void wv_split_lines(const uint8_t *text, int64_t n_bytes, struct wv_tokens *tokens)
{
    const uint8_t *end = text + n_bytes, *p = text;
    tokens->bytes = text;
    tokens->n = tokens->n_ends = 0;
    for (;;) {
        for (; p < end && wv_is_space[*p]; p++)
            if (*p == '\n')
                tokens->ends[tokens->n_ends++] = (int32_t)tokens->n;
        if (p == end)
            break;
        const struct wv_token token = wv_next_token(p, end);
        tokens->starts[tokens->n] = p - text;
        tokens->lengths[tokens->n++] = (uint32_t)token.length;
        p += token.length;
    }
    if (n_bytes && end[-1] != '\n')
        tokens->ends[tokens->n_ends++] = (int32_t)tokens->n;
}

int64_t wv_written_bytes(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens, int64_t n_bytes)
{
    return n_bytes + tokens->n * (1 + rules->n_delimiter) + tokens->n_ends + WV_INLINE_BYTES;
}

/* Write a token and return its end. Up to WV_INLINE_BYTES more bytes are changed. */
static uint8_t *write_token(const struct wv_tokens *tokens, int64_t i, const uint8_t *text_end, uint8_t *out)
{
    const uint8_t *token = tokens->bytes + tokens->starts[i];
    const int64_t length = tokens->lengths[i];
    if (length > WV_INLINE_BYTES || text_end - token < WV_INLINE_BYTES)
        memcpy(out, token, (size_t)length);
    else
        memcpy(out, token, WV_INLINE_BYTES); /* without a loop */
    return out + length;
}

int64_t wv_write_groups(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens, int64_t n_bytes,
                        const struct wv_groups *groups, uint8_t *out)
{
    const uint8_t *text_end = tokens->bytes + n_bytes;
    uint8_t *p = out;
    int64_t group = 0;
    for (int64_t sentence = 0; sentence < tokens->n_ends; sentence++) {
        const uint8_t *begin = p;
        for (; group < groups->ends[sentence]; group++) {
            if (p > begin)
                *p++ = ' ';
            for (int64_t i = groups->first[group]; i <= groups->last[group]; i++) {
                if (i > groups->first[group]) {
                    memcpy(p, rules->delimiter, (size_t)rules->n_delimiter);
                    p += rules->n_delimiter;
                }
                p = write_token(tokens, i, text_end, p);
            }
        }
        *p++ = '\n';
    }
    return p - out;
}

/* Find the delimiters of a string from left to right, as str.split does. Set *first to the begin of the first one and *last to the
 * end of the last one; returns 0 if there is none. */
static int find_delimiters(const struct wv_phrase_rules *rules, const uint8_t *string, int64_t length,
                           int64_t *first, int64_t *last)
{
    int found = 0;
    for (int64_t i = 0; rules->n_delimiter && i <= length - rules->n_delimiter;) {
        if (memcmp(string + i, rules->delimiter, (size_t)rules->n_delimiter)) {
            i++;
            continue;
        }
        if (!found)
            *first = i;
        found = 1;
        i += rules->n_delimiter;
        *last = i;
    }
    return found;
}

static double count_part(const struct wv_phrase_rules *rules, const uint8_t *bytes, int64_t length)
{
    int64_t start = 0;
    uint32_t size = (uint32_t)length;
    const struct wv_tokens token = {bytes, &start, &size, NULL, 1, 0};
    return count_token(rules, &token, 0, wv_hash_string(bytes, length).value);
}

void wv_score_strings(const struct wv_phrase_rules *rules, double *scores)
{
    const struct wv_strings *strings = &rules->map->strings;
    for (int64_t i = 0; i < strings->n; i++) {
        const uint8_t *string = strings->bytes + wv_string_start(strings, i);
        const int64_t length = strings->ends[i] - wv_string_start(strings, i);
        int64_t first, last;
        scores[i] = -INFINITY;
        if (find_delimiters(rules, string, length, &first, &last))
            scores[i] = wv_score_phrase(rules, count_part(rules, string, first),
                                        count_part(rules, string + last, length - last), rules->values[i]);
    }
}
