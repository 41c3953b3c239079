#ifndef WILDVEC_TEXT_H
#define WILDVEC_TEXT_H

#include "status.h"

#endif
