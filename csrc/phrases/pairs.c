/* In: sentences of word ids. Out: a hash table of the pairs in them, with their counts. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise, which -std=c11 hides */
#include <sys/mman.h>
#endif

#include "pairs.h"

#include <stdlib.h>
#include <string.h>

#include "../isa/region.h"

enum { HUGE_PAGE = 1 << 21, FIRST_LOG2 = 12, FIRST_SEQUENCES = 64, N_PENDING = 32 };

/* --- Sequences of connector words --- */

static uint32_t hash_link(int32_t parent, int32_t word)
{
    return (uint32_t)(wv_mix_hash((uint64_t)(uint32_t)parent << 32 | (uint32_t)word) >> 32);
}

static int32_t *sequence_slot(const struct wv_sequences *s, int32_t parent, int32_t word)
{
    uint32_t i = hash_link(parent, word) & (uint32_t)(s->n_slots - 1);
    for (;; i = (i + 1) & (uint32_t)(s->n_slots - 1)) {
        const int32_t found = s->slots[i];
        if (!found || (s->parents[found] == parent && s->words[found] == word))
            return s->slots + i;
    }
}

/* Allocate memory for n_slots / 2 sequences and insert the present ones again. */
static enum wv_status resize_sequences(struct wv_sequences *s, int32_t n_slots)
{
    const size_t n = (size_t)n_slots / 2;
    int32_t *parents = realloc(s->parents, n * sizeof *parents);
    if (parents)
        s->parents = parents;
    int32_t *words = realloc(s->words, n * sizeof *words);
    if (words)
        s->words = words;
    int32_t *slots = calloc((size_t)n_slots, sizeof *slots);
    if (!parents || !words || !slots) {
        free(slots);
        return WV_NO_MEMORY;
    }
    free(s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    for (int32_t i = 1; i < s->n; i++)
        *sequence_slot(s, s->parents[i], s->words[i]) = i;
    return WV_OK;
}

static enum wv_status find_sequence(struct wv_sequences *s, int32_t parent, int32_t word, int32_t *number)
{
    int32_t *slot = sequence_slot(s, parent, word);
    if (!*slot) {
        if (s->n == s->n_slots / 2) {
            if (s->n >= 1 << 29)
                return WV_VOCAB_FULL;
            const enum wv_status status = resize_sequences(s, 2 * s->n_slots);
            if (status)
                return status;
            slot = sequence_slot(s, parent, word);
        }
        s->parents[s->n] = parent;
        s->words[s->n] = word;
        *slot = s->n++;
    }
    *number = *slot;
    return WV_OK;
}

enum wv_status wv_merge_sequences(struct wv_sequences *into, const int32_t *parents, const int32_t *words,
                                  int32_t n, int32_t *map)
{
    enum wv_status status = WV_OK;
    map[0] = 0;
    for (int32_t i = 1; !status && i < n; i++)
        status = find_sequence(into, map[parents[i]], words[i], map + i);
    return status;
}

/* --- The table --- */

/* Returns n free slots, or NULL. Each look-up in a large table reads another page. With pages of 2 MB, the processor holds the
 * addresses of all of them. Aligned slots lie in one cache line each. */
static struct wv_pair *new_slots(int64_t n)
{
    const size_t n_bytes = (size_t)n * sizeof(struct wv_pair);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (n_bytes >= HUGE_PAGE) {
        struct wv_pair *slots = aligned_alloc(HUGE_PAGE, n_bytes);
        if (slots) {
            madvise(slots, n_bytes, MADV_HUGEPAGE); /* a hint; the table also works without it */
            memset(slots, 0, n_bytes);
        }
        return slots;
    }
#endif
    return calloc((size_t)n, sizeof(struct wv_pair));
}

enum wv_status wv_pair_table_init(struct wv_pair_table *table)
{
    memset(table, 0, sizeof *table);
    table->shift = 32 - FIRST_LOG2;
    table->n_slots = (int64_t)1 << FIRST_LOG2;
    table->slots = new_slots(table->n_slots);
    table->sequences.n = 1;
    if (table->slots && !resize_sequences(&table->sequences, FIRST_SEQUENCES)) {
        table->sequences.parents[0] = table->sequences.words[0] = 0;
        return WV_OK;
    }
    wv_pair_table_free(table);
    return WV_NO_MEMORY;
}

void wv_pair_table_free(struct wv_pair_table *table)
{
    free(table->slots);
    free(table->sequences.parents);
    free(table->sequences.words);
    free(table->sequences.slots);
    memset(table, 0, sizeof *table);
}

static int is_kept(const struct wv_pair *pair, int64_t most)
{
    return pair->start_plus_1 && (pair->end < 0 || pair->count > most);
}

/* Move the special words and the pairs with a count above `most` to a new array of slots. */
static enum wv_status move_slots(struct wv_pair_table *table, int log2_slots, int64_t most)
{
    if (log2_slots > 31)
        return WV_VOCAB_FULL;
    const int64_t n_slots = (int64_t)1 << log2_slots;
    struct wv_pair *slots = new_slots(n_slots);
    if (!slots)
        return WV_NO_MEMORY;
    table->size = table->n_used = 0;
    table->shift = 32 - log2_slots;
    for (int64_t i = 0; i < table->n_slots; i++) {
        const struct wv_pair *pair = table->slots + i;
        if (!is_kept(pair, most))
            continue;
        int64_t to = pair->tag >> table->shift;
        while (slots[to].start_plus_1)
            to = (to + 1) & (n_slots - 1);
        slots[to] = *pair;
        table->n_used++;
        table->size += pair->end >= 0;
    }
    free(table->slots);
    table->slots = slots;
    table->n_slots = n_slots;
    return WV_OK;
}

enum wv_status wv_prune_pairs(struct wv_pair_table *table, int64_t most)
{
    int64_t n_kept = 0;
    for (int64_t i = 0; i < table->n_slots; i++)
        n_kept += is_kept(table->slots + i, most);
    int log2_slots = FIRST_LOG2;
    while (n_kept * 4 >= ((int64_t)3 << log2_slots))
        log2_slots++;
    return move_slots(table, log2_slots, most);
}

/* A pair as it occurs: from `start` to `end`, with a sequence of connector words between them. end = -1: only the word `start`. */
struct found {
    int32_t start, between, end;
    uint32_t tag;
    int special;
    int64_t position;
};

static struct found as_found(const struct wv_pair *pair)
{
    return (struct found){pair->start_plus_1 - 1, (int32_t)pair->between, pair->end, pair->tag,
                          (int)pair->has_special, pair->position};
}

/* --- Strings of pairs --- */

static int64_t word_length(const struct wv_phrase_words *words, int32_t word)
{
    return words->strings.ends[word] - wv_string_start(&words->strings, word);
}

static int64_t string_length(const struct wv_phrase_words *words, const struct wv_sequences *s, struct found found)
{
    int64_t length = word_length(words, found.start);
    if (found.end < 0)
        return length;
    length += words->n_delimiter + word_length(words, found.end);
    for (int32_t i = found.between; i; i = s->parents[i])
        length += words->n_delimiter + word_length(words, s->words[i]);
    return length;
}

/* Write a word before `end`; return its begin. */
static uint8_t *write_word(const struct wv_phrase_words *words, int32_t word, uint8_t *end)
{
    const int64_t length = word_length(words, word);
    memcpy(end - length, words->strings.bytes + wv_string_start(&words->strings, word), (size_t)length);
    return end - length;
}

static uint8_t *write_delimiter(const struct wv_phrase_words *words, uint8_t *end)
{
    memcpy(end - words->n_delimiter, words->delimiter, (size_t)words->n_delimiter);
    return end - words->n_delimiter;
}

/* Write the string so that it ends at `end`. */
static void write_string(const struct wv_phrase_words *words, const struct wv_sequences *s, struct found found,
                         uint8_t *end)
{
    if (found.end >= 0) {
        end = write_delimiter(words, write_word(words, found.end, end));
        for (int32_t i = found.between; i; i = s->parents[i])
            end = write_delimiter(words, write_word(words, s->words[i], end));
    }
    write_word(words, found.start, end);
}

int64_t wv_join_pairs(const struct wv_phrase_words *words, const struct wv_sequences *sequences,
                      const struct wv_pair_arrays *pairs, uint8_t *out, int64_t *out_ends)
{
    int64_t end = 0;
    for (int64_t i = 0; i < pairs->n; i++) {
        const struct found found = {pairs->starts[i], pairs->betweens[i], pairs->ends[i], 0, 0, 0};
        end += string_length(words, sequences, found);
        if (out) {
            write_string(words, sequences, found, out + end);
            out[end] = 0;
            out_ends[i] = end;
        }
        end++;
    }
    return end;
}

/* Set *same to whether two pairs are the same string. */
static enum wv_status compare_strings(const struct wv_phrase_words *words, const struct wv_sequences *s,
                                      struct found a, struct found b, int *same)
{
    const int64_t length = string_length(words, s, a);
    *same = 0;
    if (length != string_length(words, s, b))
        return WV_OK;
    uint8_t *bytes = malloc(2 * (size_t)length + 1);
    if (!bytes)
        return WV_NO_MEMORY;
    write_string(words, s, a, bytes + length);
    write_string(words, s, b, bytes + 2 * length);
    *same = memcmp(bytes, bytes + length, (size_t)length) == 0;
    free(bytes);
    return WV_OK;
}

/* --- Counting --- */

void wv_hash_words(const struct wv_phrase_words *words, int64_t first, struct wv_string_hash *hashes,
                   uint8_t *flags)
{
    uint8_t in_delimiter[256] = {0};
    for (int64_t i = 0; i < words->n_delimiter; i++)
        in_delimiter[words->delimiter[i]] = 1;
    for (int64_t word = first; word < words->strings.n; word++) {
        const uint8_t *bytes = words->strings.bytes + wv_string_start(&words->strings, word);
        const int64_t length = word_length(words, (int32_t)word);
        hashes[word] = wv_hash_string(bytes, length);
        int special = words->n_delimiter == 0;
        for (int64_t i = 0; i < length; i++)
            special |= in_delimiter[bytes[i]];
        flags[word] = (uint8_t)((flags[word] & WV_CONNECTOR) | (special ? WV_SPECIAL : 0));
    }
}

int64_t wv_count_words(const struct wv_phrase_words *words, const struct wv_id_sentences *sentences)
{
    int64_t n_new = 0;
    for (int64_t i = sentences->n_begun; i < sentences->n_ids; i++) {
        const int32_t word = sentences->ids[i];
        if (words->flags[word] & WV_CONNECTOR)
            continue;
        if (!words->counts[word]++) {
            words->positions[word] = 2 * (sentences->position + i);
            n_new++;
        }
    }
    return n_new;
}

/* Find the slot of a pair, or the free slot where it can be inserted. */
static enum wv_status find_slot(const struct wv_pair_table *table, const struct wv_phrase_words *words,
                                struct found found, struct wv_pair **out)
{
    for (int64_t i = found.tag >> table->shift;; i = (i + 1) & (table->n_slots - 1)) {
        struct wv_pair *slot = table->slots + i;
        *out = slot;
        if (!slot->start_plus_1)
            return WV_OK;
        if (slot->tag != found.tag)
            continue;
        if (slot->start_plus_1 == found.start + 1 && slot->end == found.end &&
            slot->between == (uint32_t)found.between)
            return WV_OK;
        if (!slot->has_special && !found.special)
            continue;
        int same;
        const enum wv_status status = compare_strings(words, &table->sequences, as_found(slot), found, &same);
        if (status || same)
            return status;
    }
}

/* Put a pair into a free slot; the table grows if it is then full. */
static enum wv_status fill_slot(struct wv_pair_table *table, struct wv_pair *slot, struct found found,
                                int64_t count)
{
    *slot = (struct wv_pair){found.start + 1,         found.end, found.tag,     (uint32_t)found.between,
                             (uint32_t)found.special, count,     found.position};
    table->size += found.end >= 0;
    if (++table->n_used * 4 < table->n_slots * 3)
        return WV_OK;
    return move_slots(table, 32 - table->shift + 1, -1);
}

static enum wv_status add_count(struct wv_pair_table *table, const struct wv_phrase_words *words,
                                struct found found, int64_t count)
{
    struct wv_pair *slot;
    const enum wv_status status = find_slot(table, words, found, &slot);
    if (status)
        return status;
    if (!slot->start_plus_1)
        return fill_slot(table, slot, found, count);
    if (slot->end >= 0) {
        slot->count += count;
        return WV_OK;
    }
    const int32_t word = slot->start_plus_1 - 1;
    if (!words->counts[word] || found.position < words->positions[word])
        words->positions[word] = found.position;
    table->n_revived += !words->counts[word];
    words->counts[word] += count;
    return WV_OK;
}

static int is_in_part(uint64_t hash, int part, int n_parts)
{
    return (int)((hash & UINT32_MAX) * (uint64_t)n_parts >> 32) == part;
}

enum wv_status wv_mark_words(struct wv_pair_table *table, const struct wv_phrase_words *words, int64_t first,
                             int part, int n_parts)
{
    for (int64_t word = first; word < words->strings.n; word++) {
        const uint64_t hash = wv_mix_hash(words->hashes[word].value);
        if (words->flags[word] != WV_SPECIAL || !is_in_part(hash, part, n_parts))
            continue;
        struct found found = {(int32_t)word, 0, -1, (uint32_t)(hash >> 32), 1, 0};
        struct wv_pair *slot;
        enum wv_status status = find_slot(table, words, found, &slot);
        if (status)
            return status;
        if (!slot->start_plus_1) {
            status = fill_slot(table, slot, found, 0);
            if (status)
                return status;
            continue;
        }
        words->counts[word] += slot->count; /* the slot has a pair of the same string */
        words->positions[word] = slot->position;
        table->n_revived++;
        table->size--;
        *slot = (struct wv_pair){found.start + 1, -1, found.tag, 0, 1, 0, 0};
    }
    return WV_OK;
}

/* Pairs whose slots are prefetched and which are counted N_PENDING pairs later: a ring, pair i is at i % N_PENDING. */
struct pending {
    struct found pairs[N_PENDING];
    int64_t n_added, n_counted;
};

static enum wv_status count_oldest(struct wv_pair_table *table, const struct wv_phrase_words *words,
                                   struct pending *pending)
{
    return add_count(table, words, pending->pairs[pending->n_counted++ % N_PENDING], 1);
}

/* The words of a sentence since the last one that is no connector. */
struct open_pair {
    int64_t start; /* index of that word, -1: none */
    uint64_t hash; /* of the string so far */
    int special;
};

/* Add the pair from `open` to the word at index `last` to the pending ones. */
static enum wv_status add_pending(struct wv_pair_table *table, const struct wv_phrase_words *words,
                                  const struct wv_id_sentences *s, struct open_pair open, int64_t last,
                                  uint32_t tag, struct pending *pending)
{
    struct found found = {s->ids[open.start], 0, s->ids[last], tag, open.special, 2 * (s->position + last) + 1};
    for (int64_t i = open.start + 1; i < last; i++) {
        const enum wv_status status = find_sequence(&table->sequences, found.between, s->ids[i], &found.between);
        if (status)
            return status;
    }
    const int is_full = pending->n_added - pending->n_counted == N_PENDING;
    const enum wv_status status = is_full ? count_oldest(table, words, pending) : WV_OK;
    WV_PREFETCH_TO_WRITE(table->slots + (tag >> table->shift));
    pending->pairs[pending->n_added++ % N_PENDING] = found;
    return status;
}

/* Count the pairs that end at the tokens from … to - 1 of one sentence. */
static enum wv_status count_sentence(struct wv_pair_table *table, const struct wv_phrase_words *words,
                                     const struct wv_id_sentences *s, int64_t from, int64_t to, int part,
                                     int n_parts, struct pending *pending)
{
    const struct wv_string_hash delimiter = words->delimiter_hash;
    struct open_pair open = {-1, 0, 0};
    for (int64_t i = from; i < to; i++) {
        const int32_t word = s->ids[i];
        const struct wv_string_hash hash = words->hashes[word];
        const int is_connector = words->flags[word] & WV_CONNECTOR, is_special = words->flags[word] & WV_SPECIAL;
        if (open.start >= 0) {
            open.hash = (open.hash * delimiter.power + delimiter.value) * hash.power + hash.value;
            open.special |= is_special != 0;
            const uint64_t mixed = wv_mix_hash(open.hash);
            if (!is_connector && is_in_part(mixed, part, n_parts)) {
                const enum wv_status status =
                    add_pending(table, words, s, open, i, (uint32_t)(mixed >> 32), pending);
                if (status)
                    return status;
            }
        }
        if (!is_connector)
            open = (struct open_pair){i, hash.value, is_special != 0};
    }
    return WV_OK;
}

enum wv_status wv_count_pairs(struct wv_pair_table *table, const struct wv_phrase_words *words,
                              const struct wv_id_sentences *sentences, int part, int n_parts)
{
    struct pending pending;
    pending.n_added = pending.n_counted = 0;
    enum wv_status status = WV_OK;
    int64_t start = 0;
    for (int64_t i = 0; !status && i <= sentences->n_ends; i++) {
        const int64_t end = i < sentences->n_ends ? sentences->ends[i] : sentences->n_ids;
        status = count_sentence(table, words, sentences, start, end, part, n_parts, &pending);
        start = end;
    }
    while (!status && pending.n_counted < pending.n_added)
        status = count_oldest(table, words, &pending);
    return status;
}

/* --- Pairs as arrays --- */

/* Returns the hash of the string of a pair. */
static uint64_t hash_pair(const struct wv_phrase_words *words, const struct wv_sequences *s, struct found *found)
{
    struct wv_string_hash hash = words->hashes[found->end];
    found->special = (words->flags[found->start] | words->flags[found->end]) & WV_SPECIAL ? 1 : 0;
    for (int32_t i = found->between; i; i = s->parents[i]) {
        hash = wv_join_hashes(words->hashes[s->words[i]], wv_join_hashes(words->delimiter_hash, hash));
        found->special |= (words->flags[s->words[i]] & WV_SPECIAL) != 0;
    }
    hash = wv_join_hashes(words->hashes[found->start], wv_join_hashes(words->delimiter_hash, hash));
    return wv_mix_hash(hash.value);
}

enum wv_status wv_add_pairs(struct wv_pair_table *table, const struct wv_phrase_words *words,
                            const struct wv_pair_arrays *pairs, int part, int n_parts)
{
    enum wv_status status = WV_OK;
    for (int64_t i = 0; !status && i < pairs->n; i++) {
        struct found found = {pairs->starts[i], pairs->betweens[i], pairs->ends[i], 0, 0, pairs->positions[i]};
        const uint64_t hash = hash_pair(words, &table->sequences, &found);
        found.tag = (uint32_t)(hash >> 32);
        if (is_in_part(hash, part, n_parts))
            status = add_count(table, words, found, pairs->counts[i]);
    }
    return status;
}

void wv_export_pairs(const struct wv_pair_table *table, struct wv_pair_arrays *to)
{
    int64_t n = 0;
    for (int64_t i = 0; i < table->n_slots; i++) {
        const struct wv_pair *pair = table->slots + i;
        if (!pair->start_plus_1 || pair->end < 0)
            continue;
        to->starts[n] = pair->start_plus_1 - 1;
        to->betweens[n] = (int32_t)pair->between;
        to->ends[n] = pair->end;
        to->counts[n] = pair->count;
        to->positions[n++] = pair->position;
    }
    to->n = n;
}
