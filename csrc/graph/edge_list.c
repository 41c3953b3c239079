/* See edge_list.h. The functions below read *p without a check for the end of the text: each line ends with '\n', which is
 * part of no value. */
#include "graph/edge_list.h"

#include <stddef.h>
#include <string.h>

enum {
    MAX_DIGITS = 18, /* of an integer, which then fits into int64 */
    MAX_POWER = 22   /* the largest power of ten that is exact in a double */
};

static int is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

/* A carriage return elsewhere is no blank: lines of old Macs end with it alone, and all would be read as one. */
static int is_return_at_end(const uint8_t *p)
{
    return *p == '\r' && p[1] == '\n';
}

/* Skips what can stand around a value. */
static const uint8_t *skip_blanks(const uint8_t *p, uint8_t separator)
{
    while (*p == ' ' || is_return_at_end(p) || (*p == '\t' && separator != '\t'))
        p++;
    return p;
}

/* Returns the place behind the separator that follows a value, or NULL if there is none. */
static const uint8_t *skip_separator(const uint8_t *p, uint8_t separator)
{
    const uint8_t *after = skip_blanks(p, separator);
    if (separator == ' ')
        return after > p && *after != '\n' ? after : NULL;
    return *after == separator ? skip_blanks(after + 1, separator) : NULL;
}

static int ends_value(const uint8_t *p, uint8_t separator)
{
    return *p == separator || *p == ' ' || *p == '\t' || is_return_at_end(p) || *p == '\n';
}

/* Reads an integer as Python writes it: without +, zeros in front and -0. Returns its end, or NULL if it is none. */
static const uint8_t *read_integer(const uint8_t *p, uint8_t separator, int64_t *value)
{
    const int negative = *p == '-';
    const uint8_t *begin = p += negative;
    int64_t number = 0;
    for (; is_digit(*p); p++) {
        if (p - begin >= MAX_DIGITS)
            return NULL;
        number = number * 10 + (*p - '0');
    }
    if (p == begin || (*begin == '0' && (p - begin > 1 || negative)) || !ends_value(p, separator))
        return NULL;
    *value = negative ? -number : number;
    return p;
}

/* Reads a decimal without an exponent; digits behind the 18th do not count. Returns its end, or NULL if it is none, or if it has so many
 * places that one of the first 18 digits would be lost. */
static const uint8_t *read_number(const uint8_t *p, uint8_t separator, double *value)
{
    static const double powers[MAX_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int negative = *p == '-';
    const uint8_t *begin = p += negative;
    int64_t number = 0;
    int n_digits = 0, n_places = 0, n_points = 0;
    for (; is_digit(*p) || (*p == '.' && !n_points); p++) {
        if (*p == '.') {
            n_points = 1;
        } else if (n_digits < MAX_DIGITS && n_places < MAX_POWER) {
            number = number * 10 + (*p - '0');
            n_digits += number != 0; /* zeros in front do not count */
            n_places += n_points;
        } else if (!n_points || n_digits < MAX_DIGITS) {
            return NULL;
        }
    }
    if (p - begin == n_points || !ends_value(p, separator))
        return NULL;
    *value = (negative ? -1.0 : 1.0) * (double)number / powers[n_places];
    return p;
}

/* Reads the n numbers of an edge, behind its target, which ends at p. Returns the end of the last one, or NULL if one is missing. */
static const uint8_t *read_values(const uint8_t *p, uint8_t separator, double *values, int32_t n, int64_t edge)
{
    for (int32_t k = 0; p && k < n; k++) {
        p = skip_separator(p, separator);
        p = p ? read_number(p, separator, &values[edge * n + k]) : NULL;
    }
    return p;
}

/* Reads one line that is neither empty nor a comment. Returns 0 if it is no edge of integers. */
static int read_edge(const uint8_t *p, uint8_t separator, const struct wv_edge_sink *sink, int64_t edge)
{
    p = read_integer(p, separator, &sink->sources[edge]);
    p = p ? skip_separator(p, separator) : NULL;
    p = p ? read_integer(p, separator, &sink->targets[edge]) : NULL;
    p = p ? read_values(p, separator, sink->values, sink->n_values, edge) : NULL;
    if (!p)
        return 0;
    const uint8_t *end = skip_blanks(p, separator);
    return *end == '\n' || skip_separator(p, separator) != NULL;
}

void wv_read_edge_lines(const uint8_t *text, int64_t size, uint8_t separator, const struct wv_edge_sink *sink,
                        struct wv_edge_report *report)
{
    while (report->bytes < size && report->edges < sink->max_edges) {
        const uint8_t *line = text + report->bytes;
        const uint8_t *end = memchr(line, '\n', (size_t)(size - report->bytes));
        if (!end)
            return;
        const uint8_t *p = skip_blanks(line, separator);
        if (*p != '\n' && *p != '#' && *p != '%') {
            if (!read_edge(p, separator, sink, report->edges))
                return;
            report->edges++;
        }
        report->bytes = end + 1 - text;
        report->lines++;
    }
}

/* Returns the end of a name: of a field without the blanks behind it. NULL if the line needs the caller. */
static const uint8_t *read_name(const uint8_t *p, uint8_t separator)
{
    const uint8_t *begin = p, *end = p;
    for (; *p != separator && *p != '\n' && !(separator == ' ' && *p == '\t'); p++) {
        if (*p == '"' || *p == 0 || (*p == '\r' && !is_return_at_end(p)))
            return NULL;
        if (*p != ' ' && *p != '\r' && *p != '\t')
            end = p + 1;
    }
    return end > begin ? end : NULL;
}

static int64_t append_name(const struct wv_name_sink *sink, int64_t used, int64_t name, const uint8_t *begin,
                           const uint8_t *end)
{
    const int64_t length = end - begin;
    memcpy(sink->names + used, begin, (size_t)length);
    sink->names[used + length] = 0;
    sink->lengths[name] = (uint32_t)length;
    return used + length + 1;
}

/* Reads one line that is neither empty nor a comment. Returns the bytes of all names then, or -1 if the line needs the caller. */
static int64_t read_names(const uint8_t *p, uint8_t separator, const struct wv_name_sink *sink, int64_t used,
                          int64_t edge)
{
    const uint8_t *source_end = read_name(p, separator);
    const uint8_t *target = source_end ? skip_separator(source_end, separator) : NULL;
    const uint8_t *target_end = target ? read_name(target, separator) : NULL;
    if (!target_end || !read_values(target_end, separator, sink->values, sink->n_values, edge))
        return -1;
    used = append_name(sink, used, 2 * edge, p, source_end);
    return append_name(sink, used, 2 * edge + 1, target, target_end);
}

int64_t wv_read_name_lines(const uint8_t *text, int64_t size, uint8_t separator, const struct wv_name_sink *sink,
                           struct wv_edge_report *report)
{
    int64_t used = 0;
    while (report->bytes < size && report->edges < sink->max_edges) {
        const uint8_t *line = text + report->bytes;
        const uint8_t *end = memchr(line, '\n', (size_t)(size - report->bytes));
        if (!end)
            return used;
        const uint8_t *p = skip_blanks(line, separator);
        if (*p != '\n' && *p != '#' && *p != '%') {
            const int64_t after = read_names(p, separator, sink, used, report->edges);
            if (after < 0)
                return used;
            used = after;
            report->edges++;
        }
        report->bytes = end + 1 - text;
        report->lines++;
    }
    return used;
}
