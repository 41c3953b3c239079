/* In: blocks of text lines or binary records. Out: rows of floats and keys (see numbers.h).
 * A decimal is converted with double arithmetic; if that cannot prove the rounding, the decimal is listed for the caller. */
#include "text/numbers.h"

#include <float.h>
#include <string.h>

enum { MAX_DIGITS = 19, MAX_POWER = 22, MAX_KEY = 1 << 20, MAX_EXPONENT = 100000 };

/* A parsed number: (-1)^negative * mantissa * 10^exponent. It is exact unless n_digits > MAX_DIGITS or it is nan or inf
 * (special). */
struct decimal {
    uint64_t mantissa;
    int64_t exponent;
    int64_t n_digits; /* without leading zeros */
    int negative;
    int special;
};

static int is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static int is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

/* The functions below read *p without a check for the end of the text: a line ends with '\n', which is neither blank nor
 * part of a number. */
static const uint8_t *skip_blanks(const uint8_t *p)
{
    while (is_blank(*p))
        p++;
    return p;
}

static const uint8_t *skip_field(const uint8_t *p)
{
    while (!is_blank(*p) && *p != '\n')
        p++;
    return p;
}

static const uint8_t *scan_digits(const uint8_t *p, struct decimal *number)
{
    for (; is_digit(*p); p++) {
        number->n_digits += (number->mantissa | (uint64_t)(*p - '0')) != 0;
        if (number->n_digits <= MAX_DIGITS)
            number->mantissa = number->mantissa * 10 + (uint64_t)(*p - '0');
    }
    return p;
}

/* p: after the 'e'. Returns the end of the exponent, or NULL if it has no digits. */
static const uint8_t *scan_exponent(const uint8_t *p, struct decimal *number)
{
    int negative = *p == '-';
    int64_t exponent = 0;
    p += *p == '-' || *p == '+';
    if (!is_digit(*p))
        return NULL;
    for (; is_digit(*p); p++)
        if (exponent < MAX_EXPONENT)
            exponent = exponent * 10 + (*p - '0');
    number->exponent += negative ? -exponent : exponent;
    return p;
}

/* Returns the end of `word` (given in lower case) at p, in any case, or NULL if p is another word. */
static const uint8_t *scan_word(const uint8_t *p, const char *word)
{
    for (; *word; word++, p++)
        if ((*p | 0x20) != *word)
            return NULL;
    return p;
}

static const uint8_t *scan_special(const uint8_t *p, struct decimal *number)
{
    static const char *const WORDS[] = {"infinity", "inf", "nan"};
    number->special = 1;
    for (int i = 0; i < 3; i++) {
        const uint8_t *end = scan_word(p, WORDS[i]);
        if (end)
            return end;
    }
    return NULL;
}

/* Returns the end of the number that starts at p, or NULL if none does. */
static const uint8_t *scan_number(const uint8_t *p, struct decimal *number)
{
    memset(number, 0, sizeof *number);
    number->negative = *p == '-';
    p += *p == '-' || *p == '+';
    const uint8_t *whole = p;
    p = scan_digits(p, number);
    int64_t has_digits = p - whole;
    if (*p == '.') {
        const uint8_t *fraction = ++p;
        p = scan_digits(p, number);
        number->exponent = fraction - p;
        has_digits += p - fraction;
    }
    if (!has_digits)
        return p == whole ? scan_special(p, number) : NULL;
    if (*p == 'e' || *p == 'E')
        p = scan_exponent(p + 1, number);
    return p;
}

/* Sets *value and returns 1 if it is certainly float32(float(text)). The estimate is within a relative 2^-51 of the
 * decimal, so the correctly rounded double lies between low and high. A cast to float is monotonic, so if both give the
 * same float, it is the right one. */
static int convert(const struct decimal *number, float *value)
{
    static const double POWERS[MAX_POWER + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };
    const double margin = 1.0 / ((int64_t)1 << 50);
    int64_t exponent = number->exponent;
    if (number->special || number->n_digits > MAX_DIGITS || exponent < -MAX_POWER || exponent > MAX_POWER)
        return 0;
    double estimate = (double)number->mantissa;
    estimate = exponent < 0 ? estimate / POWERS[-exponent] : estimate * POWERS[exponent];
    if (estimate > FLT_MAX / 2)
        return 0;
    float low = (float)(estimate - estimate * margin);
    float high = (float)(estimate + estimate * margin);
    *value = number->negative ? -low : low;
    return low == high;
}

/* Read dim values from p on into `row`. Values that convert() cannot round with certainty are listed in the sink. On an
 * error, the report contains its bytes. */
