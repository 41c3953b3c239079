/* Find phrases in text. In: tokens, and the strings that are phrases (or words and phrases with their counts). Out: groups of
 * tokens, each a phrase or a single token. The rules are those of gensim: from left to right, a phrase begins and ends with a word
 * that is no connector word, and has only connector words between them. */
#ifndef WILDVEC_PHRASES_FIND_H
#define WILDVEC_PHRASES_FIND_H

#include "strings.h"

/* How a phrase is scored. WV_SCORE_GIVEN: the values are scores of phrases. Otherwise they are counts of words and phrases. */
enum wv_phrase_scoring { WV_SCORE_GIVEN, WV_SCORE_ORIGINAL, WV_SCORE_NPMI };

struct wv_phrase_rules {
    const struct wv_string_map *map, *connectors;
    const double *values; /* (strings of the map) */
    int scoring;
    double threshold; /* a score must be above it */
    double min_count, len_vocab, corpus_word_count;
    const uint8_t *delimiter;
    int64_t n_delimiter;
};

/* Token i is bytes[starts[i] .. starts[i] + lengths[i]); sentence i has the tokens ends[i - 1] .. ends[i]. */
struct wv_tokens {
    const uint8_t *bytes;
    int64_t *starts;
    uint32_t *lengths;
    int32_t *ends;
    int64_t n, n_ends;
};

/* Groups of tokens in order: group i has the tokens first[i] .. last[i]. phrases: number of its string in the map, -1 for a single
 * token. Empty tokens are in no group. Each array has space for as many groups as there are tokens; scores may be NULL. */
struct wv_groups {
    int32_t *first, *last, *phrases;
    double *scores;
    int32_t *ends; /* (n_ends) groups up to the end of each sentence */
    int64_t n;
};

/* The score of counts; -infinity if one of them is 0. */
double wv_score_phrase(const struct wv_phrase_rules *rules, double start_count, double end_count,
                       double phrase_count);

void wv_find_phrases(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens, struct wv_groups *groups);

/* Find the tokens of whole lines of prepared text (see wv_prepare_text): starts, lengths have space for n_bytes / 2 + 1 tokens,
 * ends for n_bytes. A last line without '\n' ends too. */
void wv_split_lines(const uint8_t *text, int64_t n_bytes, struct wv_tokens *tokens);

/* Write groups as text: tokens of a group joined by the delimiter, groups separated by ' ', a '\n' behind each sentence. Returns the
 * number of bytes. n_bytes: of the text that the tokens are in. out: has space for wv_written_bytes. */
int64_t wv_write_groups(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens, int64_t n_bytes,
                        const struct wv_groups *groups, uint8_t *out);
int64_t wv_written_bytes(const struct wv_phrase_rules *rules, const struct wv_tokens *tokens, int64_t n_bytes);

/* Score each string of the map as a phrase: it begins with the part before the first delimiter in it and ends with the part behind
 * the last one. scores: receives -infinity for a string without a delimiter. */
void wv_score_strings(const struct wv_phrase_rules *rules, double *scores);

#endif
