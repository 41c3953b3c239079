/* Hashes of strings that can be joined: the hash of "ab" follows from those of "a" and "b" without reading them. And a map from
 * strings to their number, which finds a string that is given in pieces. */
#ifndef WILDVEC_PHRASES_STRINGS_H
#define WILDVEC_PHRASES_STRINGS_H

#include <stdint.h>

#include "../status.h"

/* A polynomial in WV_HASH_BASE modulo 2^64, and the base to the power of the length. */
struct wv_string_hash {
    uint64_t value, power;
};

#define WV_HASH_BASE UINT64_C(0x9e3779b97f4a7c55)

static inline struct wv_string_hash wv_hash_string(const uint8_t *bytes, int64_t length)
{
    struct wv_string_hash hash = {0, 1};
    for (int64_t i = 0; i < length; i++) {
        hash.value = hash.value * WV_HASH_BASE + bytes[i] + 1;
        hash.power *= WV_HASH_BASE;
    }
    return hash;
}

/* Returns the hash of the string `left` followed by the string `right`. */
static inline struct wv_string_hash wv_join_hashes(struct wv_string_hash left, struct wv_string_hash right)
{
    return (struct wv_string_hash){left.value * right.power + right.value, left.power * right.power};
}

/* Returns a value all bits of which depend on all bits of the hash. */
static inline uint64_t wv_mix_hash(uint64_t value)
{
    value = (value ^ value >> 32) * UINT64_C(0xd6e8feb86659fd93);
    value = (value ^ value >> 29) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return value ^ value >> 32;
}

/* Distinct strings: string i is bytes[ends[i - 1] + 1 .. ends[i]); one byte, which is in no string, follows each. */
struct wv_strings {
    const uint8_t *bytes;
    const int64_t *ends; /* (n) */
    int64_t n;
};

static inline int64_t wv_string_start(const struct wv_strings *strings, int64_t i)
{
    return i ? strings->ends[i - 1] + 1 : 0;
}

/* A hash table of them, with open addressing and linear probing, at most half full. */
struct wv_string_slot {
    uint32_t tag; /* the high half of the mixed hash; its top bits select the slot */
    int32_t id_plus_1;
};
struct wv_string_map {
    struct wv_strings strings;
    struct wv_string_slot *slots; /* n_slots, a power of 2 */
    int64_t n_slots;
    int shift; /* 32 - log2(n_slots) */
};

/* A string in pieces, which `delimiter` joins: piece i is bytes[starts[i] .. starts[i] + lengths[i]). */
struct wv_pieces {
    const uint8_t *bytes;
    const int64_t *starts;
    const uint32_t *lengths;
    int64_t n;
    const uint8_t *delimiter;
    int64_t n_delimiter;
};

/* strings: kept by the caller as long as the map. WV_DUPLICATE_KEY: two are equal. */
enum wv_status wv_string_map_init(struct wv_string_map *map, struct wv_strings strings);
void wv_string_map_free(struct wv_string_map *map);

/* Returns the number of the string, -1 if it is none of them. hash: wv_mix_hash of its hash. */
int32_t wv_string_map_find(const struct wv_string_map *map, uint64_t hash, const struct wv_pieces *pieces);

#endif
