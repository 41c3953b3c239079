/* In: tokens. Out: an id per distinct token, with its count and where it came first.
 * Ids are handed out in order of insertion; the final order by frequency is made in wildvec/vocab.py. */
#ifndef WILDVEC_TEXT_VOCAB_H
#define WILDVEC_TEXT_VOCAB_H

#include "../status.h"
#include "tokenize.h"

/* Half a cache line: with a token of up to 16 bytes, looking it up and counting it touches nothing else. */
struct wv_slot {
    uint64_t head, tail;
    int64_t count;
    uint32_t length;
    int32_t id_plus_1; /* 0 = free, so that zeroed memory is an empty table */
};

/* Open addressing with linear probing, at most 3/4 full. Keys lie end to end in order of their ids. */
struct wv_vocab {
    struct wv_slot *slots; /* n_slots, a power of 2 */
    int64_t n_slots;
    int shift;         /* 64 - log2(n_slots): the top bits of a hash choose the slot */
    int32_t size;      /* tokens in the table */
    int32_t capacity;  /* of key_ends and first */
    int64_t *key_ends; /* size; key i is keys[key_ends[i - 1] .. key_ends[i]) */
    uint64_t *first;   /* size; block << 32 | place in the block */
    uint8_t *keys;     /* key_ends[size - 1] bytes */
    int64_t keys_room;
};

enum wv_status wv_vocab_init(struct wv_vocab *vocab);
void wv_vocab_free(struct wv_vocab *vocab);
/* What a table of `size` tokens takes whose keys have key_bytes bytes together. */
int64_t wv_vocab_bytes(int64_t size, int64_t key_bytes);

/* Put a token that wv_vocab_find did not find into the table. */
enum wv_status wv_vocab_insert(struct wv_vocab *vocab, struct wv_token token, int64_t count, uint64_t first,
                               int32_t *id);

/* Add n keys as ids size..size+n, with count 0: key i is keys[ends[i - 1] .. ends[i]). A key twice is an error. */
enum wv_status wv_vocab_load(struct wv_vocab *vocab, const uint8_t *keys, const int64_t *ends, int64_t n);

/* Count all of `from` into `into`. map: from->size new ids. */
enum wv_status wv_vocab_merge(struct wv_vocab *into, const struct wv_vocab *from, int32_t *map);

/* Drop tokens with count < min_count and number the rest anew. map: size new ids, -1 for the dropped. */
enum wv_status wv_vocab_prune(struct wv_vocab *vocab, int64_t min_count, int32_t *map);

/* counts, first: size each, by id. */
void wv_vocab_export(const struct wv_vocab *vocab, int64_t *counts, uint64_t *first);

/* The bytes that wv_vocab_keys writes for these n ids (each followed by a separator). */
int64_t wv_vocab_keys_bytes(const struct wv_vocab *vocab, const int64_t *ids, int64_t n);
void wv_vocab_keys(const struct wv_vocab *vocab, const int64_t *ids, int64_t n, uint8_t separator, uint8_t *out);

static inline uint64_t wv_hash(struct wv_token token)
{
    uint64_t hash = token.head * UINT64_C(0x9e3779b97f4a7c15) +
                    (token.tail ^ (uint64_t)token.length) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

/* Where the key of an id begins in keys; of the id `size`: where the next one will. */
static inline int64_t wv_vocab_key_start(const struct wv_vocab *vocab, int64_t id)
{
    return id ? vocab->key_ends[id - 1] : 0;
}

static inline int wv_same_long(const struct wv_vocab *vocab, int32_t id, struct wv_token token)
{
    const uint8_t *key = vocab->keys + wv_vocab_key_start(vocab, id);
    return memcmp(key, token.bytes, (size_t)token.length) == 0;
}

/* The slot that holds the token, or the free slot where it would stand. hash: wv_hash of the token. */
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
