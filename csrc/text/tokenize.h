/* In: blocks of UTF-8 bytes. Out: the same bytes checked and made simple, and where each token ends.
 * What a token means is not here (vocab.h), nor how blocks are cut from files (wildvec/readers.py). */
#ifndef WILDVEC_TEXT_TOKENIZE_H
#define WILDVEC_TEXT_TOKENIZE_H

#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

/* A token as the vocabulary compares it: up to 16 bytes lie in head and tail (little-endian, zero-padded);
 * a longer one has its first 8 bytes in head and a hash of all in tail. */
struct wv_token {
    uint64_t head, tail;
    const uint8_t *bytes;
    int64_t length; /* bytes */
};

enum { WV_INLINE_BYTES = 16, WV_POINTS = 16 };

/* 1 for the ten ASCII characters at which str.split() splits. */
extern const uint8_t wv_is_space[256];
/* wv_keep_bytes[n]: masks for head and tail that keep the first n of 16 bytes. */
extern const uint64_t wv_keep_bytes[WV_INLINE_BYTES + 1][2];

/* text: n bytes, changed in place: Unicode white space becomes as many ' ', and A-Z become a-z if `lower`.
 * Returns -1, or the offset of the first byte that is not UTF-8; *ascii says whether all bytes are below 128. */
int64_t wv_prepare_text(uint8_t *text, int64_t n, int lower, int *ascii);

/* The number of bytes up to and with the last ASCII white space of text[0..n), 0 if there is none. */
int64_t wv_last_space(const uint8_t *text, int64_t n);

/* points: n code points, readable up to the next multiple of WV_POINTS. out: gets their UTF-8 and has room for
 * 4 n + WV_POINTS bytes. Returns the bytes of it, or -1 if one is a surrogate. */
int64_t wv_encode_utf8(const uint32_t *points, int64_t n, uint8_t *out);

/* The token that these `length` bytes are; no byte beyond them is read. */
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

/* The index of the lowest byte of `flags` (0x80 or 0 per byte, not all 0) that is set. */
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

/* Copies a token to where there is room for length + WV_INLINE_BYTES bytes. The 8 bytes before the token are read too and
 * so must be of the same object: most tokens are short, and a branch on the length would be guessed wrong. */
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

/* 0x80 for each byte from 0 to 0x20: white space and the other control characters. */
static inline uint64_t wv_flag_blanks(uint64_t word)
{
    return ~(((word & 0x7f * WV_EACH_BYTE) + 0x5f * WV_EACH_BYTE) | word) & 0x80 * WV_EACH_BYTE;
}

/* The token of `length` bytes at `p`, in a text that ends at `end`. It and the next function take 16 bytes at once, without
 * a loop; tokens travel by value, so that they stay in registers. */
static inline struct wv_token wv_token_at(const uint8_t *p, int64_t length, const uint8_t *end)
{
    if (length > WV_INLINE_BYTES || end - p < WV_INLINE_BYTES)
        return wv_make_token(p, length);
    const uint64_t *keep = wv_keep_bytes[length];
    return (struct wv_token){wv_load64(p) & keep[0], wv_load64(p + 8) & keep[1], p, length};
}

/* The token that starts at `p` and ends before white space or at `end`. */
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
