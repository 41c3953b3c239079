/* The text room: bytes to ids. */
#ifndef WILDVEC_TEXT_H
#define WILDVEC_TEXT_H

#include "encode.h"
#include "tokenize.h"
#include "vocab.h"

#endif
