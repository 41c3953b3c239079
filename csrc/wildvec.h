/* The only header that Cython includes: all modules of the C core. */
#ifndef WILDVEC_H
#define WILDVEC_H

#include "cooccur/cooccur.h"
#include "cpu.h"
#include "graph/edge_list.h"
#include "graph/graph.h"
#include "graph/numbering.h"
#include "graph/propagate.h"
#include "graph/walks.h"
#include "isa/region.h"
#include "phrases/phrases.h"
#include "quantize/quantize.h"
#include "search/search.h"
#include "status.h"
#include "text/text.h"
#include "train/order.h"
#include "train/train.h"

#endif
