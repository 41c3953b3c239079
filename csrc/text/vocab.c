/* In: tokens and their positions. Out: the hash table of distinct tokens; its merges, prunings and keys.
 * wv_vocab_find is inline in vocab.h, because each token calls it; encode.c reads the text. */
#include "vocab.h"

#include <stdlib.h>

enum { FIRST_SLOTS_LOG2 = 12, FIRST_CAPACITY = 1024, FIRST_KEY_BYTES = 16384, PAGE_BYTES = 4096 };

/* Returns n free slots, or NULL. Each page is written to once: a page that is read first is mapped to a shared page of zeros,
 * and its first write would then stop all threads of the process to change the mapping. */
static struct wv_slot *new_slots(int64_t n)
{
    struct wv_slot *slots = calloc((size_t)n, sizeof *slots);
    volatile struct wv_slot *page = slots;
    for (int64_t i = 0; slots && i < n; i += PAGE_BYTES / (int64_t)sizeof *slots)
        page[i].count = 0;
    return slots;
}

enum wv_status wv_vocab_init(struct wv_vocab *vocab)
{
    memset(vocab, 0, sizeof *vocab);
    vocab->n_slots = (int64_t)1 << FIRST_SLOTS_LOG2;
    vocab->shift = 64 - FIRST_SLOTS_LOG2;
    vocab->capacity = FIRST_CAPACITY;
    vocab->keys_capacity = FIRST_KEY_BYTES;
    vocab->slots = new_slots(vocab->n_slots);
    vocab->key_ends = malloc(FIRST_CAPACITY * sizeof *vocab->key_ends);
    vocab->first = malloc(FIRST_CAPACITY * sizeof *vocab->first);
    vocab->keys = malloc(FIRST_KEY_BYTES);
    if (vocab->slots && vocab->key_ends && vocab->first && vocab->keys)
        return WV_OK;
    wv_vocab_free(vocab);
    return WV_NO_MEMORY;
}

void wv_vocab_free(struct wv_vocab *vocab)
{
    free(vocab->slots);
    free(vocab->key_ends);
    free(vocab->first);
    free(vocab->keys);
    memset(vocab, 0, sizeof *vocab);
}

/* Returns the free slot for a token that is in no slot. */
static struct wv_slot *free_slot(struct wv_slot *slots, int64_t n_slots, int shift, const struct wv_slot *moved)
{
    struct wv_token token = {moved->head, moved->tail, NULL, moved->length};
    int64_t i = (int64_t)(wv_hash(token) >> shift);
    while (slots[i].id_plus_1)
        i = (i + 1) & (n_slots - 1);
    return slots + i;
}

/* Small tables grow fourfold: doubling would move tokens twice as often. */
static int log2_growth(int64_t n_slots)
{
    return n_slots < 1 << 18 ? 2 : 1;
}

/* Returns 1 if the table must grow before one more token is inserted. */
static int is_full(int64_t size, int64_t n_slots)
{
    return size * 4 >= n_slots * 3;
}

int64_t wv_vocab_bytes(int64_t size, int64_t key_bytes)
{
    int64_t n_slots = (int64_t)1 << FIRST_SLOTS_LOG2;
    while (is_full(size - 1, n_slots))
        n_slots <<= log2_growth(n_slots);
    return n_slots * (int64_t)sizeof(struct wv_slot) + size * (int64_t)(sizeof(int64_t) + sizeof(uint64_t)) +
           key_bytes;
}

static enum wv_status grow_slots(struct wv_vocab *vocab)
{
    int64_t n_slots = vocab->n_slots << log2_growth(vocab->n_slots);
    int shift = vocab->shift - log2_growth(vocab->n_slots);
    struct wv_slot *slots = new_slots(n_slots);
    if (!slots)
        return WV_NO_MEMORY;
    for (int64_t i = 0; i < vocab->n_slots; i++)
        if (vocab->slots[i].id_plus_1)
            *free_slot(slots, n_slots, shift, vocab->slots + i) = vocab->slots[i];
    free(vocab->slots);
    vocab->slots = slots;
    vocab->n_slots = n_slots;
    vocab->shift = shift;
    return WV_OK;
}

/* Allocate memory for one more token with a key of `length` bytes. */
static enum wv_status reserve(struct wv_vocab *vocab, int64_t length)
{
    if (vocab->size == INT32_MAX - 1)
        return WV_VOCAB_FULL;
    if (vocab->size == vocab->capacity) {
        int64_t capacity = (int64_t)vocab->capacity * 2;
        if (capacity > INT32_MAX)
            capacity = INT32_MAX;
        int64_t *key_ends = realloc(vocab->key_ends, (size_t)capacity * sizeof *key_ends);
        if (!key_ends)
            return WV_NO_MEMORY;
        vocab->key_ends = key_ends;
        uint64_t *first = realloc(vocab->first, (size_t)capacity * sizeof *first);
        if (!first)
            return WV_NO_MEMORY;
        vocab->first = first;
        vocab->capacity = (int32_t)capacity;
    }
    int64_t used = wv_vocab_key_start(vocab, vocab->size);
    if (used + length > vocab->keys_capacity) {
        int64_t capacity = vocab->keys_capacity * 2 + length;
        uint8_t *keys = realloc(vocab->keys, (size_t)capacity);
        if (!keys)
            return WV_NO_MEMORY;
        vocab->keys = keys;
        vocab->keys_capacity = capacity;
    }
    return is_full(vocab->size, vocab->n_slots) ? grow_slots(vocab) : WV_OK;
}

