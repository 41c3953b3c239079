/* The status codes of all C functions. wildvec/base/status.py maps each code to an exception and its text. */
#ifndef WILDVEC_STATUS_H
#define WILDVEC_STATUS_H

enum wv_status {
    WV_OK = 0,
    WV_NO_MEMORY = 1,
    WV_UNKNOWN_ISA = 2,       /* the name is not scalar, avx2, avx512 or neon */
    WV_UNSUPPORTED_ISA = 3,   /* this processor cannot run it */
    WV_NOT_FINITE = 4,        /* a weight row contains NaN or infinity */
    WV_UNKNOWN_OBJECTIVE = 5, /* no objective has this name */

    WV_VOCAB_FULL = 20,      /* 2^31 distinct tokens */
    WV_DUPLICATE_KEY = 21,   /* a key occurs twice in a vocabulary */
    WV_EXTRA_SEPARATOR = 22, /* a token contains the byte that separates tokens */

    WV_NOT_A_NUMBER = 60, /* a field of a vector file is not a decimal number */
    WV_WRONG_WIDTH = 61,  /* a line of a vector file has too few or too many values */
    WV_BAD_RECORD = 62,   /* a binary record does not start with a key and a space */
};

#endif
