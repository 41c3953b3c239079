/* Counts of pairs of neighbouring words, with the connector words between them. In: sentences of word ids. Out: how often each
 * pair occurs.
 *
 * A pair means the string of its words, joined by the delimiter. Two pairs, or a pair and a word, that are the same string are
 * counted together: "new" + "york_city", "new_york" + "city" and the word "new_york_city". This can only happen if a word contains
 * a byte of the delimiter (a "special" word), so only the strings of such words and pairs are compared.
 *
 * The pairs are divided among tables by their hash. Each table belongs to one thread. */
#ifndef WILDVEC_PHRASES_PAIRS_H
#define WILDVEC_PHRASES_PAIRS_H

#include "strings.h"

enum { WV_CONNECTOR = 1, WV_SPECIAL = 2 };

struct wv_phrase_words {
    struct wv_strings strings;
    const struct wv_string_hash *hashes; /* (n) */
    const uint8_t *flags;                /* (n) of WV_CONNECTOR, WV_SPECIAL */
    int64_t *counts, *positions;         /* (n) occurrences, position of the first one */
    const uint8_t *delimiter;
    int64_t n_delimiter;
    struct wv_string_hash delimiter_hash;
};

/* Half a cache line. A special word has a slot too, with end = -1; its count is that of the word. */
struct wv_pair {
    int32_t start_plus_1; /* 0: the slot is free, so zeroed memory is an empty table */
    int32_t end;
    uint32_t tag;             /* the high half of the mixed hash; its top bits select the slot */
    uint32_t between : 31;    /* number of the sequence of connector words, 0: none */
    uint32_t has_special : 1; /* a word of it is special */
    int64_t count, position;  /* position: of the end of its first occurrence */
};

/* Sequences of connector words: sequence i is sequence parent[i] followed by a word. Sequence 0 is empty. */
struct wv_sequences {
    int32_t *parents, *words, *slots; /* slots: a hash table of numbers, 0: free */
    int32_t n, n_slots;
};

struct wv_pair_table {
    struct wv_pair *slots; /* n_slots, a power of 2, at most 3/4 of them in use */
    int64_t n_slots, n_used;
    int64_t size;      /* pairs; special words are not counted */
    int64_t n_revived; /* special words whose count was 0 until a pair of the same string was counted */
    int shift;         /* 32 - log2(n_slots) */
    struct wv_sequences sequences;
};

/* Sentence i is ids[ends[i - 1] .. ends[i]); the last one may have no end. The first n_begun tokens were counted as words before:
 * they are the begin of a sentence whose end follows. position: of ids[0] in the corpus. */
struct wv_id_sentences {
    const int32_t *ids;
    const int32_t *ends;
    int64_t n_ids, n_ends, n_begun, position;
};

enum wv_status wv_pair_table_init(struct wv_pair_table *table);
void wv_pair_table_free(struct wv_pair_table *table);

/* Set hashes and the flag WV_SPECIAL of the words first … n - 1. */
void wv_hash_words(const struct wv_phrase_words *words, int64_t first, struct wv_string_hash *hashes,
                   uint8_t *flags);

/* Count the words that are no connectors; returns how many had the count 0. */
int64_t wv_count_words(const struct wv_phrase_words *words, const struct wv_id_sentences *sentences);

/* Give each special word first … n - 1 of this part a slot. A pair of the same string passes its count to the word. */
enum wv_status wv_mark_words(struct wv_pair_table *table, const struct wv_phrase_words *words, int64_t first,
                             int part, int n_parts);

/* Count the pairs of part `part` of n_parts. */
enum wv_status wv_count_pairs(struct wv_pair_table *table, const struct wv_phrase_words *words,
                              const struct wv_id_sentences *sentences, int part, int n_parts);

/* Pairs in arrays of n elements. */
struct wv_pair_arrays {
    int32_t *starts, *betweens, *ends;
    int64_t *counts, *positions;
    int64_t n;
};

/* Add the counts of given pairs that are in this part; betweens: sequences of the table. */
enum wv_status wv_add_pairs(struct wv_pair_table *table, const struct wv_phrase_words *words,
                            const struct wv_pair_arrays *pairs, int part, int n_parts);

/* Write all pairs; `to` has space for table->size of them. */
void wv_export_pairs(const struct wv_pair_table *table, struct wv_pair_arrays *to);

/* Drop the pairs with a count of at most `most`. */
enum wv_status wv_prune_pairs(struct wv_pair_table *table, int64_t most);

/* Add the sequences of connector words of another table. map: receives from->n numbers. */
enum wv_status wv_merge_sequences(struct wv_sequences *into, const int32_t *parents, const int32_t *words,
                                  int32_t n, int32_t *map);

/* Write the string of each pair, followed by a byte 0, and the position of that byte. sequences: those of `betweens`.
 * out NULL: only the number of bytes is computed. Returns it. */
int64_t wv_join_pairs(const struct wv_phrase_words *words, const struct wv_sequences *sequences,
                      const struct wv_pair_arrays *pairs, uint8_t *out, int64_t *out_ends);

#endif
