/* Triplets of a user, an item that the user has, and a negative: an item that the user does not have. In: units (pairs). Out: batches
 * of ids and rows. Pairs are read two batches before they are trained, and negatives are drawn one batch before, so that the lists
 * of own items and the rows can be prefetched.
 *
 * The negatives of a pair are drawn in groups. The first group is made with the batch; later ones, of which few pairs need any,
 * when the pair is trained. */

/* Fills a group with negatives of the user; returns their number. Draws that are items of the user are repeated, at most
 * TRIES times for each negative; after that there are no more negatives. */
static int draw_negatives(const struct wv_task *task, int32_t user, int n, uint64_t key, uint64_t *n_draws,
                          int32_t *negatives)
{
    enum { TRIES = 100 };
    const struct wv_alias *sampling = task->triplets.sampling;
    const int32_t n_items = (int32_t)task->matrices[WV_ITEMS].n;
    for (int k = 0; k < n; k++) {
        int has_item = 1;
        for (int t = 0; has_item && t < TRIES; t++) {
            const uint64_t draw = wv_draw(key, (*n_draws)++);
            negatives[k] =
                sampling ? wv_alias_draw(sampling, n_items, draw) : (int32_t)wv_below(draw, (uint32_t)n_items);
            has_item = user_has_item(&task->pairs, user, negatives[k]);
        }
        if (has_item)
            return k;
    }
    return n;
}

/* The rows of n negatives, and pointers to the first one up to the end of the group. */
WV_INLINE void find_negative_rows(struct wv_worker *worker, int n, int32_t *negatives, float **rows)
{
    for (int k = n; k < WV_GROUP; k++)
        negatives[k] = negatives[0];
    rows_at(&worker->views[WV_ITEMS], negatives, n, rows);
    for (int k = n; k < WV_GROUP; k++)
        rows[k] = rows[0];
}

/* The size of the group of negatives that follows `done` of them. */
WV_INLINE int size_of_group(const struct wv_task *task, int done)
{
    const int left = task->triplets.candidates - done;
    return left < WV_GROUP ? left : WV_GROUP;
}

/* Begins a batch: the pairs of n units from `first` on, WV_TRIPLETS at most. Arrays are read in loops of their own, so that cache
 * misses overlap. The items of each user are prefetched. */
static void read_pairs(const struct wv_task *task, const struct pair_order *order, int64_t first, int n,
                       uint64_t key, struct wv_triplet_batch *batch)
{
    const struct wv_pairs *pairs = &task->pairs;
    int64_t at[WV_TRIPLETS];
    batch->n = n;
    for (int k = 0; k < n; k++)
        at[k] = pair_of_unit(order, first + k);
    for (int k = 0; k < n; k++) {
        batch->users[k] = pairs->users[at[k]];
        batch->items[k] = pairs->items[at[k]];
        batch->keys[k] = wv_subkey(key, (uint64_t)(first + k));
        batch->n_draws[k] = 0;
    }
    for (int k = 0; k < n; k++)
        prefetch_own_items(pairs, batch->users[k]);
}

/* Completes a batch: its negatives and the rows. */
static void draw_triplets(struct wv_worker *worker, struct wv_triplet_batch *batch)
{
    const struct wv_task *task = worker->task;
    const int n_drawn = size_of_group(task, 0);
    rows_at(&worker->views[WV_USERS], batch->users, batch->n, batch->user_rows);
    rows_at(&worker->views[WV_ITEMS], batch->items, batch->n, batch->item_rows);
    for (int k = 0; k < batch->n; k++) {
        int32_t *negatives = batch->negatives + WV_GROUP * k;
        batch->n_negatives[k] =
            draw_negatives(task, batch->users[k], n_drawn, batch->keys[k], &batch->n_draws[k], negatives);
        if (batch->n_negatives[k])
            find_negative_rows(worker, batch->n_negatives[k], negatives, batch->negative_rows + WV_GROUP * k);
    }
}

/* Makes the next group of negatives of pair k, in the place of the one before. Returns their number. */
static int make_next_group(struct wv_worker *worker, struct wv_triplet_batch *batch, int k, int done)
{
    int32_t *negatives = batch->negatives + WV_GROUP * k;
    const int n = draw_negatives(worker->task, batch->users[k], size_of_group(worker->task, done), batch->keys[k],
                                 &batch->n_draws[k], negatives);
    if (n)
        find_negative_rows(worker, n, negatives, batch->negative_rows + WV_GROUP * k);
    return n;
}

WV_INLINE void prefetch_row(const float *row, int64_t stride)
{
    for (int64_t at = 0; at < stride; at += WV_PAD)
        WV_PREFETCH_TO_WRITE(row + at);
}

WV_INLINE void prefetch_triplet(const struct wv_worker *worker, const struct wv_triplet_batch *batch, int k)
{
    if (k >= batch->n)
        return;
    prefetch_row(batch->user_rows[k], worker->views[WV_USERS].stride);
    prefetch_row(batch->item_rows[k], worker->views[WV_ITEMS].stride);
    for (int j = 0; j < batch->n_negatives[k]; j++)
        prefetch_row(batch->negative_rows[WV_GROUP * k + j], worker->views[WV_ITEMS].stride);
}
