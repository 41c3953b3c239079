/* The table of objectives: name, how a chunk is read, how its blocks are made, the loss. Each name becomes a member of
 * enum wv_objective, and each line becomes one function per ISA (objective/table.inc.h). */
#ifndef WILDVEC_OBJECTIVES_H
#define WILDVEC_OBJECTIVES_H

#define WV_OBJECTIVES(WV_OBJECTIVE)                                                                                \
    WV_OBJECTIVE(skipgram, read_tokens, make_skipgram, logistic)                                                   \
    WV_OBJECTIVE(cbow, read_tokens, make_cbow, logistic)                                                           \
    WV_OBJECTIVE(walks, read_walks, make_skipgram, logistic)                                                       \
    WV_OBJECTIVE(walks_cbow, read_walks, make_cbow, logistic)                                                      \
    WV_OBJECTIVE(line, read_edges, make_edges, logistic)                                                           \
    WV_OBJECTIVE(dbow_words, read_documents, make_dbow_words, logistic)                                            \
    WV_OBJECTIVE(dm, read_documents, make_dm, logistic)                                                            \
    WV_OBJECTIVE(cells, read_cells, make_cells, squares)                                                           \
    WV_OBJECTIVE(classify, read_bags, make_bags, softmax)

/* Objectives with a step of their own, because run_chunk is measured to be too slow for them: train_<name>, a wv_train_chunk, is
 * in objective/step_<name>.inc.h. */
#define WV_OWN_STEPS(WV_OWN_STEP)                                                                                  \
    WV_OWN_STEP(glove)                                                                                             \
    WV_OWN_STEP(supervised)                                                                                        \
    WV_OWN_STEP(fm)                                                                                                \
    WV_OWN_STEP(dbow)                                                                                              \
    WV_OWN_STEP(dm_concat)                                                                                         \
    WV_OWN_STEP(bpr)                                                                                               \
    WV_OWN_STEP(warp)                                                                                              \
    WV_OWN_STEP(ccl)                                                                                               \
    WV_OWN_STEP(bsl)                                                                                               \
    WV_OWN_STEP(bpr_shared)

#define WV_OBJECTIVE_MEMBER(name, read, make, loss) WV_##name,
#define WV_OWN_STEP_MEMBER(name) WV_##name,
enum wv_objective { WV_OBJECTIVES(WV_OBJECTIVE_MEMBER) WV_OWN_STEPS(WV_OWN_STEP_MEMBER) WV_N_OBJECTIVES };
#undef WV_OBJECTIVE_MEMBER
#undef WV_OWN_STEP_MEMBER

/* The pieces, so that checks of a task depend on them and not on names of objectives. A new read_* or make_* has a member.
 * A step of its own counts as both: WV_read_<name>, WV_make_<name>. */
#define WV_OWN_STEP_READ(name) WV_read_##name,
#define WV_OWN_STEP_MAKE(name) WV_make_##name,
enum wv_read_piece {
    WV_read_tokens,
    WV_read_walks,
    WV_read_edges,
    WV_read_documents,
    WV_read_cells,
    WV_read_bags,
    WV_OWN_STEPS(WV_OWN_STEP_READ) WV_N_READ_PIECES
};
enum wv_make_piece {
    WV_make_skipgram,
    WV_make_cbow,
    WV_make_dbow_words,
    WV_make_dm,
    WV_make_cells,
    WV_make_bags,
    WV_make_edges,
    WV_OWN_STEPS(WV_OWN_STEP_MAKE) WV_N_MAKE_PIECES
};

static inline enum wv_read_piece wv_read_of(enum wv_objective objective)
{
#define WV_OBJECTIVE_READ(name, read, make, loss) WV_##read,
    static const enum wv_read_piece pieces[] = {WV_OBJECTIVES(WV_OBJECTIVE_READ) WV_OWN_STEPS(WV_OWN_STEP_READ)};
#undef WV_OBJECTIVE_READ
    return pieces[objective];
}

static inline enum wv_make_piece wv_make_of(enum wv_objective objective)
{
#define WV_OBJECTIVE_MAKE(name, read, make, loss) WV_##make,
    static const enum wv_make_piece pieces[] = {WV_OBJECTIVES(WV_OBJECTIVE_MAKE) WV_OWN_STEPS(WV_OWN_STEP_MAKE)};
#undef WV_OBJECTIVE_MAKE
    return pieces[objective];
}

#endif
