/* Files of vectors from other tools. In: bytes of text lines "key value value ...\n" or of binary records
 * "key float32[dim]". Out: float32 rows, keys joined by '\n', and how many bytes were read.
 * The caller opens files, reads headers and decodes keys. A decimal that double arithmetic cannot round with certainty is
 * listed, and the caller converts it. */
#ifndef WILDVEC_NUMBERS_H
#define WILDVEC_NUMBERS_H

#include <stdint.h>

#include "status.h"

/* The output arrays. */
struct wv_vector_sink {
    float *rows; /* max_rows x dim */
    int64_t max_rows;
    int64_t dim;
    uint8_t *keys;   /* as large as the block: each key, then '\n' */
    int64_t *odd;    /* max_odd x 3, the listed decimals: index into rows; begin and end of the text in the block */
    int64_t max_odd; /* >= dim */
    int spaced_keys; /* keys can contain spaces: a key ends before the last dim values */
};

/* The progress of a read. The caller sets all to zero. */
struct wv_vector_report {
    int64_t bytes; /* of the block that were read, always whole lines or records */
    int64_t lines; /* empty ones too */
    int64_t rows;
    int64_t key_bytes;
    int64_t n_odd;
    int64_t bad_begin, bad_end; /* the bytes of an error */
};

/* Read whole lines of text[size] until the text ends, or the rows or the list of decimals are full. */
enum wv_status wv_read_vector_lines(const uint8_t *text, int64_t size, const struct wv_vector_sink *sink,
                                    struct wv_vector_report *report);

/* Read whole records of data[size] (little-endian floats, '\n' allowed before a key). */
enum wv_status wv_read_vector_records(const uint8_t *data, int64_t size, const struct wv_vector_sink *sink,
                                      struct wv_vector_report *report);

#endif
