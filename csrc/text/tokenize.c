/* In: blocks of bytes from a file. Out: valid UTF-8 with ASCII white space only, so that the scan (encode.c) needs no Unicode
 * tables. Only ASCII is converted to lower case here; Python's str.lower converts the rest. */
#include "tokenize.h"

#define SPACE 1
const uint8_t wv_is_space[256] = {
    ['\t'] = SPACE, ['\n'] = SPACE, ['\v'] = SPACE, ['\f'] = SPACE, ['\r'] = SPACE,
    [0x1c] = SPACE, [0x1d] = SPACE, [0x1e] = SPACE, [0x1f] = SPACE, [' '] = SPACE,
};
#undef SPACE

#define ALL (~UINT64_C(0))
#define LOW(n) ((UINT64_C(1) << 8 * (n)) - 1)
const uint64_t wv_keep_bytes[WV_INLINE_BYTES + 1][2] = {
    {0, 0},        {LOW(1), 0},   {LOW(2), 0},   {LOW(3), 0},   {LOW(4), 0},   {LOW(5), 0},
    {LOW(6), 0},   {LOW(7), 0},   {ALL, 0},      {ALL, LOW(1)}, {ALL, LOW(2)}, {ALL, LOW(3)},
    {ALL, LOW(4)}, {ALL, LOW(5)}, {ALL, LOW(6)}, {ALL, LOW(7)}, {ALL, ALL},
};
#undef LOW
#undef ALL

/* Returns the length of the well-formed UTF-8 sequence of 2 to 4 bytes at p (Unicode 15, table 3-7), or 0. */
static int sequence_length(const uint8_t *p, const uint8_t *end)
{
    uint8_t lead = p[0];
    int length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || end - p < length)
        return 0;
    uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80; /* overlong forms */
    uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;  /* surrogates, beyond U+10FFFF */
    if (p[1] < least || p[1] > most)
        return 0;
    for (int i = 2; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* Returns 1 if the well-formed sequence at p is white space for str.split(): U+0085, 00A0, 1680, 2000 to 200A, 2028, 2029,
 * 202F, 205F, 3000. */
static int is_wide_space(const uint8_t *p)
{
    switch (p[0]) {
    case 0xc2: return p[1] == 0x85 || p[1] == 0xa0;
    case 0xe1: return p[1] == 0x9a && p[2] == 0x80;
    case 0xe2:
        if (p[1] == 0x80)
            return p[2] <= 0x8a || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf;
        return p[1] == 0x81 && p[2] == 0x9f;
    case 0xe3: return p[1] == 0x80 && p[2] == 0x80;
    default: return 0;
    }
}

static uint8_t lower_ascii(uint8_t byte)
{
    return (uint8_t)(byte - 'A') < 26 ? byte | 0x20 : byte;
}

/* Returns a number of leading bytes below 128: all of them up to a multiple of 8, or n. */
static int64_t ascii_run(const uint8_t *p, int64_t n)
{
    int64_t i = 0;
    for (; i + 32 <= n; i += 32)
        if ((wv_load64(p + i) | wv_load64(p + i + 8) | wv_load64(p + i + 16) | wv_load64(p + i + 24)) &
            0x80 * WV_EACH_BYTE)
            break;
    for (; i + 8 <= n; i += 8)
        if (wv_load64(p + i) & 0x80 * WV_EACH_BYTE)
            return i;
    for (; i < n; i++)
        if (p[i] >= 0x80)
            return i;
    return i;
}

int64_t wv_prepare_text(uint8_t *text, int64_t n, int lower, int *ascii)
{
    const uint8_t *end = text + n;
    int64_t i = 0;
    *ascii = 1;
    while (i < n) {
        int64_t run = ascii_run(text + i, n - i);
        if (lower)
            for (int64_t j = i; j < i + run; j++)
                text[j] = lower_ascii(text[j]);
        i += run;
        /* Stay in this loop while the text is not ASCII: a word of another script is a run of such sequences. */
        for (int64_t stop = i + 8 < n ? i + 8 : n; i < stop;) {
            if (text[i] < 0x80) {
                if (lower)
                    text[i] = lower_ascii(text[i]);
                i++;
                continue;
            }
            int length = sequence_length(text + i, end);
            if (length == 0)
                return i;
            *ascii = 0;
            if (is_wide_space(text + i))
                memset(text + i, ' ', (size_t)length);
            i += length;
        }
    }
    return -1;
}

/* Write the UTF-8 of one code point to `out`; return its end, or NULL for a surrogate. */
static uint8_t *encode_point(uint32_t point, uint8_t *out)
{
    if (point < 0x80) {
        *out++ = (uint8_t)point;
        return out;
    }
    if (point - 0xd800 < 0x800)
        return NULL;
    int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3; /* bytes of 6 bits after the first */
    *out++ = (uint8_t)(0xff00 >> (more + 1) | point >> 6 * more);
    while (more--)
        *out++ = (uint8_t)(0x80 | (point >> 6 * more & 0x3f));
    return out;
}

int64_t wv_encode_utf8(const uint32_t *points, int64_t n, uint8_t *out)
{
    uint8_t *p = out;
    for (int64_t i = 0; i < n; i += WV_POINTS) {
        int64_t left = n - i < WV_POINTS ? n - i : WV_POINTS;
        uint32_t all = 0;
        /* Read whole vectors for any length: tokens are short, and a branch on the length would be mispredicted. */
        for (int k = 0; k < WV_POINTS; k++)
            all |= points[i + k];
        if (all < 0x80) {
            for (int k = 0; k < WV_POINTS; k++)
                p[k] = (uint8_t)points[i + k];
            p += left;
            continue;
        }
        for (int64_t k = 0; k < left && p; k++)
            p = encode_point(points[i + k], p);
        if (!p)
            return -1;
    }
    return p - out;
}

int64_t wv_last_space(const uint8_t *text, int64_t n)
{
    while (n > 0 && !wv_is_space[text[n - 1]])
        n--;
    return n;
}

/* Returns a hash of n > 16 bytes: words of 8 bytes combined by xor and multiplication; the last word overlaps. */
static uint64_t hash_bytes(const uint8_t *p, int64_t n)
{
    uint64_t hash = (uint64_t)n;
    for (int64_t i = 0; i < n; i += 8) {
        hash = (hash ^ wv_load64(p + (i + 8 <= n ? i : n - 8))) * UINT64_C(0x9fb21c651e98df25);
        hash ^= hash >> 32;
    }
    return hash;
}

struct wv_token wv_make_token(const uint8_t *bytes, int64_t length)
{
    if (length > WV_INLINE_BYTES)
        return (struct wv_token){wv_load64(bytes), hash_bytes(bytes, length), bytes, length};
    uint8_t padded[WV_INLINE_BYTES] = {0};
    memcpy(padded, bytes, (size_t)length);
    return (struct wv_token){wv_load64(padded), wv_load64(padded + 8), bytes, length};
}
