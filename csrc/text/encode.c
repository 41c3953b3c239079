/* In: blocks and a vocabulary. Out: ids. Each token is looked up in the hash table once.
 * wildvec/text/corpus.py makes a corpus of the blocks. */
#include "encode.h"

#include "../isa/region.h"

/* Tokens whose slots are prefetched and which are looked up together later. */
enum { MAX_PENDING = 16 };
struct pending {
    struct wv_token tokens[MAX_PENDING];
    uint64_t hashes[MAX_PENDING];
    int n;
};

/* Look up the pending tokens. If `frozen` (a compile-time constant), the id of an unknown token is -1; else all tokens are
 * counted and unknown ones are inserted. */
WV_INLINE enum wv_status encode_pending(struct wv_vocab *vocab, struct pending *pending, uint64_t block, int frozen,
                                        struct wv_encoded *out)
{
    int32_t *id = out->ids + out->n_ids - pending->n;
    for (int i = 0; i < pending->n; i++, id++) {
        struct wv_slot *slot = wv_vocab_find(vocab, pending->tokens[i], pending->hashes[i]);
        *id = slot->id_plus_1 - 1;
        if (frozen)
            continue;
        if (slot->id_plus_1) {
            slot->count++;
            continue;
        }
        uint64_t position = block << 32 | (uint64_t)(id - out->ids);
        enum wv_status status = wv_vocab_insert(vocab, pending->tokens[i], 1, position, id);
        if (status)
            return status;
    }
    pending->n = 0;
    return WV_OK;
}

/* Add a token of the block to the pending ones; look all of them up if they are MAX_PENDING. */
WV_INLINE enum wv_status encode_token(struct wv_vocab *vocab, struct wv_token token, uint64_t block, int frozen,
                                      struct pending *pending, struct wv_encoded *out)
{
    uint64_t hash = wv_hash(token);
    WV_PREFETCH(vocab->slots + (hash >> vocab->shift));
    pending->tokens[pending->n] = token;
    pending->hashes[pending->n++] = hash;
    out->n_ids++;
    return pending->n == MAX_PENDING ? encode_pending(vocab, pending, block, frozen, out) : WV_OK;
}

/* An end at 0 is stored too: it ends a sentence that began in an earlier block. Repeated ends are stored with all_ends. */
static inline void end_sentence(struct wv_encoded *out)
{
    if (out->all_ends || out->n_ends == 0 || out->ends[out->n_ends - 1] != out->n_ids)
        out->ends[out->n_ends++] = (int32_t)out->n_ids;
}

WV_INLINE enum wv_status scan_text(struct wv_vocab *vocab, const uint8_t *p, const uint8_t *end, uint64_t block,
                                   int frozen, struct wv_encoded *out)
{
    struct pending pending;
    pending.n = 0;
    for (;;) {
        for (; p < end && wv_is_space[*p]; p++)
            if (*p == '\n')
                end_sentence(out);
        if (p == end)
            return encode_pending(vocab, &pending, block, frozen, out);
        struct wv_token token = wv_next_token(p, end);
        enum wv_status status = encode_token(vocab, token, block, frozen, &pending, out);
        if (status)
            return status;
        p += token.length;
    }
}

enum wv_status wv_scan_text(struct wv_vocab *vocab, const uint8_t *text, int64_t n_bytes, uint64_t block,
                            int frozen, struct wv_encoded *out)
{
    out->n_ids = out->n_ends = 0;
    if (frozen)
        return scan_text(vocab, text, text + n_bytes, block, 1, out);
    return scan_text(vocab, text, text + n_bytes, block, 0, out);
}

