/* The text module: bytes to ids. */
#ifndef WILDVEC_TEXT_H
#define WILDVEC_TEXT_H

#include "text/encode.h"
#include "text/features.h"
#include "text/numbers.h"
#include "text/subword.h"
#include "text/tokenize.h"
#include "text/vocab.h"

#endif