static enum wv_status read_values(const uint8_t *text, const uint8_t *p, float *row,
                                  const struct wv_vector_sink *sink, struct wv_vector_report *report)
{
    struct decimal number;
    for (int64_t i = 0; i < sink->dim; i++) {
        const uint8_t *begin = skip_blanks(p);
        p = *begin == '\n' ? NULL : scan_number(begin, &number);
        if (!p || !(is_blank(*p) || *p == '\n')) {
            report->bad_begin = begin - text;
            report->bad_end = skip_field(begin) - text;
            return *begin == '\n' ? WV_WRONG_WIDTH : WV_NOT_A_NUMBER;
        }
        if (!convert(&number, &row[i])) {
            int64_t *odd = sink->odd + 3 * report->n_odd++;
            odd[0] = row + i - sink->rows;
            odd[1] = begin - text;
            odd[2] = p - text;
        }
    }
    p = skip_blanks(p);
    report->bad_begin = p - text;
    report->bad_end = skip_field(p) - text;
    return *p == '\n' ? WV_OK : WV_WRONG_WIDTH;
}

/* Returns the end of a key that ends before the last dim fields of line..end; the start of the line if it has no more
 * fields. */
static const uint8_t *key_before_last(const uint8_t *line, const uint8_t *end, int64_t dim)
{
    for (int64_t i = 0; i < dim && end > line; i++) {
        while (end > line && is_blank(end[-1]))
            end--;
        while (end > line && !is_blank(end[-1]))
            end--;
    }
    while (end > line && is_blank(end[-1]))
        end--;
    return end;
}

/* Read one line that is not empty: line..end, where *end is '\n'. */
static enum wv_status read_line(const uint8_t *text, const uint8_t *line, const uint8_t *end,
                                const struct wv_vector_sink *sink, struct wv_vector_report *report)
{
    float *row = sink->rows + report->rows * sink->dim;
    const int64_t n_odd = report->n_odd;
    const uint8_t *key_end = skip_field(line);
    enum wv_status status = read_values(text, key_end, row, sink, report);
    if (status != WV_OK && sink->spaced_keys) {
        const uint8_t *longer = key_before_last(line, end, sink->dim);
        if (longer > key_end) {
            report->n_odd = n_odd;
            key_end = longer;
            status = read_values(text, key_end, row, sink, report);
        }
    }
    if (status != WV_OK)
        return status;
    memcpy(sink->keys + report->key_bytes, line, (size_t)(key_end - line));
    report->key_bytes += key_end - line;
    sink->keys[report->key_bytes++] = '\n';
    report->rows++;
    return WV_OK;
}

enum wv_status wv_read_vector_lines(const uint8_t *text, int64_t size, const struct wv_vector_sink *sink,
                                    struct wv_vector_report *report)
{
    while (report->rows < sink->max_rows && report->n_odd <= sink->max_odd - sink->dim) {
        const uint8_t *line = text + report->bytes;
        const uint8_t *end = size > report->bytes ? memchr(line, '\n', (size_t)(size - report->bytes)) : NULL;
        if (!end)
            break;
        if (skip_blanks(line) != end) {
            enum wv_status status = read_line(text, line, end, sink, report);
            if (status != WV_OK)
                return status;
        }
        report->lines++;
        report->bytes = end + 1 - text;
    }
    return WV_OK;
}

/* bytes: 4*dim, little-endian. */
static void read_floats(const uint8_t *bytes, int64_t dim, float *row)
{
    const uint16_t one = 1;
    memcpy(row, bytes, (size_t)dim * sizeof *row);
    if (*(const uint8_t *)&one == 1)
        return;
    for (int64_t i = 0; i < dim; i++, bytes += 4) {
        uint32_t bits =
            (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        memcpy(&row[i], &bits, sizeof bits);
    }
}

enum wv_status wv_read_vector_records(const uint8_t *data, int64_t size, const struct wv_vector_sink *sink,
                                      struct wv_vector_report *report)
{
    while (report->rows < sink->max_rows) {
        int64_t begin = report->bytes;
        while (begin < size && data[begin] == '\n')
            begin++;
        int64_t span = size - begin < MAX_KEY ? size - begin : MAX_KEY;
        const uint8_t *space = span ? memchr(data + begin, ' ', (size_t)span) : NULL;
        int64_t length = space ? space - (data + begin) : span;
        if ((!space && span == MAX_KEY) || (length && memchr(data + begin, '\n', (size_t)length))) {
            report->bad_begin = begin;
            report->bad_end = begin + (length < 40 ? length : 40);
            return WV_BAD_RECORD;
        }
        if (!space || (size - begin - length - 1) / 4 < sink->dim)
            break;
        memcpy(sink->keys + report->key_bytes, data + begin, (size_t)length);
        report->key_bytes += length;
        sink->keys[report->key_bytes++] = '\n';
        read_floats(space + 1, sink->dim, sink->rows + report->rows * sink->dim);
        report->bytes = begin + length + 1 + 4 * sink->dim;
        report->rows++;
    }
    return WV_OK;
}
