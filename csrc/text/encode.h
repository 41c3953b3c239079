/* In: a block of text, of joined tokens or of integers, and a vocabulary. Out: int32 ids and sentence ends.
 * A block's ids are provisional (a worker's own) until wv_remap_block gives them their final meaning. */
#ifndef WILDVEC_TEXT_ENCODE_H
#define WILDVEC_TEXT_ENCODE_H

#include "vocab.h"

/* What a scan writes to. A sentence end is a number of ids: the sentence closes after that many of the block. */
struct wv_encoded {
    int32_t *ids;  /* room: n_bytes / 2 + 1 for text, one per token otherwise */
    int32_t *ends; /* room: one more than ids; used by wv_scan_text only */
    int64_t n_ids, n_ends;
};

/* text: n_bytes of prepared UTF-8 (see wv_prepare_text); tokens end at white space, sentences at '\n'.
 * block: the number of the block, for the places of first appearance. frozen: unknown tokens become id -1
 * and the vocabulary is only read, so threads may share it; otherwise tokens are counted and inserted. */
enum wv_status wv_scan_text(struct wv_vocab *vocab, const uint8_t *text, int64_t n_bytes, uint64_t block,
                            int frozen, struct wv_encoded *out);

/* tokens: n_bytes of n_tokens tokens of `lengths` bytes each, with a byte 0 between them; empty tokens count. Ends
 * with WV_EXTRA_SEPARATOR if a token new to the vocabulary holds a 0 (a frozen one takes no new tokens, so it does not
 * look), or if the lengths are not those of n_bytes. */
enum wv_status wv_scan_tokens(struct wv_vocab *vocab, const uint8_t *tokens, int64_t n_bytes,
                              const uint32_t *lengths, int64_t n_tokens, uint64_t block, int frozen,
                              struct wv_encoded *out);

/* values: n integers; the key of an integer is the byte 0xff (never in UTF-8) and its decimal digits. */
enum wv_status wv_scan_ints(struct wv_vocab *vocab, const int64_t *values, int64_t n, uint64_t block, int frozen,
                            struct wv_encoded *out);

/* Returns 1 if the ends ascend from 0 to at most n_ids, else 0. */
int wv_ends_fit(const int32_t *ends, int64_t n_ends, int64_t n_ids);

/* Close a sentence also after each max_length tokens. ends: n_ends of a block of n_ids tokens, ascending.
 * *open: tokens since the last end, carried from block to block. out: room for n_ends + n_ids / max_length + 1.
 * Returns how many ends were written. */
int64_t wv_split_sentences(const int32_t *ends, int64_t n_ends, int64_t n_ids, int64_t max_length, int64_t *open,
                           int32_t *out);

/* In place: ids become map[id] (the id itself if map is NULL), those that are -1 vanish, and the ends move
 * along. Returns how many ids are left. */
int64_t wv_remap_block(int32_t *ids, int64_t n_ids, int32_t *ends, int64_t n_ends, const int32_t *map, int64_t n_map);

#endif
