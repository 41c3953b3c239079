#ifndef WILDVEC_TEXT_H
#define WILDVEC_TEXT_H

#include "status.h"
#include "text/numbers.h"

#endif
