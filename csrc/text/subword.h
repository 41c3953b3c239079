/* In: words as UTF-8. Out: the buckets of their character n-grams, with the rules and hashes of fastText (Bojanowski, Grave,
 * Joulin, Mikolov 2017), so that a model means the same there. */
#ifndef WILDVEC_TEXT_SUBWORD_H
#define WILDVEC_TEXT_SUBWORD_H

#include <stdint.h>

/* The n-grams of min_n … max_n characters; each has the number first + hash % bucket. bucket 0: no n-grams. */
struct wv_ngram_rules {
    int32_t min_n, max_n, bucket, first;
};

/* 32-bit FNV-1a of bytes that are extended with their sign. */
uint32_t wv_hash_bytes(const uint8_t *bytes, int64_t n);

/* Whether a word is "</s>", which stands for the end of a line. It has no n-grams. */
int wv_is_end_of_line(const uint8_t *word, int64_t n);

/* The n-grams of a word of n bytes, with '<' before and '>' behind it: at most (max_n - min_n + 1) * (n + 2). Returns their
 * number; with out NULL, only counts. */
int64_t wv_char_ngrams(struct wv_ngram_rules rules, const uint8_t *word, int64_t n, int32_t *out);

/* The n-grams of n words; word i is keys[ends[i - 1] .. ends[i]). offsets: receives n + 1 elements. Returns the number of
 * n-grams; with out NULL, only counts. */
int64_t wv_ngrams_of_words(struct wv_ngram_rules rules, const uint8_t *keys, const int64_t *ends, int64_t n,
                           int32_t *out, int64_t *offsets);

#endif
