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

/* The pieces, so that checks of a task depend on them and not on names of objectives. A new read_* or make_* has a member. */
enum wv_read_piece { WV_read_tokens, WV_read_cells, WV_read_bags };
enum wv_make_piece { WV_make_skipgram, WV_make_cbow, WV_make_cells, WV_make_bags };

static inline enum wv_read_piece wv_read_of(enum wv_objective objective)
{
#define WV_OBJECTIVE_READ(name, read, make, loss) WV_##read,
    static const enum wv_read_piece pieces[] = {WV_OBJECTIVES(WV_OBJECTIVE_READ)};
#undef WV_OBJECTIVE_READ
    return pieces[objective];
}

static inline enum wv_make_piece wv_make_of(enum wv_objective objective)
{
#define WV_OBJECTIVE_MAKE(name, read, make, loss) WV_##make,
    static const enum wv_make_piece pieces[] = {WV_OBJECTIVES(WV_OBJECTIVE_MAKE)};
#undef WV_OBJECTIVE_MAKE
    return pieces[objective];
}

#endif
