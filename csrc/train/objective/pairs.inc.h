/* Pairs of users and items, for all objectives that train them. In: units. Out: the pair of each. */

/* The order of pairs in the current epoch. Unit u < n_trained is pair held_out_order(order(u)) if pairs are held out, else
 * order(u); later units are the held-out ones, in an order that is the same in all epochs. */
struct pair_order {
    struct wv_permutation order, held_out_order;
    int64_t n_trained;
    int holds_out;
};

/* Keys of draws. That of an epoch's pairs must be no chunk's (wv_train) and not that of walks (wv_walks_key). */
static const uint64_t PAIR_STREAM = UINT64_MAX - 1, PAIR_HELD_OUT_STREAM = 2;

WV_INLINE struct pair_order pair_order_of(const struct wv_worker *worker)
{
    const struct wv_pairs *pairs = &worker->task->pairs;
    return (struct pair_order){
        .order = wv_permutation_of(wv_subkey(worker->epoch_key, PAIR_STREAM), (uint64_t)pairs->n_trained),
        .held_out_order =
            wv_permutation_of(wv_subkey(worker->task->seed, PAIR_HELD_OUT_STREAM), (uint64_t)pairs->n),
        .n_trained = pairs->n_trained,
        .holds_out = pairs->n_trained < pairs->n};
}

/* The pair of a unit: an index of pairs->users and pairs->items. */
WV_INLINE int64_t pair_of_unit(const struct pair_order *order, int64_t unit)
{
    uint64_t pair = (uint64_t)unit;
    if (unit < order->n_trained)
        pair = wv_permute(&order->order, pair);
    return (int64_t)(order->holds_out ? wv_permute(&order->held_out_order, pair) : pair);
}

/* Prefetches the items of a user, up to 4 cache lines. */
WV_INLINE void prefetch_own_items(const struct wv_pairs *pairs, int32_t user)
{
    const int64_t first = pairs->own.offsets[user], last = pairs->own.offsets[user + 1];
    for (int64_t i = first; i < last && i < first + 4 * WV_PAD; i += WV_PAD)
        WV_PREFETCH(pairs->own.ids + i);
}

/* Whether the user has the item. The search has no branch that depends on an item. */
WV_INLINE int user_has_item(const struct wv_pairs *pairs, int32_t user, int32_t item)
{
    const int32_t *items = pairs->own.ids + pairs->own.offsets[user];
    int64_t n = pairs->own.offsets[user + 1] - pairs->own.offsets[user];
    if (n == 0)
        return 0;
    for (; n > 1; n -= n / 2)
        items += items[n / 2] <= item ? n / 2 : 0;
    return *items == item;
}
