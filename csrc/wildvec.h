/* The only header that Cython sees: the whole C core, room by room. */
#ifndef WILDVEC_H
#define WILDVEC_H

#include "cpu.h"
#include "search/search.h"
#include "status.h"
#include "text/text.h"
#include "train/train.h"

#endif
