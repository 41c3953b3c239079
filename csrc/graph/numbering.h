/* Numbers of integers. In: arrays of int64 keys. Out: the number of each: 0, 1, … in the order of first use. */
#ifndef WILDVEC_NUMBERING_H
#define WILDVEC_NUMBERING_H

#include <stdint.h>

#include "status.h"

struct wv_numbering;

enum wv_status wv_numbering_new(struct wv_numbering **out);
void wv_numbering_free(struct wv_numbering *numbering);

/* Writes the numbers of n keys, and adds those that are new. WV_VOCAB_FULL: there are 2^31 - 1 keys. */
enum wv_status wv_number_keys(struct wv_numbering *numbering, const int64_t *keys, int64_t n, int32_t *numbers);

int64_t wv_count_keys(const struct wv_numbering *numbering);

/* Writes all keys in the order of their numbers. */
void wv_copy_keys(const struct wv_numbering *numbering, int64_t *keys);

#endif
