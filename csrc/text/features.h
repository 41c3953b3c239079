/* In: lines of text, a vocabulary. Out: the features of each line, as in fastText's supervised mode (Joulin et al. 2016):
 * words, hashed character n-grams of words, hashed n-grams of words. The rules and hashes are those of fastText, so that a
 * model means the same there. */
#ifndef WILDVEC_TEXT_FEATURES_H
#define WILDVEC_TEXT_FEATURES_H

#include "encode.h"
#include "subword.h"

/* Scan whole lines. Tokens end at ' ', '\t', '\n', '\v', '\f', '\r' and '\0'; each '\n' ends a line and is the token "</s>"
 * of that line; a last line without '\n' has none. out->ends has one element per line.
 * frozen: the vocabulary is only read; the id of an unknown token is ~offset of its first byte in text. Otherwise tokens are
 * counted and unknown ones inserted; block: see wv_scan_text.
 * out->ids and out->ends have space for n_bytes + 1 elements; n_bytes < 2^31. */
enum wv_status wv_scan_lines(struct wv_vocab *vocab, const uint8_t *text, int64_t n_bytes, uint64_t block,
                             int frozen, struct wv_encoded *out);

/* A distinct token. */
struct wv_type {
    int32_t word; /* its row, -1: none, WV_SKIPPED: it is not a word (a label) */
    uint32_t hash;
};
enum { WV_SKIPPED = -2 };

/* How a text becomes features. Type t has the features own_ids[own_offsets[t] .. own_offsets[t + 1]),
 * those that its occurrence alone has: its word row and its character n-grams. Row n_words + b is that of bucket b. */
struct wv_feature_rules {
    const struct wv_type *types; /* (n_types) */
    const int32_t *own_ids;
    const int64_t *own_offsets; /* (n_types + 1) */
    int32_t n_types, n_words, word_ngrams, min_n, max_n;
    int32_t bucket;              /* number of buckets; 0: no n-grams */
    int32_t is_binary;           /* each feature counts once in a line */
    const uint8_t *label_prefix; /* unknown tokens that begin with it are skipped */
    int64_t n_prefix;
};

/* Set the hashes of n types; key i is keys[ends[i - 1] .. ends[i]). */
void wv_hash_types(const uint8_t *keys, const int64_t *ends, int64_t n, struct wv_type *types);

/* The own features of all types, with keys as above. offsets: receives n_types + 1 elements. Returns the number of features;
 * with out NULL, only counts. The end of a line and labels have no character n-grams. */
int64_t wv_own_features(const struct wv_feature_rules *rules, const uint8_t *keys, const int64_t *ends,
                        int32_t *out, int64_t *offsets);

/* Features of n_lines lines of types: those of line i end at ends[i]. offsets: receives n_lines elements, the features up to the
 * end of each line. hashes: scratch, as long as the longest line. used: (n_words + bucket) elements of the features are set to 1;
 * NULL: none. *n_out: the number of features, or -1 if they are more than `capacity`. */
enum wv_status wv_line_features(const struct wv_feature_rules *rules, const int32_t *types, const int32_t *ends,
                                int64_t n_lines, uint32_t *hashes, uint8_t *used, int32_t *out, int64_t capacity,
                                int64_t *offsets, int64_t *n_out);

/* Returns 1 if all ids are those of types. */
int wv_types_fit(const int32_t *types, int64_t n, int32_t n_types);

/* Returns the number of lines; the last one may have no '\n'. */
int64_t wv_count_lines(const uint8_t *text, int64_t n_bytes);

/* Receives the rows of lines: those of line i are ids[offsets[i] .. offsets[i + 1]). */
struct wv_line_rows {
    int32_t *ids;     /* (capacity) */
    int64_t *offsets; /* (number of lines + 1) */
    int64_t *sizes;   /* (number of lines): the features of each line that count in its mean */
    int64_t capacity, n_ids, n_lines;
    int is_pruned; /* features without rows do not count */
    int is_full;   /* set if there are more rows than `capacity`; the other results are then incomplete */
};

/* From text to rows of a trained model in one pass. vocab: frozen; its ids are the types of the rules. row_of: the row of each of
 * the n_words + bucket features, -1: none. */
enum wv_status wv_find_rows(const struct wv_feature_rules *rules, struct wv_vocab *vocab, const int32_t *row_of,
                            const uint8_t *text, int64_t n_bytes, struct wv_line_rows *to);

/* out: the lists order[0], order[1], … of ids[offsets[i] .. offsets[i + 1]), each id replaced by map[id]; order: n. */
void wv_gather_lists(const int32_t *ids, const int64_t *offsets, const int32_t *order, int64_t n,
                     const int32_t *map, int32_t *out);

#endif
