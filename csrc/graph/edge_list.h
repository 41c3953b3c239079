/* Files of pairs: edges, or users and items. In: bytes of text lines "source target", with numbers behind them, as many in each line
 * (weights, times). Out: arrays. The caller opens files, and reads the lines that these parsers stop at: other names, numbers with an
 * exponent, and errors. Numbers are within 2 units in the last place of a double. */
#ifndef WILDVEC_EDGE_LIST_H
#define WILDVEC_EDGE_LIST_H

#include <stdint.h>

/* The output arrays. values: (max_edges, n_values) the numbers behind the target; what follows them is skipped. */
struct wv_edge_sink {
    int64_t *sources, *targets;
    double *values;
    int64_t max_edges;
    int32_t n_values;
};

/* The progress of a read. The caller sets all to zero. */
struct wv_edge_report {
    int64_t bytes; /* of the block that were read, always whole lines */
    int64_t lines; /* empty ones and comments too */
    int64_t edges;
};

/* Reads whole lines of text[size] until the text ends, the arrays are full, or a line is not "integer integer decimal…".
 * separator: between values; ' ' stands for any number of spaces and tabs. Lines that begin with # or % are comments. */
void wv_read_edge_lines(const uint8_t *text, int64_t size, uint8_t separator, const struct wv_edge_sink *sink,
                        struct wv_edge_report *report);

/* The output arrays of names. names: as large as the block; each name and a byte 0. lengths: bytes of each, 2 * max_edges. */
struct wv_name_sink {
    uint8_t *names;
    uint32_t *lengths;
    double *values;
    int64_t max_edges;
    int32_t n_values;
};

/* Reads whole lines as wv_read_edge_lines does, with any names; it stops before a line with a quotation mark or a byte 0.
 * Returns the bytes of all names. */
int64_t wv_read_name_lines(const uint8_t *text, int64_t size, uint8_t separator, const struct wv_name_sink *sink,
                           struct wv_edge_report *report);

#endif