enum wv_status wv_vocab_insert(struct wv_vocab *vocab, struct wv_token token, int64_t count, uint64_t first,
                               int32_t *id)
{
    enum wv_status status = reserve(vocab, token.length);
    if (status)
        return status;
    *id = vocab->size++;
    struct wv_slot slot = {token.head, token.tail, count, (uint32_t)token.length, *id + 1};
    *free_slot(vocab->slots, vocab->n_slots, vocab->shift, &slot) = slot;
    int64_t start = wv_vocab_key_start(vocab, *id);
    memcpy(vocab->keys + start, token.bytes, (size_t)token.length);
    vocab->key_ends[*id] = start + token.length;
    vocab->first[*id] = first;
    return WV_OK;
}

enum wv_status wv_vocab_load(struct wv_vocab *vocab, const uint8_t *keys, const int64_t *ends, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t start = i ? ends[i - 1] : 0;
        struct wv_token token = wv_make_token(keys + start, ends[i] - start);
        int32_t id;
        if (wv_vocab_find(vocab, token, wv_hash(token))->id_plus_1)
            return WV_DUPLICATE_KEY;
        enum wv_status status = wv_vocab_insert(vocab, token, 0, (uint64_t)i, &id);
        if (status)
            return status;
    }
    return WV_OK;
}

/* Add the token and count of one slot of `from` to `into`. */
static enum wv_status merge_slot(struct wv_vocab *into, const struct wv_vocab *from, const struct wv_slot *slot,
                                 int32_t *new_id)
{
    int32_t id = slot->id_plus_1 - 1;
    struct wv_token token = {slot->head, slot->tail, from->keys + wv_vocab_key_start(from, id), slot->length};
    struct wv_slot *found = wv_vocab_find(into, token, wv_hash(token));
    if (!found->id_plus_1)
        return wv_vocab_insert(into, token, slot->count, from->first[id], new_id);
    *new_id = found->id_plus_1 - 1;
    found->count += slot->count;
    if (from->first[id] < into->first[*new_id])
        into->first[*new_id] = from->first[id];
    return WV_OK;
}

enum wv_status wv_vocab_merge(struct wv_vocab *into, const struct wv_vocab *from, int32_t *map)
{
    for (int64_t i = 0; i < from->n_slots; i++) {
        const struct wv_slot *slot = from->slots + i;
        if (!slot->id_plus_1)
            continue;
        enum wv_status status = merge_slot(into, from, slot, map + slot->id_plus_1 - 1);
        if (status)
            return status;
    }
    return WV_OK;
}

enum wv_status wv_vocab_prune(struct wv_vocab *vocab, int64_t min_count, int32_t *map)
{
    struct wv_vocab kept;
    enum wv_status status = wv_vocab_init(&kept);
    const struct wv_slot **by_id = malloc(((size_t)vocab->size + 1) * sizeof *by_id);
    if (status || !by_id)
        status = WV_NO_MEMORY;
    for (int64_t i = 0; !status && i < vocab->n_slots; i++)
        if (vocab->slots[i].id_plus_1)
            by_id[vocab->slots[i].id_plus_1 - 1] = vocab->slots + i;
    for (int32_t id = 0; !status && id < vocab->size; id++) {
        map[id] = -1;
        if (by_id[id]->count >= min_count)
            status = merge_slot(&kept, vocab, by_id[id], map + id);
    }
    free((void *)by_id);
    if (status) {
        wv_vocab_free(&kept);
        return status;
    }
    wv_vocab_free(vocab);
    *vocab = kept;
    return WV_OK;
}

void wv_vocab_export(const struct wv_vocab *vocab, int64_t *counts, uint64_t *first)
{
    for (int64_t i = 0; i < vocab->n_slots; i++)
        if (vocab->slots[i].id_plus_1)
            counts[vocab->slots[i].id_plus_1 - 1] = vocab->slots[i].count;
    memcpy(first, vocab->first, (size_t)vocab->size * sizeof *first);
}

int64_t wv_vocab_keys_bytes(const struct wv_vocab *vocab, const int64_t *ids, int64_t n)
{
    int64_t bytes = n;
    for (int64_t i = 0; i < n; i++)
        bytes += vocab->key_ends[ids[i]] - wv_vocab_key_start(vocab, ids[i]);
    return bytes;
}

void wv_vocab_keys(const struct wv_vocab *vocab, const int64_t *ids, int64_t n, uint8_t separator, uint8_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t start = wv_vocab_key_start(vocab, ids[i]), length = vocab->key_ends[ids[i]] - start;
        memcpy(out, vocab->keys + start, (size_t)length);
        out[length] = separator;
        out += length + 1;
    }
}
