/* Files of edges. In: bytes of text lines "source target" or "source target weight". Out: arrays.
 * The caller opens files, and reads the lines that this parser stops at: names that are no plain integers, weights that double
 * arithmetic cannot round with certainty, and errors. */
#ifndef WILDVEC_EDGE_LIST_H
#define WILDVEC_EDGE_LIST_H

#include <stdint.h>

/* The output arrays. weights: NULL if what follows the target is skipped. */
struct wv_edge_sink {
    int64_t *sources, *targets;
    double *weights;
    int64_t max_edges;
};

/* The progress of a read. The caller sets all to zero. */
struct wv_edge_report {
    int64_t bytes; /* of the block that were read, always whole lines */
    int64_t lines; /* empty ones and comments too */
    int64_t edges;
};

/* Reads whole lines of text[size] until the text ends, the arrays are full, or a line is not "integer integer [decimal]".
 * separator: between values; ' ' stands for any number of spaces and tabs. Lines that begin with # or % are comments. */
void wv_read_edge_lines(const uint8_t *text, int64_t size, uint8_t separator, const struct wv_edge_sink *sink,
                        struct wv_edge_report *report);

#endif
