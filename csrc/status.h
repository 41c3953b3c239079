/* What a C function can answer. In: nothing. Out: the status codes that every room shares.
 * The texts are not here: wildvec/_status.py maps each code to one exception with its remedy. */
#ifndef WILDVEC_STATUS_H
#define WILDVEC_STATUS_H

enum wv_status {
    WV_OK = 0,
    WV_NO_MEMORY = 1,
    WV_UNKNOWN_ISA = 2,       /* the name is none of scalar, avx2, avx512, neon */
    WV_UNSUPPORTED_ISA = 3,   /* this processor cannot run it */
    WV_NOT_FINITE = 4,        /* a weight row holds NaN or infinity */
    WV_UNKNOWN_OBJECTIVE = 5, /* no objective has this name */

    WV_VOCAB_FULL = 20,      /* 2^31 distinct tokens */
    WV_DUPLICATE_KEY = 21,   /* a key twice in one vocabulary */
    WV_EXTRA_SEPARATOR = 22, /* a token holds the character that separates tokens */

    WV_NOT_A_NUMBER = 60, /* a field of a vector file is no decimal number */
    WV_WRONG_WIDTH = 61,  /* a line of a vector file holds too few or too many values */
    WV_BAD_RECORD = 62,   /* a binary record does not begin with a key and a space */
};

#endif
