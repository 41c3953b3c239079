/* See numbering.h. A hash table with linear probing. Slots of keys to come are prefetched. */
#include "graph/numbering.h"

#include <stdlib.h>
#include <string.h>

#include "isa/region.h"
#include "rng.h"

enum { FIRST_BITS = 12, MAX_KEYS = INT32_MAX, AHEAD = 16 /* keys whose slots are prefetched */ };

struct slot {
    int64_t key;
    int32_t number; /* -1: the slot is free */
};

struct wv_numbering {
    struct slot *slots; /* 2^n_bits, at most 3/4 of them in use */
    int n_bits;
    int64_t n_keys;
};

static uint64_t hash(const struct wv_numbering *numbering, int64_t key)
{
    return wv_mix((uint64_t)key + 0x9e3779b97f4a7c15u) >> (64 - numbering->n_bits);
}

static struct slot *new_slots(int n_bits)
{
    struct slot *slots = malloc(sizeof *slots << n_bits);
    for (size_t i = 0; slots && i < (size_t)1 << n_bits; i++)
        slots[i] = (struct slot){0, -1};
    return slots;
}

enum wv_status wv_numbering_new(struct wv_numbering **out)
{
    struct wv_numbering *numbering = calloc(1, sizeof *numbering);
    *out = numbering;
    if (!numbering)
        return WV_NO_MEMORY;
    numbering->n_bits = FIRST_BITS;
    numbering->slots = new_slots(FIRST_BITS);
    return numbering->slots ? WV_OK : WV_NO_MEMORY;
}

void wv_numbering_free(struct wv_numbering *numbering)
{
    if (numbering)
        free(numbering->slots);
    free(numbering);
}

/* Returns the slot of a key, or the free one where it belongs. */
static struct slot *find(const struct wv_numbering *numbering, int64_t key)
{
    const uint64_t mask = ((uint64_t)1 << numbering->n_bits) - 1;
    uint64_t i = hash(numbering, key);
    while (numbering->slots[i].number >= 0 && numbering->slots[i].key != key)
        i = (i + 1) & mask;
    return &numbering->slots[i];
}

static int grow(struct wv_numbering *numbering)
{
    struct slot *old = numbering->slots;
    const size_t n = (size_t)1 << numbering->n_bits;
    struct slot *slots = new_slots(numbering->n_bits + 1);
    if (!slots)
        return 0;
    numbering->slots = slots;
    numbering->n_bits++;
    for (size_t i = 0; i < n; i++)
        if (old[i].number >= 0)
            *find(numbering, old[i].key) = old[i];
    free(old);
    return 1;
}

enum wv_status wv_number_keys(struct wv_numbering *numbering, const int64_t *keys, int64_t n, int32_t *numbers)
{
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            WV_PREFETCH(&numbering->slots[hash(numbering, keys[i + AHEAD])]);
        struct slot *slot = find(numbering, keys[i]);
        if (slot->number < 0) {
            if (numbering->n_keys == MAX_KEYS)
                return WV_VOCAB_FULL;
            *slot = (struct slot){keys[i], (int32_t)numbering->n_keys++};
            numbers[i] = slot->number;
            if (4 * numbering->n_keys > (int64_t)3 << numbering->n_bits && !grow(numbering))
                return WV_NO_MEMORY;
        } else {
            numbers[i] = slot->number;
        }
    }
    return WV_OK;
}

int64_t wv_count_keys(const struct wv_numbering *numbering)
{
    return numbering->n_keys;
}

void wv_copy_keys(const struct wv_numbering *numbering, int64_t *keys)
{
    for (size_t i = 0; i < (size_t)1 << numbering->n_bits; i++)
        if (numbering->slots[i].number >= 0)
            keys[numbering->slots[i].number] = numbering->slots[i].key;
}
