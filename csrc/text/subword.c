/* Character n-grams, see subword.h. */
#include "subword.h"

#include <string.h>

/* FNV-1a: one byte more. fastText extends bytes with their sign. */
static inline uint32_t hash_byte(uint32_t hash, uint8_t byte)
{
    const uint32_t extended = byte < 128 ? byte : byte | 0xffffff00u;
    return (hash ^ extended) * UINT32_C(16777619);
}

static const uint32_t first_hash = UINT32_C(2166136261);

uint32_t wv_hash_bytes(const uint8_t *bytes, int64_t n)
{
    uint32_t hash = first_hash;
    for (int64_t i = 0; i < n; i++)
        hash = hash_byte(hash, bytes[i]);
    return hash;
}

int wv_is_end_of_line(const uint8_t *word, int64_t n)
{
    static const char end_of_line[] = "</s>";
    return n == sizeof end_of_line - 1 && memcmp(word, end_of_line, (size_t)n) == 0;
}

/* Byte i of '<' + word + '>'. */
static inline uint8_t marked_byte(const uint8_t *word, int64_t n, int64_t i)
{
    return i == 0 ? '<' : i <= n ? word[i - 1] : '>';
}

/* Whether byte i continues a character of UTF-8. */
static inline int continues(const uint8_t *word, int64_t n, int64_t i)
{
    return i < n + 2 && (marked_byte(word, n, i) & 0xc0) == 0x80;
}

int64_t wv_char_ngrams(struct wv_ngram_rules rules, const uint8_t *word, int64_t n, int32_t *out)
{
    int64_t n_out = 0;
    for (int64_t i = 0; rules.bucket && i < n + 2; i++) {
        if (continues(word, n, i))
            continue;
        uint32_t hash = first_hash;
        int64_t j = i;
        for (int32_t length = 1; j < n + 2 && length <= rules.max_n; length++) {
            hash = hash_byte(hash, marked_byte(word, n, j++));
            while (continues(word, n, j))
                hash = hash_byte(hash, marked_byte(word, n, j++));
            if (length < rules.min_n || (length == 1 && (i == 0 || j == n + 2)))
                continue; /* a lone '<' or '>' */
            if (out)
                out[n_out] = rules.first + (int32_t)(hash % (uint32_t)rules.bucket);
            n_out++;
        }
    }
    return n_out;
}

int64_t wv_ngrams_of_words(struct wv_ngram_rules rules, const uint8_t *keys, const int64_t *ends, int64_t n,
                           int32_t *out, int64_t *offsets)
{
    int64_t n_out = 0, start = 0;
    offsets[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *word = keys + start;
        const int64_t length = ends[i] - start;
        if (!wv_is_end_of_line(word, length))
            n_out += wv_char_ngrams(rules, word, length, out ? out + n_out : NULL);
        offsets[i + 1] = n_out;
        start = ends[i];
    }
    return n_out;
}
