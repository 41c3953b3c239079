/* In: distinct strings. Out: a map that finds a string by its hash and its pieces. */
#include "strings.h"

#include <stdlib.h>
#include <string.h>

static int is_joined(const struct wv_pieces *pieces, const uint8_t *string, int64_t length)
{
    for (int64_t i = 0; i < pieces->n; i++) {
        if (i) {
            if (length < pieces->n_delimiter || memcmp(string, pieces->delimiter, (size_t)pieces->n_delimiter))
                return 0;
            string += pieces->n_delimiter;
            length -= pieces->n_delimiter;
        }
        const int64_t n = pieces->lengths[i];
        if (length < n || memcmp(string, pieces->bytes + pieces->starts[i], (size_t)n))
            return 0;
        string += n;
        length -= n;
    }
    return length == 0;
}

int32_t wv_string_map_find(const struct wv_string_map *map, uint64_t hash, const struct wv_pieces *pieces)
{
    const uint32_t tag = (uint32_t)(hash >> 32);
    for (int64_t i = tag >> map->shift;; i = (i + 1) & (map->n_slots - 1)) {
        const struct wv_string_slot slot = map->slots[i];
        if (!slot.id_plus_1)
            return -1;
        if (slot.tag != tag)
            continue;
        const int64_t start = wv_string_start(&map->strings, slot.id_plus_1 - 1);
        if (is_joined(pieces, map->strings.bytes + start, map->strings.ends[slot.id_plus_1 - 1] - start))
            return slot.id_plus_1 - 1;
    }
}

static enum wv_status insert(struct wv_string_map *map, int32_t id)
{
    const int64_t start = wv_string_start(&map->strings, id);
    const uint32_t length = (uint32_t)(map->strings.ends[id] - start);
    const struct wv_pieces piece = {map->strings.bytes, &start, &length, 1, NULL, 0};
    const uint64_t hash = wv_mix_hash(wv_hash_string(map->strings.bytes + start, length).value);
    if (wv_string_map_find(map, hash, &piece) >= 0)
        return WV_DUPLICATE_KEY;
    int64_t i = (uint32_t)(hash >> 32) >> map->shift;
    while (map->slots[i].id_plus_1)
        i = (i + 1) & (map->n_slots - 1);
    map->slots[i] = (struct wv_string_slot){(uint32_t)(hash >> 32), id + 1};
    return WV_OK;
}

enum wv_status wv_string_map_init(struct wv_string_map *map, struct wv_strings strings)
{
    map->strings = strings;
    map->shift = 28;
    while ((int64_t)1 << (32 - map->shift) < 2 * strings.n && map->shift)
        map->shift--;
    map->n_slots = (int64_t)1 << (32 - map->shift);
    map->slots = NULL;
    if (strings.n > map->n_slots / 2)
        return WV_VOCAB_FULL;
    map->slots = calloc((size_t)map->n_slots, sizeof *map->slots);
    enum wv_status status = map->slots ? WV_OK : WV_NO_MEMORY;
    for (int32_t id = 0; !status && id < strings.n; id++)
        status = insert(map, id);
    return status;
}

void wv_string_map_free(struct wv_string_map *map)
{
    free(map->slots);
    map->slots = NULL;
}
