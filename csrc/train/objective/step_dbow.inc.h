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

/* What a step trains. The rows of a stream that has ended are zero rows in scratch memory. */
struct dbow_step {
    float *documents[WV_TILE], *words[WV_TILE];
    float factors[WV_TILE]; /* of the learning rate of each document row */
    float active[WV_TILE];  /* 1, or 0: the stream has ended */
    int n_active;
};

struct dbow_streams {
    int64_t starts[WV_TILE + 1]; /* of each stream among the tokens of the chunk */
    int64_t n_steps;
};

/* Reads the kept tokens of documents that have a tag number `tag`. Returns whether there is such a document. */
static int read_dbow(struct wv_worker *worker, int64_t first, int64_t last, uint64_t key, int64_t tag)
{
    const struct wv_task *task = worker->task;
    const uint64_t keep_key = wv_subkey(key, KEEP_DRAWS);
    struct wv_chunk *chunk = &worker->chunk;
    int64_t n = 0, n_documents = 0, n_tagged = 0;
    for (int64_t s = first; s < last; s++) {
        const int64_t start = task->items.offsets[s], begin = n;
        if (task->tags.offsets[s + 1] - task->tags.offsets[s] <= tag)
            continue;
        for (int64_t t = start; t < task->items.offsets[s + 1]; t++) {
            const int64_t i = task->infers ? t - start : t - task->items.offsets[first];
            chunk->words[n] = task->items.ids[t];
            n += !task->keep || (uint32_t)(wv_draw(keep_key, (uint64_t)i) >> 32) <= task->keep[task->items.ids[t]];
        }
        n_tagged++;
        if (n == begin)
            continue;
        int32_t ids[WV_OVERRUN] = {task->tags.ids[task->tags.offsets[s] + tag]};
        float *rows[WV_OVERRUN];
        rows_at(&worker->views[WV_DOCUMENTS], ids, 1, rows);
        count_uses_of_tokens(&worker->views[WV_DOCUMENTS], ids, 1, n - begin);
        for (int64_t k = begin; k < n; k++)
            chunk->input[k] = rows[0];
        chunk->ends[n_documents++] = n;
    }
    rows_at(&worker->views[WV_OUTPUT], chunk->words, n, chunk->output);
    chunk->n = n;
    chunk->n_sentences = n_documents;
    chunk->noise_key = wv_subkey(key, NOISE_DRAWS + (uint64_t)tag);
    reset_noise(&chunk->noise);
    return n_tagged > 0;
}

static void divide_into_streams(const struct wv_task *task, const struct wv_chunk *chunk,
                                struct dbow_streams *streams)
{
    streams->n_steps = 0;
    streams->starts[0] = 0;
    for (int i = 0; i < WV_TILE; i++) {
        int64_t end = chunk->n * (i + 1) / WV_TILE;
        if (task->infers)
            end = i < chunk->n_sentences ? chunk->ends[i] : chunk->n;
        const int64_t n = end - streams->starts[i];
        streams->starts[i + 1] = end;
        streams->n_steps = n > streams->n_steps ? n : streams->n_steps;
    }
}

WV_INLINE void find_step(const struct wv_worker *worker, const struct dbow_streams *streams, int64_t t,
                         struct dbow_step *step)
{
    const struct wv_rows *documents = &worker->views[WV_DOCUMENTS];
    const float *row_rate = documents->matrix->row_rate;
    step->n_active = 0;
    for (int i = 0; i < WV_TILE; i++) {
        const int64_t k = streams->starts[i] + t;
        const int is_active = k < streams->starts[i + 1];
        step->documents[i] = is_active ? worker->chunk.input[k] : worker->scratch.hidden[0];
        step->words[i] = is_active ? worker->chunk.output[k] : worker->scratch.hidden[1];
        step->active[i] = (float)is_active;
        step->factors[i] = 1;
        step->n_active += is_active;
        if (row_rate && is_active)
            step->factors[i] = row_rate[id_of_row(documents, step->documents[i])];
    }
}

/* Whether a word of the step is among n negatives; negatives behind the n-th may count, too. */
WV_INLINE int have_word(const struct dbow_step *step, float *const *negatives, int n)
{
    int64_t found = 0;
    for (int i = 0; i < WV_TILE; i++) {
        for (int at = 0; at < n; at += WV_OVERRUN) {
            for (int k = 0; k < WV_OVERRUN; k++)
                found |= negatives[at + k] == step->words[i];
        }
    }
    return found != 0;
}

/* Weights of a step in which some pairs do not count, or negatives are equal. The last "target" stands for the words. */
WV_APART void weigh_pairs(struct wv_block *block, const struct dbow_step *step, float *const *negatives, int n)
{
    block->n = 0;
    for (int k = 0; k < n; k++) {
        int j = 0;
        while (j < block->n && block->targets[j] != negatives[k])
            j++;
        float *weights = block->weights + j * WV_TILE;
        if (j == block->n) {
            block->targets[block->n++] = negatives[k];
            memset(weights, 0, WV_TILE * sizeof *weights);
        }
        for (int i = 0; i < WV_TILE; i++)
            weights[i] -= negatives[k] != step->words[i] ? step->active[i] : 0;
    }
    memcpy(block->weights + block->n * WV_TILE, step->active, sizeof step->active);
    memset(block->weights + (block->n + 1) * WV_TILE, 0, WV_PAD * sizeof *block->weights);
}

