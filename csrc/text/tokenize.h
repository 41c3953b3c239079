/* In: blocks of UTF-8 bytes. Out: the same bytes, checked and with ASCII white space only; and the tokens in them.
 * vocab.h gives tokens their ids; wildvec/text/readers.py cuts files into blocks. */
#ifndef WILDVEC_TEXT_TOKENIZE_H
#define WILDVEC_TEXT_TOKENIZE_H

#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

/* A token in the form that the vocabulary compares. Up to 16 bytes: head and tail contain them (little-endian, zero-padded).
 * More bytes: head contains the first 8, tail a hash of all. */
struct wv_token {
    uint64_t head, tail;
    const uint8_t *bytes;
    int64_t length; /* bytes */
};

enum { WV_INLINE_BYTES = 16, WV_POINTS = 16 };

/* 1 for the ten ASCII characters that are white space for str.split(). */
extern const uint8_t wv_is_space[256];
/* wv_keep_bytes[n]: the masks for head and tail that keep the first n of 16 bytes. */
extern const uint64_t wv_keep_bytes[WV_INLINE_BYTES + 1][2];

/* text: n bytes, changed in place: each byte of Unicode white space becomes ' ', and A-Z become a-z if `lower`.
 * Returns -1, or the offset of the first byte that is not UTF-8. *ascii: 1 if all bytes are below 128, else 0. */
int64_t wv_prepare_text(uint8_t *text, int64_t n, int lower, int *ascii);

/* Returns the number of bytes up to and with the last ASCII white space of text[0..n), 0 if there is none. */
int64_t wv_last_space(const uint8_t *text, int64_t n);

/* points: n code points, readable up to the next multiple of WV_POINTS. out: receives their UTF-8; at least
 * 4 n + WV_POINTS bytes. Returns the number of bytes written, or -1 if a code point is a surrogate. */
int64_t wv_encode_utf8(const uint32_t *points, int64_t n, uint8_t *out);

/* Returns the token of these `length` bytes; reads no byte beyond them. */
struct wv_token wv_make_token(const uint8_t *bytes, int64_t length);

static inline uint64_t wv_little_endian(uint64_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

static inline uint64_t wv_load64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return wv_little_endian(word);
}

static inline void wv_store64(uint8_t *p, uint64_t word)
{
    word = wv_little_endian(word);
    memcpy(p, &word, sizeof word);
}

/* Returns the index of the lowest byte of `flags` that is set. Each byte is 0x80 or 0, and one is 0x80. */
static inline int wv_first_flag(uint64_t flags)
{
#if defined(_MSC_VER)
    unsigned long bit;
    _BitScanForward64(&bit, flags);
    return (int)bit >> 3;
#else
    return __builtin_ctzll(flags) >> 3;
#endif
}

/* Copy a token to `out`, which has at least length + WV_INLINE_BYTES bytes. The 8 bytes before the token are read too, so they
 * must belong to the same object. Most tokens are short, and a branch on the length would be mispredicted. */
static inline void wv_copy_token(uint8_t *out, const uint8_t *token, int64_t length)
{
    if (length < 1 || length > WV_INLINE_BYTES) {
        memcpy(out, token, (size_t)length);
        return;
    }
    const int64_t before = length < 8 ? 8 - length : 0, after = length < 8 ? 0 : length - 8;
    wv_store64(out, wv_load64(token - before) >> 8 * before);
    wv_store64(out + after, wv_load64(token + length - 8) >> 8 * before);
}

#define WV_EACH_BYTE UINT64_C(0x0101010101010101)

/* Returns 0x80 for each byte from 0 to 0x20 (white space and other control characters), 0 for other bytes. */
static inline uint64_t wv_flag_blanks(uint64_t word)
{
    return ~(((word & 0x7f * WV_EACH_BYTE) + 0x5f * WV_EACH_BYTE) | word) & 0x80 * WV_EACH_BYTE;
}

/* Returns the token of `length` bytes at `p`, in a text that ends at `end`. This function and the next one read 16 bytes at
 * once, without a loop. Tokens are passed by value, so that they stay in registers. */
static inline struct wv_token wv_token_at(const uint8_t *p, int64_t length, const uint8_t *end)
{
    if (length > WV_INLINE_BYTES || end - p < WV_INLINE_BYTES)
        return wv_make_token(p, length);
    const uint64_t *keep = wv_keep_bytes[length];
    return (struct wv_token){wv_load64(p) & keep[0], wv_load64(p + 8) & keep[1], p, length};
}

/* Returns the token that starts at `p` and ends before white space or at `end`. */
static inline struct wv_token wv_next_token(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *start = p;
    if (end - p >= WV_INLINE_BYTES) {
        uint64_t low = wv_flag_blanks(wv_load64(p)), high = wv_flag_blanks(wv_load64(p + 8));
        if (low | high) {
            int length = low ? wv_first_flag(low) : 8 + wv_first_flag(high);
            if (wv_is_space[p[length]])
                return wv_token_at(p, length, end);
        }
    }
    while (p < end && !wv_is_space[*p])
        p++;
    return wv_make_token(start, p - start);
}

#endif