enum wv_status wv_scan_tokens(struct wv_vocab *vocab, const uint8_t *tokens, int64_t n_bytes,
                              const uint32_t *lengths, int64_t n_tokens, uint64_t block, int frozen,
                              struct wv_encoded *out)
{
    struct pending pending;
    int64_t start = 0;
    const int64_t keys_before = wv_vocab_key_start(vocab, vocab->size);
    pending.n = 0;
    out->n_ids = out->n_ends = 0;
    for (int64_t i = 0; i < n_tokens; i++) {
        if (start + lengths[i] > n_bytes)
            return WV_EXTRA_SEPARATOR;
        struct wv_token token = wv_token_at(tokens + start, lengths[i], tokens + n_bytes);
        enum wv_status status = encode_token(vocab, token, block, frozen, &pending, out);
        if (status)
            return status;
        start += token.length + 1;
    }
    enum wv_status status = encode_pending(vocab, &pending, block, frozen, out);
    if (status)
        return status;
    const int64_t n_new = wv_vocab_key_start(vocab, vocab->size) - keys_before;
    const int contains_0 = n_new && memchr(vocab->keys + keys_before, 0, (size_t)n_new);
    return contains_0 || (n_tokens && start != n_bytes + 1) ? WV_EXTRA_SEPARATOR : WV_OK;
}

enum { INT_KEY_BYTES = 24 };

/* Write the key of an integer so that it ends at out + INT_KEY_BYTES; return its start. */
static const uint8_t *int_key(int64_t value, uint8_t out[INT_KEY_BYTES])
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint8_t *p = out + INT_KEY_BYTES;
    do {
        *--p = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        *--p = '-';
    *--p = 0xff;
    return p;
}

enum wv_status wv_scan_ints(struct wv_vocab *vocab, const int64_t *values, int64_t n, uint64_t block, int frozen,
                            struct wv_encoded *out)
{
    uint8_t keys[MAX_PENDING][INT_KEY_BYTES]; /* of the pending tokens */
    struct pending pending;
    pending.n = 0;
    out->n_ids = out->n_ends = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *start = int_key(values[i], keys[pending.n]);
        struct wv_token token = wv_make_token(start, keys[pending.n] + INT_KEY_BYTES - start);
        enum wv_status status = encode_token(vocab, token, block, frozen, &pending, out);
        if (status)
            return status;
    }
    return encode_pending(vocab, &pending, block, frozen, out);
}

int wv_ends_fit(const int32_t *ends, int64_t n_ends, int64_t n_ids)
{
    int fit = 1;
    int32_t last = 0;
    for (int64_t i = 0; i < n_ends; i++) {
        fit &= ends[i] >= last;
        last = ends[i];
    }
    return fit && last <= n_ids;
}

int64_t wv_split_sentences(const int32_t *ends, int64_t n_ends, int64_t n_ids, int64_t max_length, int64_t *open,
                           int32_t *out)
{
    int64_t n_out = 0, start = -*open; /* of the current sentence, relative to the block */
    for (int64_t i = 0; i <= n_ends; i++) {
        int64_t end = i < n_ends ? ends[i] : n_ids;
        while (end - start > max_length) {
            start += max_length;
            out[n_out++] = (int32_t)start;
        }
        if (i < n_ends) {
            out[n_out++] = (int32_t)end;
            start = end;
        }
    }
    *open = n_ids - start;
    return n_out;
}

int64_t wv_remap_block(int32_t *ids, int64_t n_ids, int32_t *ends, int64_t n_ends, const int32_t *map,
                       int64_t n_map)
{
    int64_t kept = 0, i = 0;
    for (int64_t sentence = 0; sentence <= n_ends; sentence++) {
        int64_t end = sentence < n_ends ? ends[sentence] : n_ids;
        for (; i < end; i++) {
            int32_t id = ids[i];
            if (map && (uint64_t)id < (uint64_t)n_map) /* an id below 0 becomes a very large number */
                id = map[id];
            else if (map && id >= 0)
                return -1;
            ids[kept] = id;
            kept += id >= 0;
        }
        if (sentence < n_ends)
            ends[sentence] = (int32_t)kept;
    }
    return kept;
}