/* The usual weights: all pairs count. */
WV_APART void weigh_all_pairs(struct wv_block *block, int n)
{
    for (int p = 0; p < n * WV_TILE; p++)
        block->weights[p] = -1;
    for (int p = n * WV_TILE; p < (n + 1) * WV_TILE; p++)
        block->weights[p] = 1;
    memset(block->weights + (n + 1) * WV_TILE, 0, WV_PAD * sizeof *block->weights);
}

/* Chooses the negatives of a step. is_usual: whether the block has the usual weights. */
WV_INLINE void choose_negatives(struct wv_worker *worker, struct wv_block *block, const struct dbow_step *step,
                                int *is_usual)
{
    const int n = worker->chunk.noise.n_noise;
    float **negatives = worker->chunk.targets;
    const int is_special = next_noise(worker, negatives) | (step->n_active < WV_TILE);
    if (is_special || have_word(step, negatives, n)) {
        weigh_pairs(block, step, negatives, n);
        *is_usual = 0;
        return;
    }
    if (!*is_usual)
        weigh_all_pairs(block, n);
    *is_usual = 1;
    block->n = n;
    copy_rows(block->targets, negatives, n);
}

/* scores[i] = d_i · w_i */
WV_INLINE void score_words(const struct dbow_step *step, float *scores, int size)
{
    vec sum[WV_TILE + VEC_SUMS];
    WV_UNROLL
    for (int i = 0; i < WV_TILE + VEC_SUMS; i++)
        sum[i] = vec_zero();
    for (int at = 0; at < size; at += VEC_LANES) {
        WV_UNROLL
        for (int i = 0; i < WV_TILE; i++)
            sum[i] = vec_fma(row_load(step->documents[i], at), row_load(step->words[i], at), sum[i]);
    }
    WV_UNROLL
    for (int i = 0; i < WV_TILE; i += VEC_SUMS)
        vec_store(scores + i, vec_sums(sum + i));
}

/* n_vecs vectors of dimensions from `at` of all rows. trains_targets: output rows are not frozen. */
WV_INLINE void dbow_update_part(const struct wv_block *block, const struct dbow_step *step, const float *gradients,
                                int at, int n_vecs, int trains_targets)
{
    vec document[WV_TILE][4], sum[WV_TILE][4];
    WV_UNROLL
    for (int i = 0; i < WV_TILE; i++) {
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            document[i][v] = row_load(step->documents[i], at + v * VEC_LANES);
            sum[i][v] = vec_zero();
        }
    }
    for (int j = 0; j < block->n; j++, gradients += WV_TILE) {
        float *row = block->targets[j] + at;
        vec before[4], after[4];
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            before[v] = row_load(row, v * VEC_LANES);
            WV_IN_REGISTER(before[v]);
            after[v] = before[v];
        }
        WV_UNROLL
        for (int i = 0; i < WV_TILE; i++) {
            const vec gradient = vec_set(gradients[i]);
            WV_UNROLL
            for (int v = 0; v < n_vecs; v++) {
                sum[i][v] = vec_fma(gradient, before[v], sum[i][v]);
                if (trains_targets)
                    after[v] = vec_fma(gradient, document[i][v], after[v]);
            }
        }
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++)
            if (trains_targets)
                row_store(row, v * VEC_LANES, after[v]);
    }
    WV_UNROLL
    for (int i = 0; i < WV_TILE; i++) {
        const vec gradient = vec_set(gradients[i]), factor = vec_set(step->factors[i]);
        WV_UNROLL
        for (int v = 0; v < n_vecs; v++) {
            const vec word = row_load(step->words[i], at + v * VEC_LANES);
            if (trains_targets)
                row_store(step->words[i], at + v * VEC_LANES, vec_fma(gradient, document[i][v], word));
            const vec change = vec_fma(gradient, word, sum[i][v]);
            row_store(step->documents[i], at + v * VEC_LANES,
                      vec_fma(factor, change, row_load(step->documents[i], at + v * VEC_LANES)));
        }
    }
}

WV_INLINE void dbow_update(const struct wv_block *block, const struct dbow_step *step, const float *gradients,
                           float *const *later, int n_later, int width, int trains_targets)
{
    const int n_vecs = VEC_REGISTERS >= 32 ? 2 : 1;
    int at = 0;
    for (; at + n_vecs * VEC_LANES <= width; at += n_vecs * VEC_LANES) {
        rows_prefetch(later, n_later, at, n_vecs);
        dbow_update_part(block, step, gradients, at, n_vecs, trains_targets);
    }
    if (at < width) {
        rows_prefetch(later, n_later, at, 1);
        dbow_update_part(block, step, gradients, at, 1, trains_targets);
    }
}

/* Rows of later steps: words, new documents, and the negative that only comes into use then. */
WV_INLINE int find_later(const struct wv_worker *worker, const struct dbow_streams *streams, int64_t t,
                         float **later)
{
    const struct wv_chunk *chunk = &worker->chunk;
    const struct wv_noise *noise = &chunk->noise;
    int n = 0;
    for (int i = 0; i < WV_TILE; i++) {
        const int64_t k = streams->starts[i] + t + WV_AHEAD;
        if (k >= streams->starts[i + 1])
            continue;
        later[n++] = chunk->output[k];
        later[n] = chunk->input[k];
        n += chunk->input[k] != chunk->input[k - 1];
    }
    const int64_t draw = noise->first + noise->window + WV_AHEAD + noise->positions[noise->n_noise - 1];
    if (noise_has_rows(worker) && draw < noise->n)
        later[n++] = noise->rows[draw];
    return n;
}

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
