/* Phrases: words that occur together much more often than by chance (Mikolov et al. 2013, "Distributed Representations of Words
 * and Phrases and their Compositionality"). strings.h: hashes of strings, a map of strings. pairs.h: counts of pairs of words.
 * find.h: text → groups of words that are phrases. Threads and blocks of text are in Python (wildvec/text/phrase_counts.py). */
#ifndef WILDVEC_PHRASES_H
#define WILDVEC_PHRASES_H

#include "phrases/find.h"
#include "phrases/pairs.h"
#include "phrases/strings.h"

#endif
