/* In: tokens. Out: an id per distinct token, with its count and the position of its first appearance.
 * Ids are in the order of insertion; wildvec/text/vocab.py sorts them by frequency. */
#ifndef WILDVEC_TEXT_VOCAB_H
#define WILDVEC_TEXT_VOCAB_H

#include "../status.h"
#include "tokenize.h"

/* Half a cache line. To look up and count a token of up to 16 bytes, only its slot is read. */
struct wv_slot {
    uint64_t head, tail;
    int64_t count;
    uint32_t length;
    int32_t id_plus_1; /* 0: the slot is free, so zeroed memory is an empty table */
};

/* A hash table with open addressing and linear probing, at most 3/4 full. The keys are in one array, in order of ids. */
struct wv_vocab {
    struct wv_slot *slots; /* n_slots, a power of 2 */
    int64_t n_slots;
    int shift;         /* 64 - log2(n_slots): the top bits of a hash select the slot */
    int32_t size;      /* tokens in the table */
    int32_t capacity;  /* of key_ends and first */
    int64_t *key_ends; /* size; key i is keys[key_ends[i - 1] .. key_ends[i]) */
    uint64_t *first;   /* size; block << 32 | index in the block */
    uint8_t *keys;     /* key_ends[size - 1] bytes */
    int64_t keys_capacity;
};

enum wv_status wv_vocab_init(struct wv_vocab *vocab);
void wv_vocab_free(struct wv_vocab *vocab);
/* Returns the memory of a table in bytes. size: tokens. key_bytes: bytes of all keys together. */
int64_t wv_vocab_bytes(int64_t size, int64_t key_bytes);

/* Insert a token that is not in the table. */
enum wv_status wv_vocab_insert(struct wv_vocab *vocab, struct wv_token token, int64_t count, uint64_t first,
                               int32_t *id);

/* Insert n keys as ids size..size + n, with count 0: key i is keys[ends[i - 1] .. ends[i]). A repeated key is an error. */
enum wv_status wv_vocab_load(struct wv_vocab *vocab, const uint8_t *keys, const int64_t *ends, int64_t n);

/* Add the tokens and counts of `from` to `into`. map: receives from->size new ids. */
enum wv_status wv_vocab_merge(struct wv_vocab *into, const struct wv_vocab *from, int32_t *map);

/* Drop tokens with count < min_count and renumber the others. map: receives `size` new ids, -1 for dropped tokens. */
enum wv_status wv_vocab_prune(struct wv_vocab *vocab, int64_t min_count, int32_t *map);

/* counts, first: receive `size` elements each, by id. */
void wv_vocab_export(const struct wv_vocab *vocab, int64_t *counts, uint64_t *first);

/* Write the keys of n ids to `out`, each followed by the separator; wv_vocab_keys_bytes returns the number of bytes. */
int64_t wv_vocab_keys_bytes(const struct wv_vocab *vocab, const int64_t *ids, int64_t n);
void wv_vocab_keys(const struct wv_vocab *vocab, const int64_t *ids, int64_t n, uint8_t separator, uint8_t *out);

static inline uint64_t wv_hash(struct wv_token token)
{
    uint64_t hash = token.head * UINT64_C(0x9e3779b97f4a7c15) +
                    (token.tail ^ (uint64_t)token.length) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

/* Returns the start of the key of an id in keys; for the id `size`, the end of the last key. */
static inline int64_t wv_vocab_key_start(const struct wv_vocab *vocab, int64_t id)
{
    return id ? vocab->key_ends[id - 1] : 0;
}

static inline int wv_same_long(const struct wv_vocab *vocab, int32_t id, struct wv_token token)
{
    const uint8_t *key = vocab->keys + wv_vocab_key_start(vocab, id);
    return memcmp(key, token.bytes, (size_t)token.length) == 0;
}

/* Returns the slot of the token, or the free slot where it can be inserted. hash: wv_hash of the token. */
static inline struct wv_slot *wv_vocab_find(const struct wv_vocab *vocab, struct wv_token token, uint64_t hash)
{
    int64_t mask = vocab->n_slots - 1;
    int64_t i = (int64_t)(hash >> vocab->shift);
    for (;; i = (i + 1) & mask) {
        struct wv_slot *slot = vocab->slots + i;
        if (slot->head == token.head && slot->tail == token.tail && slot->length == token.length &&
            slot->id_plus_1 && (token.length <= WV_INLINE_BYTES || wv_same_long(vocab, slot->id_plus_1 - 1, token)))
            return slot;
        if (!slot->id_plus_1)
            return slot;
    }
}

#endif
