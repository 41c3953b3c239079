/* The pairs and the negatives of a block. In: units, random draws. Out: ids, pointers to rows, scores of a user's own items.
 *
 * Negatives are all different. Uniform ones are the next numbers of a random permutation of the items, which is drawn for each
 * chunk. An item of a pair's user is no negative of the pair: its score becomes NOT_A_NEGATIVE. */

static const float NOT_A_NEGATIVE = -1e30f;

WV_INLINE void forget_negatives(struct wv_contrast_scratch *c)
{
    for (int32_t j = 0; j < c->n; j++) {
        const uint32_t item = (uint32_t)c->negative_ids[j];
        c->bits[item % WV_ITEM_BITS / 64] = 0;
        c->heads[item % WV_ITEM_CHAINS] = 0;
    }
    c->n = 0;
}

/* The position of the item among the negatives; -1: it is none. Most items are excluded by their bit. */
WV_INLINE int32_t find_negative(const struct wv_contrast_scratch *c, int32_t item)
{
    const uint32_t id = (uint32_t)item;
    if (!(c->bits[id % WV_ITEM_BITS / 64] >> id % 64 & 1))
        return -1;
    int32_t j = c->heads[id % WV_ITEM_CHAINS] - 1;
    while (j >= 0 && c->negative_ids[j] != item)
        j = c->next[j] - 1;
    return j;
}

WV_INLINE void add_negative(struct wv_contrast_scratch *c, int32_t item)
{
    const uint32_t id = (uint32_t)item;
    c->bits[id % WV_ITEM_BITS / 64] |= (uint64_t)1 << id % 64;
    c->next[c->n] = c->heads[id % WV_ITEM_CHAINS];
    c->negative_ids[c->n++] = item;
    c->heads[id % WV_ITEM_CHAINS] = c->n;
}

/* block: its number in the chunk. Where the distribution has too few items, there are fewer negatives. */
WV_APART void choose_shared_negatives(struct wv_worker *worker, uint64_t key, uint64_t block)
{
    const struct wv_task *task = worker->task;
    const struct wv_alias *sampling = task->contrast.sampling;
    struct wv_contrast_scratch *c = &worker->contrast;
    const int64_t n_items = task->matrices[WV_ITEMS].n;
    const uint64_t n = (uint64_t)task->contrast.n_negatives;
    forget_negatives(c);
    if (!sampling) {
        const struct wv_permutation order = wv_permutation_of(key, (uint64_t)n_items);
        for (uint64_t j = 0; j < n; j++)
            add_negative(c, (int32_t)wv_permute(&order, (block * n + j) % (uint64_t)n_items));
        return;
    }
    for (uint64_t draw = 0; draw < 4 * n && (uint64_t)c->n < n; draw++) {
        const int32_t item = wv_alias_draw(sampling, (int32_t)n_items, wv_draw(key, 4 * n * block + draw));
        if (find_negative(c, item) < 0)
            add_negative(c, item);
    }
}

/* The pairs of the units first … first + m, and all rows of the block. The items of each user are prefetched for
 * exclude_own_items. */
WV_INLINE void choose_pairs(struct wv_worker *worker, const struct pair_order *order, int64_t first, int m)
{
    const struct wv_pairs *pairs = &worker->task->pairs;
    struct wv_contrast_scratch *c = &worker->contrast;
    for (int i = 0; i < m; i++) {
        const int64_t pair = pair_of_unit(order, first + i);
        c->user_ids[i] = pairs->users[pair];
        c->item_ids[i] = pairs->items[pair];
    }
    for (int i = 0; i < m; i++)
        prefetch_own_items(pairs, c->user_ids[i]);
    rows_at(&worker->views[WV_USERS], c->user_ids, m, c->user_rows);
    rows_at(&worker->views[WV_ITEMS], c->item_ids, m, c->item_rows);
    rows_at(&worker->views[WV_ITEMS], c->negative_ids, c->n, c->negative_rows);
}

/* Changes the scores (n, stride) of the items that the users of m pairs have. */
WV_APART void exclude_own_items(const struct wv_worker *worker, int m, int stride)
{
    const struct wv_ragged *own = &worker->task->pairs.own;
    const struct wv_contrast_scratch *c = &worker->contrast;
    for (int i = 0; i < m; i++) {
        const int64_t last = own->offsets[c->user_ids[i] + 1];
        for (int64_t at = own->offsets[c->user_ids[i]]; at < last; at++) {
            const int32_t j = find_negative(c, own->ids[at]);
            if (j >= 0)
                c->scores[(int64_t)j * stride + i] = NOT_A_NEGATIVE;
        }
    }
}
