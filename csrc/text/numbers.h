/* Vectors as other tools store them. In: bytes of text lines "key value value ...\n" or of binary
 * records "key float32[dim]". Out: float32 rows, keys joined by '\n', and where it stopped.
 * Not here: files, headers, decoding of keys; and no decimal that needs more than double
 * arithmetic: such values are only pointed out, and the caller converts them. */
#ifndef WILDVEC_NUMBERS_H
#define WILDVEC_NUMBERS_H

#include <stdint.h>

#include "status.h"

/* Where the parts of a block go. */
struct wv_vector_sink {
    float *rows; /* max_rows x dim */
    int64_t max_rows;
    int64_t dim;
    uint8_t *keys;   /* as large as the block: each key, then '\n' */
    int64_t *odd;    /* max_odd x 3: index into rows, begin and end of the text in the block */
    int64_t max_odd; /* >= dim */
    int spaced_keys; /* a key may hold spaces: it is what precedes the last dim values */
};

/* What was read. All zeros at first. */
struct wv_vector_report {
    int64_t bytes; /* of the block that are done with, always whole lines or records */
    int64_t lines; /* also empty ones */
    int64_t rows;
    int64_t key_bytes;
    int64_t n_odd;
    int64_t bad_begin, bad_end; /* the bytes that an error speaks of */
};

/* Read whole lines of text[size] until it, the rows or the list of odd values is used up. */
enum wv_status wv_read_vector_lines(const uint8_t *text, int64_t size, const struct wv_vector_sink *sink,
                                    struct wv_vector_report *report);

/* Read whole records of data[size] (little-endian floats, '\n' allowed before a key). */
enum wv_status wv_read_vector_records(const uint8_t *data, int64_t size, const struct wv_vector_sink *sink,
                                      struct wv_vector_report *report);

#endif
