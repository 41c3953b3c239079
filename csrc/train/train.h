#ifndef WILDVEC_TRAIN_H
#define WILDVEC_TRAIN_H

#include "status.h"

#endif
