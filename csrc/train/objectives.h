/* The table of objectives: name, how a chunk is read, how its blocks are made, the loss. Each name becomes a member of
 * enum wv_objective, and each line becomes one function per ISA (objective/table.inc.h). */
#ifndef WILDVEC_OBJECTIVES_H
#define WILDVEC_OBJECTIVES_H

#define WV_OBJECTIVES(WV_OBJECTIVE)                                                                                \
    WV_OBJECTIVE(skipgram, read_tokens, make_skipgram, logistic)                                                   \
    WV_OBJECTIVE(cbow, read_tokens, make_cbow, logistic)                                                           \
    WV_OBJECTIVE(cells, read_cells, make_cells, squares)                                                           \
    WV_OBJECTIVE(classify, read_bags, make_bags, softmax)

#define WV_OBJECTIVE_MEMBER(name, read, make, loss) WV_##name,
enum wv_objective { WV_OBJECTIVES(WV_OBJECTIVE_MEMBER) WV_N_OBJECTIVES };
#undef WV_OBJECTIVE_MEMBER

#endif
