/* PV-DBOW with negative sampling (Le, Mikolov 2014), six documents at a time. In: documents with tags. Out: trained document and
 * output rows, the loss.
 *
 * The kept tokens of a chunk are divided into WV_TILE streams of equal length. Step t takes token t of each stream: a document
 * row d_i and the output row w_i of its word. The streams share the negatives n_j, so that negatives are seldom shared
 * within one document, which would cost quality. With g = rate · weight · σ(-z), all scores from the values before the step:
 *
 *     n_j += Σ_i g_ij d_i      then w_i += g_i d_i, one after the other      d_i += Σ_j g_ij n_j + g_i w_i
 *
 * where n_j is the value before the step, and w_i the one before its own update. A negative that is w_i has no weight for d_i. Where
 * documents have several tags, tag k of all documents is trained in pass k over the chunk.
 *
 * In inference, each stream is one document, and draws do not depend on the other ones. */

/* Trains all steps of the streams; returns the number of examples. */
static int64_t train_streams(struct wv_worker *worker, const struct dbow_streams *streams, float rate)
{
    const struct wv_task *task = worker->task;
    const int size = task->matrices[WV_INPUT].size;
    const int width = (size + VEC_LANES - 1) / VEC_LANES * VEC_LANES;
    struct wv_block *block = &worker->ring[0];
    struct wv_scratch *scratch = &worker->scratch;
    struct dbow_step step;
    int64_t examples = 0;
    int is_usual = 0;
    for (int64_t t = 0; t < streams->n_steps && !WV_LOAD_RELAXED(&task->stop); t++) {
        float *later[2 * WV_TILE + 2];
        find_step(worker, streams, t, &step);
        choose_negatives(worker, block, &step, &is_usual);
        block->hidden = step.documents;
        block->m = WV_TILE;
        score(block, scratch, size);
        score_words(&step, scratch->scores + block->n * WV_TILE, size);
        block->n++; /* for the loss the words are one more target */
        logistic(block, scratch, &worker->loss, rate);
        block->n--;
        const int n_later = find_later(worker, streams, t, later);
        if (task->freeze_targets)
            dbow_update(block, &step, scratch->gradients, later, n_later, width, 0);
        else if (rate > 0)
            dbow_update(block, &step, scratch->gradients, later, n_later, width, 1);
        examples += step.n_active;
        worker->n_trained += step.n_active;
        if (worker->n_private && worker->n_trained - worker->merged_at[0] >= task->merge_every)
            merge_hottest(worker);
    }
    return examples;
}

static double train_dbow(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, float rate,
                         int64_t *examples)
{
    const struct wv_task *task = worker->task;
    const float most = 1 / sqrtf((float)(WV_TILE * (1 + task->negative))); /* as bound_rate */
    const float bounded = rate < most ? rate : most;
    struct dbow_streams streams;
    worker->loss.sum = 0;
    worker->rate = rate;
    for (int64_t tag = 0; read_dbow(worker, first, last, key, tag); tag++) {
        divide_into_streams(task, &worker->chunk, &streams);
        *examples += train_streams(worker, &streams, bounded);
    }
    add_product_to_sum(&worker->loss);
    return worker->loss.sum;
}
