/* In: a block of text, of joined tokens or of integers, and a vocabulary. Out: int32 ids and sentence ends.
 * Each worker has its own vocabulary, so the ids are provisional; wv_remap_block replaces them by final ones. */
#ifndef WILDVEC_TEXT_ENCODE_H
#define WILDVEC_TEXT_ENCODE_H

#include "vocab.h"

/* The output of a scan. A sentence end is the number of ids in the block up to the end of the sentence. */
struct wv_encoded {
    int32_t *ids;  /* n_bytes / 2 + 1 elements for text, else one per token */
    int32_t *ends; /* one element more than ids, with all_ends n_bytes; only wv_scan_text writes them */
    int64_t n_ids, n_ends;
    int all_ends; /* in: store the ends of empty sentences too, so that there is one end for each '\n' */
};

/* text: n_bytes of prepared UTF-8 (see wv_prepare_text); tokens end at white space, sentences at '\n'.
 * block: its number, stored with the first appearance of a token. frozen: the vocabulary is only read, so that threads can
 * share it, and unknown tokens get the id -1; otherwise tokens are counted and unknown ones inserted. */
enum wv_status wv_scan_text(struct wv_vocab *vocab, const uint8_t *text, int64_t n_bytes, uint64_t block,
                            int frozen, struct wv_encoded *out);

/* tokens: n_tokens tokens in n_bytes, with a byte 0 between two tokens; tokens can be empty. lengths: bytes of each token.
 * Returns WV_EXTRA_SEPARATOR if a token that is new to the vocabulary contains a byte 0 (a frozen vocabulary takes no new
 * tokens and is not checked), or if the lengths do not add up to n_bytes. */
enum wv_status wv_scan_tokens(struct wv_vocab *vocab, const uint8_t *tokens, int64_t n_bytes,
                              const uint32_t *lengths, int64_t n_tokens, uint64_t block, int frozen,
                              struct wv_encoded *out);

/* values: n integers; the key of an integer is the byte 0xff (never in UTF-8) and its decimal digits. */
enum wv_status wv_scan_ints(struct wv_vocab *vocab, const int64_t *values, int64_t n, uint64_t block, int frozen,
                            struct wv_encoded *out);

/* Returns 1 if the ends ascend from 0 to at most n_ids, else 0. */
int wv_ends_fit(const int32_t *ends, int64_t n_ends, int64_t n_ids);

/* Split sentences longer than max_length tokens. ends: n_ends sentence ends of a block of n_ids tokens, ascending.
 * *open: in, the tokens of the sentence that the blocks before left open, at most max_length; out, those that this block
 * leaves open. out: at least n_ends + n_ids / max_length + 1 elements. Returns the number of ends written. */
int64_t wv_split_sentences(const int32_t *ends, int64_t n_ends, int64_t n_ids, int64_t max_length, int64_t *open,
                           int32_t *out);

/* Replace each id >= 0 by map[id], drop the ids below 0 and adjust the ends, all in place. map: n_map ids, or NULL to keep
 * the ids. Returns the number of ids left, or -1 if an id is not in the map. */
int64_t wv_remap_block(int32_t *ids, int64_t n_ids, int32_t *ends, int64_t n_ends, const int32_t *map,
                       int64_t n_map);

#endif
