#ifndef WILDVEC_SEARCH_H
#define WILDVEC_SEARCH_H

#include "status.h"

#endif
